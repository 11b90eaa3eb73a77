"""The operator's `check`: is anything in a state that must never be?"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from chassis import across, clock, settings
from chassis.checking import Judged, look, rules_of
from chassis.database import Database
from chassis.operating import DATA, TRY_LATER, AsJson, answered, show, within
from chassis.parts import Parts

Across = Annotated[
    bool, typer.Option("--across", help="Compare the services, by the auditor's login.")
]
PATIENCE = "10s"


def add_commands(app: typer.Typer, parts: Parts) -> None:
    """`check`."""

    @app.command()
    def check(between: Across = False, as_json: AsJson = False) -> None:
        """List what is in a state that must never be; 65 where anything is, 0 where nothing is."""
        if between:
            judged = _look_across()
        else:
            judged = within(parts, lambda database: look(database, rules_of(parts)))
        _tell(judged, as_json=as_json)


def _look_across() -> list[Judged]:
    read = settings.read(across.AuditorSettings)

    async def run() -> list[Judged]:
        pool = await Database.open(
            read.dsn, service="auditor", now_sql=clock.TRUE_TIME, role="check", most=1
        )
        try:
            return await look(pool, across.rules(read), patience=PATIENCE)
        finally:
            await pool.close()

    with answered():
        return asyncio.run(run())


def _tell(judged: Sequence[Judged], *, as_json: bool) -> None:
    found = [breach for each in judged for breach in each.found or ()]
    rows: list[dict[str, Any]] = [
        {
            "rule": breach.rule.rule_id,
            "subject": breach.subject,
            "state": breach.state,
            "sentence": breach.rule.sentence,
            "repair": breach.rule.repair,
        }
        for breach in found
    ]
    show(rows, as_json=as_json)
    unjudged = [each for each in judged if each.found is None]
    for each in unjudged:
        print(f"{each.rule.rule_id}: could not be judged: {each.why}", file=sys.stderr)
    if found:
        raise typer.Exit(DATA)
    if unjudged:
        raise typer.Exit(TRY_LATER)
