"""The stage brings the whole house up twice over, breaks it on request, and leaves nothing behind."""

import asyncio
import signal
import time

import httpx2
import pytest

from chassis.database import connect
from deploy.local import census
from deploy.local.ports import is_open
from deploy.local.supervisor import Standing
from tests.promises.stage import stage


async def test_whole_house_is_broken_comes_back_and_leaves_nothing_behind():
    async with stage(links=True) as on:
        assert len(on.names("web")) == len(on.names("relay")) == len(on.names("worker")) == 8
        assert await _safety(on.addresses.dsn) == ("on", "on")

        victims = ["postgres", "kafka", "proposals-web-1", "expenses-relay-2"]
        for _ in range(3):  # a process that is killed again and again is not given up
            for name in victims:
                assert on.kill(name)
            began = time.monotonic()
            await asyncio.sleep(0.3)
            await on.is_well(within=60)
            assert time.monotonic() - began < 60
        assert await _status(on.addresses.front_door) == 200

        await on.links.set("postgres", refuse=True)
        await on.links.cut("postgres")
        assert await _status(f"{on.addresses.webs['proposals'][0]}/readyz") == 503
        await on.links.heal()
        await _until_ok(f"{on.addresses.webs['proposals'][0]}/readyz")

        await on.add_worker("expenses", "expenses-guest")
        await on.end("expenses-guest")
        await on.is_well(within=60)  # nobody waits for a guest that has left

        on.send("expenses-worker-1", signal.SIGSTOP)  # ends all the same
        lived = dict(on.standings)
        folder, ports = on.addresses.folder, dict(on.stack.ports)

    left = [name for name, one in lived.items() if census.is_alive(one.pid, one.born)]
    assert left == []
    assert [name for name, port in ports.items() if is_open(port)] == []
    assert not folder.exists()


async def test_what_goes_wrong_on_the_stage_ends_it():
    lived: dict[str, Standing] = {}

    async def goes_wrong() -> None:
        async with stage(copies=1) as on:
            lived.update(on.standings)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await goes_wrong()

    assert len(lived) > 12
    assert [name for name, one in lived.items() if census.is_alive(one.pid, one.born)] == []


async def _safety(dsn: str) -> tuple[str, str]:
    connection = await connect(dsn, application="test")
    try:
        return (
            await connection.fetchval("SHOW fsync"),
            await connection.fetchval("SHOW synchronous_commit"),
        )
    finally:
        await connection.close()


async def _status(url: str) -> int:
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        return (await client.get(url)).status_code


async def _until_ok(url: str) -> None:
    async with asyncio.timeout(30):
        while await _status(url) != 200:  # noqa: ASYNC110  another process has no event
            await asyncio.sleep(0.1)
