"""Make a mutation, then be the service: `python -m tests.promises.mutants MUTATION SERVICE ROLE`."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from chassis import cli, intake, publisher
from chassis.intake import Intake
from chassis.judging import Known, Outcome, Verdict
from chassis.publisher import Publisher
from chassis.records import Read


def no_inbox() -> None:
    """Whatever comes again is handled again: neither its id nor its number is remembered."""
    judge, write = Known.judge, intake.WRITE

    def forgetful(self: Known, reading: Any, verdict: Any, *, is_redrive: bool) -> Any:
        outcome, decided = judge(self, reading, verdict, is_redrive=is_redrive)
        if outcome is Outcome.REPEATED and reading.event is not None:
            return Outcome.HANDLED, None
        return outcome, decided

    Known.judge = forgetful
    heard = ")\n    INSERT INTO heard"
    assert heard in write
    intake.WRITE = write.replace(heard, f"ON CONFLICT DO NOTHING {heard}")


def deaf() -> None:
    """Moves on past every event, and does nothing about it."""

    async def take(
        self: Intake, reading: Read, verdict: Verdict | None = None, *, is_redrive: bool = False
    ) -> Outcome:
        return Outcome.IGNORED

    Intake.take = take


def cursor() -> None:
    """Reads on from the last row it has seen, and never looks back."""
    scan = Publisher._scan
    last = 0

    async def from_where_it_was(self: Publisher, *, above: int) -> list[Any]:
        nonlocal last
        rows = await scan(self, above=last)
        last = max([last, *(row["id"] for row in rows)])
        return rows

    Publisher._scan = from_where_it_was


def marks_first() -> None:
    """Marks rows as published before it sends them, and dies in between."""

    async def publish(self: Publisher, rows: Sequence[Any]) -> int:
        await self._mark([row["id"] for row in rows])
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    Publisher._publish = publish


def newest_first() -> None:
    """Sends the newest row first."""
    publisher.NEXT = publisher.NEXT.replace("ORDER BY id", "ORDER BY id DESC")


def forges() -> None:
    """Changes what was recorded on its way out."""
    scan = Publisher._scan

    async def forged(self: Publisher, *, above: int) -> list[Any]:
        rows = await scan(self, above=above)
        return [{**row, "value": row["value"].replace(b"oxford", b"durham")} for row in rows]

    Publisher._scan = forged


MUTATIONS: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    **{each.__name__: each for each in (no_inbox, deaf, cursor, marks_first, newest_first, forges)},
}


if __name__ == "__main__":
    mutation, service, *words = sys.argv[1:]
    MUTATIONS[mutation]()
    sys.argv = [f"services.{service}", *words]
    cli.run(import_module(f"services.{service}.main").SERVICE)
