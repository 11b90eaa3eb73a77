"""What time does, in the relay that is active: each deadline in turn, a few times a second.

A deadline finds what is due and runs ordinary commands; being late or running twice changes nothing,
because every command compares the instant itself. It goes on while Kafka is away.
"""

import asyncio

import structlog

from chassis import clock, logs
from chassis.database import Database
from chassis.loops import rest
from chassis.metrics import DEADLINE_FAILURES
from chassis.parts import Deadline, Parts
from schemas.envelope import new_id

log = structlog.get_logger()

WHEN_BUSY = 0.2
WHEN_IDLE = 0.5


async def run(parts: Parts, database: Database, stop: asyncio.Event) -> None:
    """Run every deadline of a service again and again, until told to stop."""
    while not stop.is_set():
        done = [await _run_one(deadline, database) for deadline in parts.deadlines]
        pause = WHEN_BUSY if any(done) else WHEN_IDLE
        await rest(stop, pause)


async def _run_one(deadline: Deadline, database: Database) -> bool:
    """True when it did something. One that raises is logged and stops no other."""
    logs.correlation_id.set(str(new_id()))
    try:
        return bool(await deadline(database, now=clock.now))
    except Exception as error:
        DEADLINE_FAILURES.labels(database.service, deadline.__name__).inc()
        log.warning("deadline.failed", what=deadline.__name__, error=type(error).__name__)
        return False
