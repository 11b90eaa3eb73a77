"""`parked …`: what an operator sees of events that could not be applied, and does about them."""

from contextlib import suppress
from typing import Annotated

import typer

from chassis import parked as looks
from chassis import parking
from chassis.actor import Actor
from chassis.database import Database, Row
from chassis.intake import Consumer
from chassis.operating import (
    DATA,
    AsJson,
    DryRun,
    Reason,
    Who,
    acting,
    instant,
    one_line,
    refuse,
    show,
    told,
    within,
)
from chassis.parked import Chosen
from chassis.parking import Redriven
from chassis.parts import Parts

Key = Annotated[str | None, typer.Option("--key", help="Of this case.")]
Code = Annotated[
    str | None, typer.Option("--reason-code", help="Parked for this: handler, schema, …")
]
Type = Annotated[
    str | None, typer.Option("--type", help="Of this type, whole or the event's name.")
]
Since = Annotated[str | None, typer.Option("--since", help="First failed then or later.")]
Id = Annotated[int | None, typer.Argument(help="One of the case, by its number.", metavar="[ID]")]


def add_commands(app: typer.Typer, parts: Parts) -> None:
    """`parked list|show|redrive|discard`."""
    parked = typer.Typer(help="Events that could not be applied.", no_args_is_help=True)
    app.add_typer(parked, name="parked")
    consumer = Consumer.of(parts)

    @parked.command("list")
    def list_parked(
        key: Key = None,
        code: Code = None,
        kind: Type = None,
        since: Since = None,
        as_json: AsJson = False,
    ) -> None:
        """Parked events, and those kept behind them, oldest first; a hundred at most."""
        chosen = Chosen(key, code, kind, instant(since))
        show(
            within(parts, lambda database: looks.list_parked(database, consumer.name, chosen)),
            as_json=as_json,
        )

    @parked.command("show")
    def show_parked(parked_id: int) -> None:
        """One of them, whole."""
        row = within(parts, lambda database: looks.show(database, consumer.name, parked_id))
        show([row], as_json=True)

    @parked.command()
    def redrive(
        parked_id: Id = None,
        key: Key = None,
        code: Code = None,
        kind: Type = None,
        since: Since = None,
        reason: Reason = "",
        who: Who = "",
        dry_run: DryRun = False,
    ) -> None:
        """Try cases again, each in order; stop at the first event that fails still."""
        chosen = Chosen(key, code, kind, instant(since), parked_id)
        if chosen.is_everything:
            refuse("Say which: an ID, or any of --key, --reason-code, --type, --since.")
        if dry_run:
            show(within(parts, lambda database: _cases(database, consumer, chosen)))
            return
        actor = acting(who, reason)
        within(
            parts,
            lambda database: _redrive(database, consumer, chosen, actor=actor, reason=reason),
        )

    @parked.command()
    def discard(
        parked_id: int, reason: Reason = "", who: Who = "", dry_run: DryRun = False
    ) -> None:
        """Give one event up, for ever; what was kept behind it can then be tried."""
        if dry_run:
            row = within(parts, lambda database: looks.show(database, consumer.name, parked_id))
            show([{name: row[name] for name in ("id", "status", "reason", "type", "sequence")}])
            return
        actor = acting(who, reason)
        within(
            parts,
            lambda database: parking.discard(
                database, consumer.name, parked_id, actor=actor, reason=reason
            ),
        )
        print(f"{parked_id}: discarded")


async def _cases(database: Database, consumer: Consumer, chosen: Chosen) -> list[Row]:
    """The cases that are meant. One that is named by a number must be there, and open."""
    cases = await looks.list_cases(database, consumer.name, chosen)
    if chosen.parked_id is not None and not cases:
        await looks.show(database, consumer.name, chosen.parked_id)
        raise parking.AlreadySettled
    return cases


async def _redrive(
    database: Database, consumer: Consumer, chosen: Chosen, *, actor: Actor, reason: str
) -> None:
    """Case after case, the oldest first; ends with 65 at the first event that fails again."""
    cases = await _cases(database, consumer, chosen)
    applied = 0
    for number, case in enumerate(told(cases, total=len(cases), what="redriving"), start=1):
        with suppress(parking.AlreadySettled):  # somebody else was quicker
            redriven = await parking.redrive(
                database, consumer, case["id"], actor=actor, reason=reason
            )
            applied += redriven.applied
            print(one_line(f"case {case['key'] or '-'}: {_words(redriven)}"))
            if redriven.stopped_at is not None:
                print(f"{applied} applied; {len(cases) - number} more cases were not tried")
                raise typer.Exit(DATA)
    print(f"{applied} applied" if cases else "Nothing.")


def _words(redriven: Redriven) -> str:
    if redriven.stopped_at is None:
        return f"{redriven.applied} applied"
    return f"{redriven.applied} applied, then {redriven.stopped_at} failed: {redriven.error}"
