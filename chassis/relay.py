"""From the outbox to Kafka, in order, by one active relay a service.

The right to publish is an advisory lock held by the very session that reads and marks: when the
session is lost, so is the right, and nothing can be marked. Rows are read as a state, "not yet
published", and never by a cursor: numbers are taken before commit, so a cursor would skip a row
that commits late. Two relays at a fail-over may both send a row; first occurrences stay in order
and readers drop the second.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from chassis import deadlines, kafka, retention, topics
from chassis.database import TRANSIENT, Database, Row, connect
from chassis.failpoints import failpoint
from chassis.loops import rest, together
from chassis.metrics import (
    OLDEST_UNPUBLISHED,
    RELAY_BATCH,
    RELAY_FAILURES,
    RELAY_IS_ACTIVE,
    RELAY_SENT,
    RELAY_STAGE,
)
from chassis.nudge import Nudger, woken
from chassis.parts import Parts
from chassis.settings import Settings
from schemas.envelope import Service
from schemas.topics import TOPICS

log = structlog.get_logger()

MOST_ROWS = 1000
SEND_DEADLINE = 30.0
SESSION_TIMEOUT = 10.0
STAND_BY = 1.0
FULL_SCAN_EVERY = 1.0
PAUSE_WHEN_BUSY = 0.005
PAUSE_WHEN_IDLE = 1.0
LONGEST_BACKOFF = 5.0

RESTRICTED = [topic.name for topic in TOPICS if topic.restricted_to]

LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
NEXT = """
    SELECT id, topic, key, headers, value, recorded_at
      FROM outbox
     WHERE published_at IS NULL AND id > $1
     ORDER BY id
     LIMIT $2
"""
HORIZON = """
    SELECT pg_snapshot_xmin(seen)::text::bigint AS oldest_running,
           pg_snapshot_xmax(seen)::text::bigint AS next_to_come
      FROM pg_current_snapshot() AS seen
"""
# What was encrypted to one reader is not kept once it has left.
MARK = """
    UPDATE outbox
       SET published_at = clock_timestamp(),
           value = CASE WHEN topic = ANY ($2::text[]) THEN NULL ELSE value END
     WHERE id = ANY ($1::bigint[])
"""


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
    session = await connect(database.dsn, application=f"{parts.name}.relay")
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
        )
    finally:
        RELAY_IS_ACTIVE.labels(parts.name).set(0)
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


class Publisher:
    """Reads, sends and marks on the session that holds the lock."""

    def __init__(self, session: Any, service: Service, settings: Settings) -> None:
        self._session = session
        self._service: Service = service
        self._settings = settings
        self._producer: Any = None
        self._partitions: dict[str, int] = {}
        self._floor = _Floor()
        self._scanned_at = 0.0
        self._backoff = 0.1

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until told to stop; then finish the batch in hand."""
        nudge = asyncio.Event()

        def wake(*_: Any) -> None:
            nudge.set()

        await self._session.add_listener(self._service, wake)
        pause = PAUSE_WHEN_BUSY
        try:
            await self._meet_the_broker()
            while not stop.is_set():
                nudge.clear()
                rows = await self._next_rows()
                if rows:
                    pause = PAUSE_WHEN_BUSY
                    if not await self._publish(rows):
                        await asyncio.sleep(self._backoff * random.uniform(0.5, 1))  # noqa: S311
                        continue
                if len(rows) < MOST_ROWS:
                    pause = PAUSE_WHEN_BUSY if await woken(nudge, within=pause) else pause * 2
                    pause = min(pause, PAUSE_WHEN_IDLE)
        finally:
            await self._drop_producer()

    async def _next_rows(self) -> list[Row]:
        """The next unpublished rows, in id order: once a second from the very beginning."""
        if time.monotonic() - self._scanned_at < FULL_SCAN_EVERY:
            return await self._scan(above=self._floor.low)
        seen = await self._session.fetchrow(HORIZON, timeout=SESSION_TIMEOUT)
        rows = await self._scan(above=0)
        self._scanned_at = time.monotonic()
        self._floor.rise(seen["oldest_running"], seen["next_to_come"], rows)
        age = time.time() - rows[0]["recorded_at"].timestamp() if rows else 0
        OLDEST_UNPUBLISHED.labels(self._service).set(max(age, 0))
        return rows

    async def _scan(self, *, above: int) -> list[Row]:
        return await self._session.fetch(NEXT, above, MOST_ROWS, timeout=SESSION_TIMEOUT)

    async def _publish(self, rows: Sequence[Row]) -> bool:
        """Send a batch and mark what was acknowledged. False when some of it was not."""
        RELAY_BATCH.labels(self._service).observe(len(rows))
        sent: list[Sent] = []
        started = time.monotonic()
        failure: BaseException | None = None
        failpoint("relay.read")
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                await self._send(rows, sent)
                failpoint("relay.sent")
                await _all_answered(sent)
        except topics.TopicsAreMissing:
            raise
        except Exception as error:
            failure = error
        acknowledged = _acknowledged(sent)
        RELAY_STAGE.labels(self._service, "send").observe(time.monotonic() - started)
        if acknowledged:
            failpoint("relay.acknowledged")
            await self._mark(acknowledged)
            failpoint("relay.marked")
        if failure is None:
            self._backoff = 0.1
            return True
        RELAY_FAILURES.labels(self._service).inc()
        log.warning("relay.send_failed", error=type(failure).__name__, rows=len(rows))
        # After an error an idempotent producer has a hole in its numbers: only a new one helps.
        await self._drop_producer()
        self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)
        return False

    async def _send(self, rows: Sequence[Row], sent: list["Sent"]) -> None:
        """Hand each partition's rows over in batches we fill ourselves, in id order."""
        producer = await self._ready_producer()
        filling: dict[Place, tuple[Any, list[int]]] = {}

        async def hand_over(place: Place) -> None:
            batch, ids = filling.pop(place)
            batch.close()
            future = await producer.send_batch(batch, place[0], partition=place[1])
            sent.append(Sent(place, future, ids))

        for row in rows:
            topic = f"{self._settings.topic_prefix}.{row['topic']}"
            key = row["key"].encode()
            place = (topic, kafka.partition_of(key, await self._partition_count(producer, topic)))
            if place not in filling:
                filling[place] = producer.create_batch(), []
            if not _append(filling[place][0], row, key):
                await hand_over(place)
                filling[place] = producer.create_batch(), []
                _append(filling[place][0], row, key)
            filling[place][1].append(row["id"])
        for place in list(filling):
            await hand_over(place)

    async def _mark(self, ids: list[int]) -> None:
        started = time.monotonic()
        await self._session.execute(MARK, ids, RESTRICTED, timeout=SESSION_TIMEOUT)
        self._floor.published(ids)
        RELAY_STAGE.labels(self._service, "mark").observe(time.monotonic() - started)
        RELAY_SENT.labels(self._service).inc(len(ids))

    async def _meet_the_broker(self) -> None:
        """Look for our topics at once, so that a misspelt prefix is told before the first event."""
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                await self._ready_producer()
        except topics.TopicsAreMissing:
            raise
        except Exception as error:
            log.warning("relay.broker_away", error=type(error).__name__)
            await self._drop_producer()

    async def _ready_producer(self) -> Any:
        if self._producer is None:
            producer = kafka.new_producer(self._settings)
            self._producer = producer
            self._partitions = {}
            await producer.start()
            missing = await topics.missing(self._settings, topics.owned_by(self._service))
            if missing:
                raise topics.TopicsAreMissing(missing)
        return self._producer

    async def _partition_count(self, producer: Any, topic: str) -> int:
        if topic not in self._partitions:
            self._partitions[topic] = len(await producer.partitions_for(topic))
        return self._partitions[topic]

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), 5)
        except Exception:  # it is thrown away: what it had in hand is still unmarked
            with contextlib.suppress(Exception):
                await producer.client.close()


