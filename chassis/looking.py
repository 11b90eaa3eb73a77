"""The operator's looks that change nothing: how far behind reading and publishing are, what is due."""

import asyncio
from typing import Annotated

import typer

from chassis import parked, settings, upcoming
from chassis.intake import Consumer
from chassis.operating import AsJson, answered, duration, show, within
from chassis.parts import Parts

All = Annotated[bool, typer.Option("--all", help="Also partitions with nothing to tell.")]
Within = Annotated[str, typer.Option("--within", help="How far ahead: 90m, 24h, 7d.")]
Most = Annotated[int, typer.Option("--most", min=1, help="How many at most.")]


def add_commands(app: typer.Typer, parts: Parts) -> None:
    """`lag`, `outbox`, `waiting` and `due`."""

    @app.command()
    def lag(every: All = False, as_json: AsJson = False) -> None:
        """How far this service's reading is behind, partition by partition."""
        from chassis import backlog  # here: it brings Kafka, which `web` does without

        with answered():
            rows = asyncio.run(backlog.lag(settings.read(parts.settings), parts))
        if as_json:
            show(rows, as_json=True)
        else:
            telling = [row for row in rows if every or row["lag"] or row["note"]]
            show([*telling, backlog.total(rows)])

    @app.command()
    def outbox(as_json: AsJson = False) -> None:
        """What is recorded and not yet published, and whether a relay is at it."""
        from chassis import backlog

        show([within(parts, backlog.unpublished)], as_json=as_json)

    @app.command()
    def waiting(most: Most = 100, as_json: AsJson = False) -> None:
        """Events that came before what they need, and what that is; the longest waiting first."""
        consumer = Consumer.of(parts).name
        rows = within(parts, lambda database: parked.list_waiting(database, consumer, most=most))
        show(rows, as_json=as_json)

    @app.command()
    def due(span: Within = "24h", most: Most = 200, as_json: AsJson = False) -> None:
        """What time will do next: every deadline with its instants, the nearest first."""
        rows = within(
            parts,
            lambda database: upcoming.list_upcoming(
                database, parts, within=duration(span), most=most
            ),
        )
        show(rows, as_json=as_json)
