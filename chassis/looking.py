"""The operator's looks that change nothing: how far behind reading is, and publishing."""

import asyncio
from typing import Annotated

import typer

from chassis import settings
from chassis.operating import AsJson, answered, show, within
from chassis.parts import Parts

All = Annotated[bool, typer.Option("--all", help="Also partitions with nothing to tell.")]


def add_commands(app: typer.Typer, parts: Parts) -> None:
    """`lag` and `outbox`."""

    @app.command()
    def lag(every: All = False, as_json: AsJson = False) -> None:
        """How far this service's reading is behind, partition by partition."""
        from chassis import backlog  # here: it brings Kafka, which `web` does without

        with answered():
            rows = asyncio.run(backlog.lag(settings.read(parts.settings), parts))
        telling = [row for row in rows if every or as_json or row["lag"] or row["note"]]
        show([*telling, backlog.total(rows)] if not as_json else telling, as_json=as_json)

    @app.command()
    def outbox(as_json: AsJson = False) -> None:
        """What is recorded and not yet published, and which relay is at it."""
        from chassis import backlog

        show([within(parts, backlog.unpublished)], as_json=as_json)
