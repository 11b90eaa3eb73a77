"""What a process finds when it starts, and how it ends where that cannot be right (rows 145 to 150)."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from chassis import compatibility
from chassis.compatibility import Schema
from chassis.database import Database, connect
from deploy.local.ports import free_port
from schemas.programme import PROGRAMMES
from tests.catalogue import row
from tests.chassis.delivery import until
from tests.command_line import CommandLine, Said

ROLES = ("web", "relay", "worker")
OXFORD = PROGRAMMES / "oxford-students.toml"


async def alter(admin: str, sql: str) -> None:
    connection = await connect(admin, application="tests")
    await connection.execute(sql)
    await connection.close()


class Running:
    """A role as a process, on a port of its own."""

    def __init__(self, line: CommandLine, role: str, folder: Path) -> None:
        self.port = free_port()
        self._line, self._role = line, role
        self._log = folder / f"{role}.log"
        self.process: asyncio.subprocess.Process

    async def start(self) -> "Running":
        with self._log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"services.{self._line.service}", self._role,
                env=os.environ | self._line.environ | {"PORT": str(self.port)},
                stdout=log, stderr=log,
            )  # fmt: skip
        return self

    @property
    def said(self) -> str:
        return self._log.read_text()

    async def readiness(self) -> tuple[int, str] | None:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            try:
                answer = await client.get("/readyz", headers={"host": "localhost"})
            except httpx2.TransportError:
                return None
        return answer.status_code, answer.json()["status"]

    async def end(self) -> int | None:
        if self.process.returncode is None:
            self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 30)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[list[Running]]:
    started: list[Running] = []
    yield started
    for one in started:
        await one.end()


def refused(said: Said) -> bool:
    return said.code == 78 and "Traceback" not in said.error + said.out


@pytest.mark.parametrize("zone", [row("145", "GMT+1")])
async def test_programme_with_an_unknown_zone_is_not_loaded_nor_is_any_beside_it(
    database_of, database_url: str, tmp_path: Path, zone: str
):
    faulty = tmp_path / "faulty.toml"
    faulty.write_text(OXFORD.read_text().replace('zone = "Europe/London"', f'zone = "{zone}"', 1))
    line = CommandLine("proposals", database_url)
    as_whom = ("--reason", "a new year", "--as", "Rowan Quill")

    said = await line("load-programmes", str(OXFORD), str(faulty), *as_whom)
    database = await database_of("proposals")
    loaded = await database.value("SELECT count(*) FROM programmes")
    then = await line("load-programmes", str(OXFORD), *as_whom)

    assert said.code == 65
    assert said.error.startswith("faulty.toml: university.zone: unknown zone")
    assert loaded == 0
    assert then.code == 0
    assert await database.value("SELECT count(*) FROM programmes") == 1


@pytest.mark.parametrize("prefix", [row("146-a", "misspelt"), row("146-b", "absent")])
@pytest.mark.parametrize("role", ["relay", "worker"])
async def test_topics_that_are_not_there_end_whoever_needs_them(
    database_url: str, kafka_bootstrap: str, role: str, prefix: str
):
    line = CommandLine("applications", database_url, kafka_bootstrap, topic_prefix=prefix)

    said = await line(role)

    assert refused(said), said
    assert f"{prefix}." in said.error
    assert "topics apply" in said.error


@pytest.mark.parametrize("prefix", [row("146-a", "misspelt"), row("146-b", "absent")])
async def test_web_starts_without_any_topic(
    database_url: str, kafka_bootstrap: str, prefix: str, running: list[Running], tmp_path: Path
):
    line = CommandLine("applications", database_url, kafka_bootstrap, topic_prefix=prefix)
    web = await Running(line, "web", tmp_path).start()
    running.append(web)

    assert await until(web.readiness, bool, within=60) == (200, "ready")


@pytest.mark.parametrize("version", [row("150-a", "0005")])
async def test_schema_older_than_the_code_is_waited_for(
    database_of, database_url: str, version: str, running: list[Running], tmp_path: Path
):
    await alter(database_url, f"DELETE FROM expenses.schema_migrations WHERE version = '{version}'")
    line = CommandLine("expenses", database_url)
    web = await Running(line, "web", tmp_path).start()
    relay = await Running(line, "relay", tmp_path).start()
    running += [web, relay]

    assert await until(web.readiness, bool, within=60) == (503, "schema too old")
    await until(
        lambda: asyncio.sleep(0, relay.said), lambda said: "schema.awaited" in said, within=60
    )
    assert "relay.active" not in relay.said
    assert relay.process.returncode is None
    await alter(database_url, f"INSERT INTO expenses.schema_migrations VALUES ('{version}')")
    assert await until(web.readiness, lambda seen: seen == (200, "ready"), within=30)
    await until(
        lambda: asyncio.sleep(0, relay.said), lambda said: "relay.active" in said, within=30
    )
    assert await relay.end() == 0


@pytest.mark.parametrize("needs", [row("150-b", "9999")])
@pytest.mark.parametrize("role", ROLES)
async def test_schema_that_has_lost_what_the_code_needs_ends_it(
    database_url: str, role: str, needs: str
):
    await alter(database_url, f"UPDATE expenses.compatibility SET needs = '{needs}'")

    said = await CommandLine("expenses", database_url)(role)

    assert refused(said), said
    assert "run the version it was migrated for" in said.error


async def test_newer_schema_that_took_nothing_away_suits_the_code_before(
    database_of, database_url: str
):
    database: Database = await database_of("expenses")
    await alter(database_url, "INSERT INTO expenses.schema_migrations VALUES ('9999')")

    assert await compatibility.judge(database, "expenses") is Schema.READY


async def test_schema_that_lacks_an_earlier_step_is_older_though_a_later_one_is_there(
    database_of, database_url: str
):
    database: Database = await database_of("expenses")
    await alter(database_url, "DELETE FROM expenses.schema_migrations WHERE version = '0002'")

    assert await compatibility.judge(database, "expenses") is Schema.OLDER


async def test_database_without_any_schema_is_said_to_have_none(database_of, database_url: str):
    database: Database = await database_of("expenses")
    await alter(database_url, "DROP TABLE expenses.schema_migrations")

    assert await compatibility.judge(database, "expenses") is Schema.MISSING
