"""What an operator types: refused in a sentence, done once, and told by the exit code."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import typer

from chassis import cli, positions
from chassis.database import Database, connect
from chassis.inbox import take_in
from chassis.intake import Consumer
from chassis.judging import Park
from chassis.records import Reason, Record
from deploy.local.postgres import lay_out
from schemas.envelope import Service
from schemas.proposals import HostApproved
from services.readmes import parts_of
from tests import databases
from tests.catalogue import nothing_comes_of_it, row
from tests.chassis.delivery import until, wire
from tests.command_line import CommandLine

SERVICES = get_args(Service)
ROWAN = {"OPERATOR": "Rowan Quill"}


# ---- what is typed ----


def commands_of(service: Service) -> Iterator[tuple[str, ...]]:
    """Every command of a service, groups too, as the words that call it."""
    yield ()
    yield from _below(typer.main.get_command(cli.commands(parts_of(service))), ())


def _below(group: Any, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, each in group.commands.items():
        yield (*before, name)
        if hasattr(each, "commands"):
            yield from _below(each, (*before, name))


def run_here(monkeypatch: pytest.MonkeyPatch, service: Service, *words: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", [service, *words])
    with pytest.raises(SystemExit) as end:
        cli.run(parts_of(service))
    return end.value.code


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("flag", [row("153", "--no-such-flag")])
def test_unknown_flag_is_refused_by_every_command(service, flag, monkeypatch, capsys):
    commands = list(commands_of(service))
    assert {("web",), ("migrate",), ("parked", "redrive"), ("lag",)} <= set(commands)
    for words in commands:
        assert run_here(monkeypatch, service, *words, flag) == 64, words
        said = capsys.readouterr()
        assert said.err.strip() == f"No such option: {flag}", words


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("abolish",), "No such command 'abolish'."),
        (("parked", "show"), "Missing argument"),
        (("parked", "show", "seven"), "Invalid value"),
        (("parked", "redrive", "7"), "Say why: --reason WORDS."),
        (("parked", "redrive", "7", "--reason", " "), "Say why: --reason WORDS."),
        (
            ("parked", "redrive", "7", "--reason", "mended"),
            "Say who you are: --as NAME, or OPERATOR in the environment.",
        ),
        (("parked", "discard", "7", "--reason", "mended"), "Say who you are"),
        (("parked", "redrive", "--reason", "mended", "--as", "Rowan"), "Say which"),
        (("parked", "list", "--since", "yesterday"), "not an instant"),
        (("parked", "list", "--since", "2027-03-01T11:00"), "say the offset from UTC"),
    ],
    ids=lambda given: " ".join(given)[:50] if isinstance(given, tuple) else "",
)
def test_what_is_not_meant_like_this_is_refused(words, sentence, monkeypatch, capsys):
    monkeypatch.delenv("OPERATOR", raising=False)

    assert run_here(monkeypatch, "applications", *words) == 64
    assert sentence in capsys.readouterr().err


def test_command_line_of_a_web_process_brings_no_kafka():
    look = (
        "import sys; from chassis import cli; from services.{0}.main import SERVICE;"
        "cli.commands(SERVICE); print([m for m in ('aiokafka', 'faststream') if m in sys.modules])"
    )
    for service in SERVICES:
        done = subprocess.run(
            [sys.executable, "-c", look.format(service)], capture_output=True, text=True, check=True
        )
        assert done.stdout == "[]\n", service


# ---- what is done ----


@pytest.fixture
def applications(database_url: str, kafka_bootstrap: str) -> CommandLine:
    return CommandLine("applications", database_url, kafka_bootstrap)


async def park_hosts(database: Database, *numbers: int) -> list[int]:
    """A case of real events, the first of them parked: their numbers."""
    parts = parts_of("applications")
    consumer = Consumer.of(parts)
    records = [host_approved(number) for number in numbers]
    at = await positions.load(database, consumer.name, [records[0].place])
    async with database.transaction() as tx:
        await take_in(tx, consumer, records, at, {records[0]: Park(Reason.HANDLER, "planted")})
    rows = await database.list_rows("SELECT id FROM parked ORDER BY id")
    return [row["id"] for row in rows]


def host_approved(number: int) -> Record:
    event = HostApproved.model_validate(HostApproved.examples[0])
    sent = wire(event, sequence=number)
    return Record(
        topic="proposals.events",
        partition=0,
        position=number,
        record_at=event.occurred_at,
        key=sent["key"],
        headers=tuple(sent["headers"].items()),
        value=sent["value"],
    )


async def test_listing_is_lines_in_a_pipe_and_json_for_scripts(database_of, applications):
    assert (await applications("parked", "list")).out == "Nothing.\n"
    first, _ = await park_hosts(await database_of("applications"), 1, 2)

    lines = (await applications("parked", "list")).out.splitlines()
    listed = json.loads((await applications("parked", "list", "--json")).out)
    shown = json.loads((await applications("parked", "show", str(first))).out)

    assert lines[0].startswith(f"id={first}  status=parked  reason=handler  error=planted  ")
    assert [row["status"] for row in listed] == ["parked", "blocked"]
    assert json.loads(shown[0]["value"])["facts"]["kind"] == "charity"


async def test_dry_run_changes_nothing_and_asks_for_nobody(database_of, applications):
    database = await database_of("applications")
    first, _ = await park_hosts(database, 1, 2)

    async with nothing_comes_of_it(database):
        shown = await applications("parked", "redrive", "--reason-code", "handler", "--dry-run")
        given_up = await applications("parked", "discard", str(first), "--dry-run")

    assert (shown.code, given_up.code) == (0, 0)
    assert shown.out.startswith(f"id={first}  topic=proposals.events  key=")
    assert "events=2" in shown.out


async def test_redrive_names_its_operator_and_a_second_one_finds_nothing(database_of, applications):
    database = await database_of("applications")
    first, second = await park_hosts(database, 1, 2)
    words = ("parked", "redrive", "--type", "HostApproved", "--reason", "mended")

    done = await applications(*words, **ROWAN)
    again = await applications(*words, **ROWAN)
    by_number = await applications("parked", "redrive", str(first), "--reason", "x", **ROWAN)

    assert (done.code, done.out.splitlines()[-1]) == (0, "2 applied")
    assert (again.code, again.out) == (0, "Nothing.\n")
    assert (by_number.code, by_number.error) == (
        65,
        "This event was redriven or discarded before.\n",
    )
    assert await database.value("SELECT count(*) FROM known_hosts") == 1
    assert await database.list_rows("SELECT operator, subject, reason FROM audit ORDER BY id") == [
        {"operator": "Rowan Quill", "subject": str(each), "reason": "mended"}
        for each in (first, second)
    ]


async def test_redrive_that_is_killed_half_way_is_run_again(database_of, applications, tmp_path):
    database = await database_of("applications")
    await park_hosts(database, 1, 2, 3)
    (tmp_path / "worker.redriving").write_text("kill")
    words = ("parked", "redrive", "--reason-code", "handler", "--reason", "mended")

    killed = await applications(*words, **ROWAN, FAILPOINTS=str(tmp_path))
    half = await database.list_rows("SELECT status FROM parked ORDER BY id")
    rest = await applications(
        "parked", "redrive", "--type", "HostApproved", "--reason", "go on", **ROWAN
    )

    assert killed.code == -9
    assert [each["status"] for each in half] == ["redriven", "parked", "blocked"]
    assert (rest.code, rest.out.splitlines()[-1]) == (0, "2 applied")
    assert await database.value("SELECT count(*) FROM inbox") == 3
    assert await database.value("SELECT count(*) FROM audit WHERE act = 'EventRedriven'") == 3


async def test_waiting_event_is_listed_with_what_it_needs(database_of, applications):
    database = await database_of("applications")
    consumer = Consumer.of(parts_of("applications"))
    records = [host_approved(1), host_approved(3)]  # the second of the case has not come
    at = await positions.load(database, consumer.name, [records[0].place])
    async with database.transaction() as tx:
        await take_in(tx, consumer, records, at)

    (listed,) = json.loads((await applications("waiting", "--json")).out)

    assert 0 <= listed.pop("waited") < 60
    assert listed == {
        "id": 1,
        "missing_type": "sequence",
        "missing_id": listed["key"],
        "type": HostApproved.type_name(),
        "topic": "proposals.events",
        "partition": 0,
        "position": 3,
        "key": str(HostApproved.examples[0]["host_id"]),
        "sequence": 3,
    }


async def test_unknown_number_is_wrong_data(applications):
    said = await applications("parked", "redrive", "404", "--reason", "why not", **ROWAN)

    assert (said.code, said.out) == (65, "")
    assert said.error == "No event with this number is parked here.\n"


async def test_dependency_that_is_away_is_no_traceback(database_url):
    no_kafka = CommandLine("applications", database_url)
    for words in (("lag",), ("topics", "check"), ("topics", "apply")):
        said = await no_kafka(*words)
        assert (said.code, said.error.count("\n")) == (75, 1), said
        assert said.error.startswith("Kafka does not answer: ")

    no_postgres = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    said = await no_kafka("parked", "list", **no_postgres)
    assert (said.code, said.error) == (75, "Postgres does not answer: ConnectionRefusedError\n")


# ---- migrate ----

ONE_WAITS = """
    SELECT EXISTS (
        SELECT FROM pg_locks
         WHERE locktype = 'advisory' AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


@pytest.mark.parametrize("service", [row("157", "expenses")])
async def test_migrate_waits_for_another_run_and_finds_nothing_to_do(postgres_url, service):
    async with databases.empty(postgres_url) as dsn:
        await lay_out(dsn)
        expenses = CommandLine(service, dsn)
        assert (await expenses("migrate")).code == 0
        admin = await connect(dsn, application="tests")
        # One step is missing, and the first run cannot begin it before we let it.
        await admin.execute("DELETE FROM expenses.schema_migrations WHERE version = '0003'")
        await admin.execute("ALTER TABLE expenses.audit DROP COLUMN operator")
        held = admin.transaction()
        await held.start()
        await admin.execute("LOCK TABLE expenses.audit IN ACCESS EXCLUSIVE MODE")

        runs = [asyncio.ensure_future(expenses("migrate")) for _ in range(2)]
        watcher = await connect(dsn, application="tests")
        await until(lambda: watcher.fetchval(ONE_WAITS), bool, within=30)
        assert not any(run.done() for run in runs)
        await held.rollback()
        done = await asyncio.gather(*runs)

        applied = await watcher.fetchval(
            "SELECT count(*) FROM expenses.schema_migrations WHERE version = '0003'"
        )
        await watcher.close()
        await admin.close()
    assert [each.code for each in done] == [0, 0], done
    assert sum("Applied: 0003_operator.sql" in each.out for each in done) == 1
    assert applied == 1


async def test_migrate_that_is_killed_between_two_steps_is_taken_up(postgres_url, tmp_path):
    async with databases.empty(postgres_url) as dsn:
        await lay_out(dsn)
        expenses = CommandLine("expenses", dsn)
        (tmp_path / "migrate.between").write_text("kill")

        killed = await expenses("migrate", FAILPOINTS=str(tmp_path))
        rest = await expenses("migrate")
        nothing = await expenses("migrate")

    assert killed.code == -9
    assert (rest.code, "Applied: 0001_delivery.sql" in rest.out) == (0, False)
    assert "Applied: 0002_identity.sql" in rest.out
    assert (nothing.code, nothing.out) == (0, "nothing to do\n")


async def test_migrate_without_its_login_is_a_fault_of_configuration(database_url):
    expenses = CommandLine("expenses", database_url)
    del (environ := expenses.environ)["OWNER_DATABASE_URL"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.expenses", "migrate", env=environ, stderr=subprocess.PIPE
    )
    _, error = await process.communicate()

    assert (process.returncode, error) == (78, b"OWNER_DATABASE_URL: needed by migrate\n")
