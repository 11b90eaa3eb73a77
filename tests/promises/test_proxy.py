"""The proxy does what it is told, and says what it did: or nothing proven through it were proven."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.ports import free_port
from tests.promises.link import Link
from tests.promises.proxy import Proxy


class Echo:
    """A server that says everything back, and remembers how its connections ended."""

    def __init__(self) -> None:
        self.port = 0
        self.ends: list[str] = []
        self.heard = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while said := await reader.read(65536):
                self.heard += len(said)
                writer.write(said)
                await writer.drain()
            self.ends.append("closed")
        except ConnectionResetError:
            self.ends.append("reset")
        writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    yield echo
    server.close()


@pytest.fixture
async def link(echo: Echo) -> AsyncIterator[Link]:
    link = await Link.open("127.0.0.1", echo.port)
    yield link
    await link.close()


class Caller:
    """One client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, words: bytes, *, within: float = 5) -> bytes:
        self.writer.write(words)
        return await self.hears(len(words), within=within)

    async def hears(self, length: int, *, within: float = 5) -> bytes:
        async with asyncio.timeout(within):
            return await self.reader.readexactly(length)


async def call(link: Link) -> Caller:
    return Caller(*await asyncio.open_connection("127.0.0.1", link.port))


async def test_without_a_fault_everything_passes_both_ways(echo: Echo, link: Link):
    one, two = await call(link), await call(link)
    long = os.urandom(3_000_000)  # more than any buffer between

    assert await one.says(b"hello") == b"hello"
    assert await two.says(long, within=20) == long
    one.writer.write_eof()
    assert await one.reader.read() == b""

    assert echo.ends == ["closed"]
    assert link.counts["connections"] == 2
    assert link.counts["bytes_up"] == link.counts["bytes_down"] == 3_000_005


async def test_a_link_that_refuses_keeps_its_port_and_what_is_open(link: Link):
    before = await call(link)

    link.set(refuse=True)
    with pytest.raises(ConnectionRefusedError):
        await call(link)
    assert await before.says(b"still here") == b"still here"
    link.heal()
    await asyncio.sleep(0)

    assert await (await call(link)).says(b"again") == b"again"


@pytest.mark.parametrize("way", ["up", "down", "both"])
async def test_what_a_black_hole_swallows_arrives_when_it_ends(echo: Echo, link: Link, way: str):
    caller = await call(link)
    await caller.says(b"before")

    link.set(drop=way)
    with pytest.raises(TimeoutError):
        await caller.says(b"during", within=0.3)
    assert echo.heard == len(b"before") + (len(b"during") if way == "down" else 0)
    new = await call(link)  # the kernel says yes; nobody is there
    with pytest.raises(TimeoutError):
        await new.says(b"anybody?", within=0.3)
    link.heal()

    assert await caller.hears(len(b"during")) == b"during"
    assert await new.hears(len(b"anybody?")) == b"anybody?"


async def test_a_peer_that_goes_in_a_black_hole_is_missed_only_afterwards(echo: Echo, link: Link):
    caller = await call(link)
    await caller.says(b"before")

    link.set(drop="both")
    caller.writer.close()
    await asyncio.sleep(0.3)
    assert echo.ends == []
    link.heal()
    await asyncio.sleep(0.3)

    assert echo.ends == ["closed"]


async def test_delay_and_loss_make_late_and_keep_the_order(link: Link):
    caller = await call(link)
    link.set(delay=0.2, jitter=0.1, loss=0.3)
    began = time.monotonic()

    for number in range(20):
        caller.writer.write(b"%02d" % number)
        await asyncio.sleep(0.01)
    heard = await caller.hears(40, within=15)

    assert heard == b"".join(b"%02d" % number for number in range(20))
    assert time.monotonic() - began >= 0.4
    assert link.counts["lost"] > 0


async def test_a_trickle_takes_its_time_until_it_is_healed(link: Link):
    caller = await call(link)
    link.set(rate=1000)
    began = time.monotonic()
    caller.writer.write(b"x" * 50_000)
    await caller.hears(200)
    assert time.monotonic() - began >= 0.15

    link.heal()
    await caller.hears(49_800, within=10)
    assert time.monotonic() - began < 25


