"""A worker of a small trial service, in a process of its own: `python -m tests.promises.trial_worker`.

Its one reaction writes a row for each event. What it does wrong is told by files in the folder that
`FAULTS` names: `everything` makes every event fail, and until `mended` is there those fail whose words
are `breaks`.
"""

import asyncio
import os
import signal
from pathlib import Path

import uvloop

from chassis import clock, logs, settings, worker
from chassis.database import Database, Transaction
from chassis.parts import Parts, Reactions, project
from tests.chassis.delivery import TrialBegun

CONSUMER = "applications.trials"
FAULTS = Path(os.environ.get("FAULTS", "/nowhere"))


async def apply(tx: Transaction, event: TrialBegun) -> None:
    """Write one row a delivery: what was applied twice shows twice."""
    await tx.execute(
        "INSERT INTO trial_effects (trial_id, number) VALUES ($1, $2)", event.trial_id, event.number
    )
    is_broken = event.words == "breaks" and not (FAULTS / "mended").exists()
    if is_broken or (FAULTS / "everything").exists():
        raise ZeroDivisionError


REACTIONS: Reactions = {TrialBegun: project(apply)}


async def main() -> None:
    """Run until told to stop."""
    told = settings.read(settings.Settings)
    logs.set_up(service="applications", role="worker")
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    parts = Parts(
        name="applications",
        settings=settings.Settings,
        paths=(),
        app=lambda *_: None,
        reactions=REACTIONS,
        consumer=CONSUMER,
    )
    database = await Database.open(
        told.dsn, service="applications", now_sql=clock.sql(production=False), role="worker"
    )
    try:
        await worker.run(parts, told, database, stop)
    finally:
        await database.close()


if __name__ == "__main__":
    uvloop.run(main())
