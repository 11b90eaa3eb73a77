"""What every operator's command stands on: who asks and why, one look into the database, the answer.

Tables and progress on a terminal, plain lines in a pipe, JSON where `--json` asks for it. Whatever
changes something names a person and a reason, and leaves an audit row; looking leaves none.
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from chassis import clock, settings
from chassis.actor import Actor, Role
from chassis.database import TRANSIENT, CommitUncertain, Database, RowMissing
from chassis.decision import Refused
from chassis.parts import Parts

USAGE, DATA, TRY_LATER = 64, 65, 75
console = Console()
T = TypeVar("T")

Who = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="OPERATOR",
        show_envvar=True,
        help="Who you are: kept in the audit log. Needed for what changes something.",
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why: kept in the audit log.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts: one JSON document.")]


def operator(who: str) -> Actor:
    """The person at the command line; ends with 64 where nobody is named."""
    if not who.strip():
        refuse("Say who you are: --as NAME, or OPERATOR in the environment.")
    return Actor(None, "", frozenset({Role.SUPPORT}), name=" ".join(who.split()))


def acting(who: str, reason: str) -> Actor:
    """The same, for what needs a reason too."""
    if not reason.strip():
        refuse("Say why: --reason WORDS.")
    return operator(who)


def instant(given: str | None) -> datetime | None:
    """An instant as the command line takes it: ISO 8601 with its offset. Ends with 64 otherwise."""
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        refuse(f"{given}: not an instant like 2027-03-01T11:00:00Z.")
    if at.tzinfo is None:
        refuse(f"{given}: say the offset from UTC, as in 2027-03-01T11:00:00Z.")
    return at


def duration(given: str) -> timedelta:
    """A length of time as the command line takes it: 30s, 90m, 24h, 7d. Ends with 64 otherwise."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", given)
    if found is None:
        refuse(f"{given}: not a length of time like 90m, 24h or 7d.")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def refuse(sentence: str) -> NoReturn:
    """End with 64: the command was not meant like this."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(USAGE)


def within(parts: Parts, act: Callable[[Database], Awaitable[Any]]) -> Any:
    """Open the service's database, do one thing, close it again."""
    read = settings.read(parts.settings)

    async def run() -> Any:
        now_sql = clock.sql(production=read.is_production)
        pool = await Database.open(read.dsn, service=parts.name, now_sql=now_sql, role="operator")
        try:
            return await act(pool)
        finally:
            await pool.close()

    with answered():
        return asyncio.run(run())


@contextmanager
def answered() -> Generator[None]:
    """Turn what can go wrong into a sentence and an exit code."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it would say the same again, worse
    try:
        yield
    except Refused as refused:
        _end(refused.sentence, DATA, refused)
    except RowMissing as missing:
        _end("There is no such row.", DATA, missing)
    except settings.IsMisconfigured as fault:
        _end(str(fault), settings.CONFIGURATION_FAULT, fault)
    except CommitUncertain as lost:
        _end("The connection broke during the commit: run it again, it finds out.", TRY_LATER, lost)
    except TRANSIENT as away:
        _end(f"Postgres does not answer: {type(away).__name__}", TRY_LATER, away)
    except Exception as error:
        if not _is_kafkas(error):
            raise
        _end(f"Kafka does not answer: {type(error).__name__}", TRY_LATER, error)


def _is_kafkas(error: Exception) -> bool:
    from aiokafka.errors import KafkaError  # pyright: ignore[reportMissingTypeStubs] - only here

    return isinstance(error, KafkaError)


def _end(sentence: str, code: int, cause: Exception) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code) from cause


def told(steps: Iterable[T], *, total: int, what: str) -> Generator[T]:
    """Go through a long piece of work: a bar on a terminal, nothing in a pipe."""
    yield from track(steps, what, total, console=console, disable=not console.is_terminal)


def show(rows: Iterable[Mapping[str, Any]], *, as_json: bool = False) -> None:
    """A listing: a table on a terminal, a line each in a pipe, an array of objects for scripts."""
    listed = list(rows)
    if as_json:
        print(json.dumps(listed, default=_plain, indent=2))
    elif not listed:
        print("Nothing.")
    elif console.is_terminal:
        table = Table(*listed[0])
        for row in listed:
            table.add_row(*(Text(one_line(value)) for value in row.values()))  # no markup in it
        console.print(table)
    else:
        for row in listed:
            print("  ".join(f"{name}={one_line(value)}" for name, value in row.items()))


def one_line(value: Any) -> str:
    """One line, whatever is in it: a value from a stranger's event forges none and colours none."""
    said = "" if value is None else str(_plain(value))
    return "".join(each if each.isprintable() else " " for each in said)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return round(value, 1)
    return value if isinstance(value, int | str) else str(value)
