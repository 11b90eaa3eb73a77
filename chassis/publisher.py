"""Reads, sends and marks, on the session that holds the right to.

Rows are read as a state, "not yet published", and never by a cursor: numbers are taken before commit,
so a cursor would skip a row that commits late. A row that the broker refuses for good holds back its
own key, loudly, and nobody else's.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import structlog

from chassis.courier import Courier, Sent
from chassis.database import Row
from chassis.failpoints import failpoint
from chassis.floor import Floor
from chassis.liveness import PROGRESS
from chassis.metrics import (
    OLDEST_UNPUBLISHED,
    RELAY_BATCH,
    RELAY_FAILURES,
    RELAY_HELD_BACK,
    RELAY_SENT,
    RELAY_STAGE,
)
from chassis.nudge import woken
from chassis.settings import Settings
from schemas.envelope import Service
from schemas.topics import TOPICS

log = structlog.get_logger()

MOST_ROWS = 1000
SESSION_TIMEOUT = 10.0
FULL_SCAN_EVERY = 1.0
PAUSE_WHEN_BUSY = 0.005
PAUSE_WHEN_IDLE = 1.0
SHORTEST_BACKOFF = 0.1
LONGEST_BACKOFF = 5.0
HELD_BACK = 60.0  # seconds until a key whose row was refused is tried again

RESTRICTED = [topic.name for topic in TOPICS if topic.restricted_to]

NEXT = """
    SELECT id, event_id, topic, key, type, headers, value
      FROM outbox
     WHERE published_at IS NULL AND id > $1 AND key <> ALL ($2::text[])
     ORDER BY id
     LIMIT $3
"""
HORIZON = """
    SELECT pg_snapshot_xmin(seen)::text::bigint AS oldest_running,
           pg_snapshot_xmax(seen)::text::bigint AS next_to_come,
           (SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8
              FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1) AS oldest_age
      FROM pg_current_snapshot() AS seen
"""
# What was encrypted to one reader is not kept once it has left.
MARK = """
    UPDATE outbox
       SET published_at = clock_timestamp(),
           value = CASE WHEN topic = ANY ($2::text[]) THEN NULL ELSE value END
     WHERE id = ANY ($1::bigint[])
"""


class Publisher:
    """The outbox of one service, while its session lives."""

    def __init__(self, session: Any, service: Service, settings: Settings) -> None:
        self._session = session
        self._service: Service = service
        self._courier = Courier(service, settings)
        self._floor = Floor()
        self._scanned_at = 0.0
        self._backoff = SHORTEST_BACKOFF
        self._held_back: dict[str, float] = {}  # key -> when it is tried again

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until told to stop; then finish the batch in hand."""
        nudge = asyncio.Event()

        def wake(*_: Any) -> None:
            nudge.set()

        await self._session.add_listener(self._service, wake)
        PROGRESS.assigned(1)
        pause = PAUSE_WHEN_BUSY
        try:
            await self._courier.meet_the_broker()
            while not stop.is_set():
                nudge.clear()
                rows = await self._next_rows()
                PROGRESS.behind(len(rows))
                arrived = await self._publish(rows) if rows else 0
                if arrived == len(rows) < MOST_ROWS:  # or else there is more to do
                    pause = PAUSE_WHEN_BUSY if rows else pause
                    pause = PAUSE_WHEN_BUSY if await woken(nudge, within=pause) else pause * 2
                    pause = min(pause, PAUSE_WHEN_IDLE)
        finally:
            PROGRESS.behind(0)  # whoever stands by is alive
            await self._courier.drop()

    async def _next_rows(self) -> list[Row]:
        """The next unpublished rows, in id order: once a second from the very beginning."""
        self._try_again_what_was_held_back()
        if time.monotonic() - self._scanned_at < FULL_SCAN_EVERY:
            return await self._scan(above=self._floor.low)
        seen = await self._session.fetchrow(HORIZON, timeout=SESSION_TIMEOUT)
        rows = await self._scan(above=0)
        self._scanned_at = time.monotonic()
        self._floor.rise(seen["oldest_running"], seen["next_to_come"], rows)
        OLDEST_UNPUBLISHED.labels(self._service).set(seen["oldest_age"] or 0)
        return rows

    async def _scan(self, *, above: int) -> list[Row]:
        held = [*self._held_back]
        return await self._session.fetch(NEXT, above, held, MOST_ROWS, timeout=SESSION_TIMEOUT)

    async def _publish(self, rows: Sequence[Row]) -> int:
        """Send and mark; how many arrived. After a failure, some time has passed as well."""
        RELAY_BATCH.labels(self._service).observe(len(rows))
        failpoint("relay.read")
        started = time.monotonic()
        sent = await self._courier.send(rows)
        RELAY_STAGE.labels(self._service, "send").observe(time.monotonic() - started)
        if sent.arrived:
            failpoint("relay.acknowledged")
            await self._mark(sent.arrived)
            failpoint("relay.marked")
        if sent.failure is None:
            self._backoff = SHORTEST_BACKOFF
        else:
            await self._recover(sent, sent.failure, rows)
        PROGRESS.moved()  # a broker that is away is waited for, knowingly
        return len(sent.arrived)

    async def _recover(self, sent: Sent, failure: BaseException, rows: Sequence[Row]) -> None:
        """Have a new producer next time, and give the broker a moment."""
        RELAY_FAILURES.labels(self._service).inc()
        log.warning("relay.send_failed", error=type(failure).__name__, rows=len(rows))
        for row, why in sent.refused:
            self._hold_back(row, why)
        await self._courier.drop()
        await asyncio.sleep(self._backoff * random.uniform(0.5, 1))  # noqa: S311
        self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)

    async def _mark(self, ids: list[int]) -> None:
        started = time.monotonic()
        await self._session.execute(MARK, ids, RESTRICTED, timeout=SESSION_TIMEOUT)
        self._floor.published(ids)
        RELAY_STAGE.labels(self._service, "mark").observe(time.monotonic() - started)
        RELAY_SENT.labels(self._service).inc(len(ids))

    def _hold_back(self, row: Row, why: str) -> None:
        """The key of a refused row waits, and is tried again; somebody must look at it."""
        self._held_back[row["key"]] = time.monotonic() + HELD_BACK
        RELAY_HELD_BACK.labels(self._service).set(len(self._held_back))
        log.error(
            "relay.row_refused",
            error=why,
            outbox_id=row["id"],
            event_id=str(row["event_id"]),
            topic=row["topic"],
            type=row["type"],
        )

    def _try_again_what_was_held_back(self) -> None:
        due = [key for key, at in self._held_back.items() if at <= time.monotonic()]
        for key in due:
            del self._held_back[key]
            self._scanned_at = 0.0  # its rows may lie below the floor
        if due:
            RELAY_HELD_BACK.labels(self._service).set(len(self._held_back))