@pytest.mark.parametrize("way", ["up", "down"])
async def test_reset_in_mid_frame(echo: Echo, link: Link, way: str):
    caller = await call(link)
    link.set(reset_after=10, reset_way=way, times=1)
    caller.writer.write(b"a frame of twenty byt")

    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await caller.hears(21)
    await asyncio.sleep(0.1)

    assert link.counts["reset_in_mid_frame"] == 1
    assert link.counts[f"bytes_{way}"] == 10
    assert echo.heard == (10 if way == "up" else 21)
    assert await (await call(link)).says(b"more than ten bytes") == b"more than ten bytes"


@pytest.mark.parametrize("passes", [True, False])
async def test_an_answer_or_a_question_can_be_lost_by_its_words(
    echo: Echo, link: Link, passes: bool
):
    caller = await call(link)
    link.set(cut_on=b"COMMIT", cut_passes=passes, times=1)
    assert await caller.says(b"BEGIN") == b"BEGIN"
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await caller.says(b"COMMIT;")
    await asyncio.sleep(0.1)

    assert echo.heard == len(b"BEGIN") + (len(b"COMMIT;") if passes else 0)
    assert link.counts["answers_lost"] == passes
    assert link.counts["questions_lost"] == (not passes)


async def test_cut_resets_every_connection_at_both_ends(echo: Echo, link: Link):
    callers = [await call(link) for _ in range(3)]
    for caller in callers:
        await caller.says(b"hello")

    assert link.cut() == 3
    assert link.counts["cut"] == 3
    for caller in callers:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await caller.hears(1)
    await asyncio.sleep(0.1)

    assert echo.ends == ["reset"] * 3
    assert not link.connections


async def test_a_stranded_client_hears_nothing_until_it_speaks_after_healing(
    echo: Echo, link: Link
):
    caller = await call(link)
    await caller.says(b"hello")

    link.strand("client")
    with pytest.raises(TimeoutError):
        await caller.says(b"anybody?", within=0.3)
    assert echo.ends == ["reset"]
    assert await (await call(link)).says(b"a new one") == b"a new one"
    link.heal()
    with pytest.raises(TimeoutError):
        await caller.hears(1, within=0.2)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await caller.says(b"and now?")


async def test_a_server_that_is_away_is_a_reset(echo: Echo):
    link = await Link.open("127.0.0.1", free_port())

    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await (await call(link)).says(b"hello")

    assert link.counts["server_away"] == 1
    await link.close()


@pytest.fixture
def listen() -> int:
    return free_port()


@pytest.fixture
def proxy(postgres_url: str, tmp_path: Path, listen: int) -> Iterator[Proxy]:
    """A process before this run's Postgres."""
    control = tmp_path / "proxy.sock"
    command = [sys.executable, "-m", "tests.promises.proxy", "--control", str(control)]
    behind = postgres_url.rpartition("@")[2].partition("/")[0]
    with subprocess.Popen(
        [*command, f"postgres={listen}:{behind}"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield Proxy(control)
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


async def test_as_a_process_before_postgres(proxy: Proxy, listen: int, postgres_url: str):
    who, _, where = postgres_url.rpartition("@")
    through = f"{who}@127.0.0.1:{listen}/{where.partition('/')[2]}"
    connection = await asyncpg.connect(through)
    assert await connection.fetchval("SELECT 1") == 1

    await proxy.set("postgres", delay=0.3)
    began = time.monotonic()
    await connection.fetchval("SELECT 2")
    assert time.monotonic() - began >= 0.6
    with pytest.raises(ValueError, match="delai"):
        await proxy.set("postgres", delai=0.3)
    assert await proxy.cut() == 1
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("SELECT 3")
    await proxy.heal()

    again = await asyncpg.connect(through)
    assert await again.fetchval("SELECT 4") == 4
    await again.close()
    counts = await proxy.counts()
    assert (counts["postgres"]["connections"], counts["postgres"]["cut"]) == (2, 1)
