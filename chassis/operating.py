"""The operator's commands, the same for each service: what waits, what is stuck, and what to do.

Progress and tables on a terminal, plain lines in a pipe. Each act asks a reason and leaves an audit
row.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chassis import clock, parking, settings
from chassis.actor import Actor, Role
from chassis.database import TRANSIENT, Database, RowMissing
from chassis.decision import Refused
from chassis.intake import Consumer
from chassis.parts import Parts

DATA, TRY_LATER = 65, 75
OPERATOR = Actor(None, "", frozenset({Role.SUPPORT}))
console = Console()
Reason = Annotated[str, typer.Option("--reason", help="Why: kept in the audit log.")]


def add_commands(app: typer.Typer, parts: Parts) -> None:
    """Give a service's command line what every operator looks for."""

    @app.command()
    def lag() -> None:
        """How far this service's reading is behind, partition by partition."""
        read = settings.read(parts.settings)
        from chassis import backlog  # here: it brings Kafka, which `web` does without

        _print(asyncio.run(backlog.lag(read, parts)))

    @app.command()
    def outbox() -> None:
        """What is recorded and not yet published."""
        from chassis import backlog

        _print([within(parts, backlog.unpublished)])

    _add_parked(app, parts)


def _add_parked(app: typer.Typer, parts: Parts) -> None:
    parked = typer.Typer(help="Events that could not be applied.", no_args_is_help=True)
    app.add_typer(parked, name="parked")

    @parked.command("list")
    def list_parked() -> None:
        """Parked events, and those kept behind them, oldest first."""
        _print(
            within(parts, lambda database: parking.list_parked(database, Consumer.of(parts).name))
        )

    @parked.command()
    def show(parked_id: int) -> None:
        """One of them, whole."""
        row = within(
            parts, lambda database: parking.show(database, Consumer.of(parts).name, parked_id)
        )
        print(json.dumps(row, default=_text, indent=2))

    @parked.command()
    def redrive(parked_id: int, reason: Reason) -> None:
        """Try an event again, and then what was kept behind it, in order."""
        told = within(
            parts,
            lambda database: parking.redrive(
                database, Consumer.of(parts), parked_id, actor=OPERATOR, reason=reason
            ),
        )
        print(told)

    @parked.command()
    def discard(parked_id: int, reason: Reason) -> None:
        """Give an event up; what was kept behind it can then be tried."""
        within(
            parts,
            lambda database: parking.discard(
                database, Consumer.of(parts).name, parked_id, actor=OPERATOR, reason=reason
            ),
        )
        print(f"{parked_id}: discarded")


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

    try:
        return asyncio.run(run())
    except Refused as refused:
        print(refused.sentence, file=sys.stderr)
        raise typer.Exit(DATA) from refused
    except RowMissing as missing:
        print("There is no such row.", file=sys.stderr)
        raise typer.Exit(DATA) from missing
    except TRANSIENT as away:
        print(f"Postgres does not answer: {type(away).__name__}", file=sys.stderr)
        raise typer.Exit(TRY_LATER) from away


def _print(rows: Iterable[Mapping[str, Any]]) -> None:
    listed = [{name: _text(value) for name, value in row.items()} for row in rows]
    if not listed:
        print("Nothing.")
    elif console.is_terminal:
        table = Table(*listed[0])
        for row in listed:
            table.add_row(*row.values())
        console.print(table)
    else:
        for row in listed:
            print("  ".join(f"{name}={value}" for name, value in row.items()))


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
