"""The relay's process: of a service's relays one is active, and the others stand by.

The right to publish is an advisory lock held by the very session that reads and marks: when the
session is lost, so is the right, and nothing can be marked. Two relays at a fail-over may both send a
row; first occurrences stay in order and readers drop the second.
"""

import asyncio
from typing import Any

import structlog

from chassis import checking, deadlines, retention
from chassis.database import TRANSIENT, Database, connect
from chassis.loops import rest, together
from chassis.metrics import OLDEST_UNPUBLISHED, RELAY_IS_ACTIVE
from chassis.nudge import Nudger
from chassis.parts import Parts
from chassis.publisher import SESSION_TIMEOUT, Publisher
from chassis.settings import Settings

log = structlog.get_logger()

STAND_BY = 1.0
LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
GIVEN_UP = {
    "idle_session_timeout": "45s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""When Postgres takes the lock from a relay that is frozen or unreachable: it never sleeps so long."""


async def run(parts: Parts, settings: Settings, database: Database, stop: asyncio.Event) -> None:
    """Publish, and let time do its work, while holding the lock; without it, stand by.

    Raises `TopicsAreMissing` when the broker answers and does not have the service's topics.
    """
    nudger = Nudger(database.dsn, parts.name)
    nudger.start()
    database.on_record(nudger.nudge)
    try:
        while not stop.is_set():
            try:
                await _hold(parts, settings, database, stop)
            except TRANSIENT as error:
                log.warning("relay.session_lost", error=type(error).__name__)
            await rest(stop, STAND_BY)
    finally:
        await nudger.close()


async def _hold(parts: Parts, settings: Settings, database: Database, stop: asyncio.Event) -> None:
    """One session: wait for the lock, lead while it lives."""
    session = await connect(database.dsn, application=f"{parts.name}.relay", **GIVEN_UP)
    try:
        while not await session.fetchval(LOCK, f"{parts.name}.relay", timeout=SESSION_TIMEOUT):
            if stop.is_set():
                return
            await rest(stop, STAND_BY)
        log.info("relay.active")
        RELAY_IS_ACTIVE.labels(parts.name).set(1)
        await together(
            stop,
            _while_it_lives(session, stop),
            Publisher(session, parts.name, settings).run(stop),
            deadlines.run(parts, database, stop),
            retention.run(settings, database, stop),
            checking.run(parts, settings, database, stop),
        )
    finally:
        RELAY_IS_ACTIVE.labels(parts.name).set(0)
        OLDEST_UNPUBLISHED.labels(parts.name).set(0)  # the next one tells
        session.terminate()  # frees the lock at once, whatever state the session is in


async def _while_it_lives(session: Any, stop: asyncio.Event) -> None:
    """A session lost is a right lost, at once, whatever the publisher is waiting for."""
    ended = asyncio.Event()

    def end(*_: Any) -> None:
        ended.set()

    session.add_termination_listener(end)
    waits = [asyncio.ensure_future(event.wait()) for event in (ended, stop)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    if ended.is_set():
        raise ConnectionError("the session that held the lock has ended")