class _Floor:
    """Up to where nothing unpublished can turn up any more, so that scans need not start below.

    Dead rows make a scan from the start slow while anything holds them back, a dump or a forgotten
    transaction. A row may commit late with a low id, and a newer one of its key right behind it: so
    the floor rises to what was published only when every transaction that ran at that moment has
    ended.
    """

    def __init__(self) -> None:
        self.low = 0
        self._highest = 0
        self._pending: tuple[int, int] | None = None

    def published(self, ids: list[int]) -> None:
        """Note what has left."""
        self._highest = max(self._highest, *ids)

    def rise(self, oldest_running: int, next_to_come: int, rows: Sequence[Row]) -> None:
        """Rise as far as is safe; `rows` are those of a full scan made after the horizon was read."""
        if self._pending and oldest_running >= self._pending[0]:
            self.low = self._pending[1]
            self._pending = None
        if self._pending is None:
            self._pending = (next_to_come, self._highest)
        if rows:
            self.low = min(self.low, rows[0]["id"] - 1)


Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Sent:
    """One batch on its way: where to, and which rows it carries."""

    place: Place
    future: "asyncio.Future[Any]"
    ids: list[int]

    @property
    def is_acknowledged(self) -> bool:
        """Whether the broker has all of it."""
        return (
            self.future.done() and not self.future.cancelled() and self.future.exception() is None
        )


def _append(batch: Any, row: Row, key: bytes) -> bool:
    """False when the batch is full."""
    headers = [(name, value.encode()) for name, value in row["headers"].items()]
    appended = batch.append(timestamp=None, key=key, value=row["value"], headers=headers)
    return appended is not None


async def _all_answered(sent: Sequence[Sent]) -> None:
    """Wait for the broker's answers; raises the first failure and cancels none of the others."""
    futures = [one.future for one in sent]
    _, pending = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    if pending:
        failpoint("relay.part_acknowledged")
    done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_EXCEPTION)
    for future in done:
        future.result()


def _acknowledged(sent: Sequence[Sent]) -> list[int]:
    """Rows the broker has; of each partition only those before its first failure.

    So a resend begins where order demands, though a later batch may have come through.
    """
    failed = set[Place]()
    ids: list[int] = []
    for one in sent:
        if not one.is_acknowledged:
            failed.add(one.place)
        elif one.place not in failed:
            ids += one.ids
    return ids
