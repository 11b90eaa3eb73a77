"""What a service's own topics hold, beside what its outbox holds: for the two ways of losing one of them.

The broker's disk is lost, and the outbox refills it (`refilling.py`); the database comes back from a
dump, and the log tells what it no longer knows (`recovering.py`). Both happen while nobody else
publishes: the right to do so is taken from the relay, as it would lose it by losing its session.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from chassis import history
from chassis.database import Database, connect
from chassis.decision import Refused
from chassis.records import COMPACTED, STATE_TOPICS, Record
from chassis.settings import Settings
from schemas.envelope import TYPE_PREFIX, Service
from schemas.topics import TOPICS, Topic

PATIENCE = 20.0
THE_RELAY_LETS_GO = 6.0  # seconds in which it may still hand over what it had sent

LOCK = "SELECT pg_advisory_lock(hashtextextended($1, 0))"
HOLDER = """
    SELECT activity.pid, activity.application_name
      FROM pg_locks AS asked
      JOIN pg_locks AS held
           USING (locktype, database, classid, objid, objsubid)
      JOIN pg_stat_activity AS activity ON activity.pid = held.pid
     WHERE asked.pid = $1 AND asked.locktype = 'advisory' AND NOT asked.granted AND held.granted
"""
HELD = """
    CREATE TEMP TABLE IF NOT EXISTS in_log (
        topic text, partition integer, position bigint, record_at timestamptz,
        key text, sequence bigint, event_id uuid, type text, headers text, value bytea
    )
"""
COLUMNS = (
    "topic", "partition", "position", "record_at",
    "key", "sequence", "event_id", "type", "headers", "value",
)  # fmt: skip
LOST = """
    SELECT DISTINCT ON (event_id) in_log.*
      FROM in_log
      LEFT JOIN sequences USING (topic, key)
     WHERE in_log.sequence > coalesce(sequences.last, 0)
       AND NOT EXISTS (SELECT FROM outbox WHERE outbox.event_id = in_log.event_id)
     ORDER BY event_id, partition, position
"""
"""What the log holds and this database never heard of: it is older than its log."""


class AnotherOperatorIsAtIt(Refused):
    """Another operator's command holds the right to publish. Wait until it has ended."""

    status = 503


@asynccontextmanager
async def right_to_publish(database: Database, service: Service) -> AsyncGenerator[Any]:
    """The session that may publish, and nobody else: an active relay loses it and stands by.

    Raises `AnotherOperatorIsAtIt` where it is another command that does not let go.
    """
    session = await connect(database.dsn, application=f"{service}.operator")
    try:
        await session.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        asking = asyncio.ensure_future(session.execute(LOCK, f"{service}.relay"))
        if await _take_it_from_the_relay(database, session.get_server_pid(), asking, service):
            await asyncio.sleep(THE_RELAY_LETS_GO)
        yield session
    finally:
        session.terminate()


async def _take_it_from_the_relay(
    database: Database, pid: int, asking: "asyncio.Future[Any]", service: Service
) -> bool:
    """Wait for the lock, first in the queue; True where a relay had to be sent away."""
    was_relay = False
    for _ in range(int(PATIENCE / 0.2)):
        await asyncio.wait([asking], timeout=0.2)
        if asking.done():
            asking.result()
            return was_relay
        holder = await database.find_row(HOLDER, pid)
        if holder and holder["application_name"] == f"{service}.relay":
            await database.value("SELECT pg_terminate_backend($1)", holder["pid"])
            was_relay = True
    asking.cancel()
    raise AnotherOperatorIsAtIt


def all_topics(service: Service) -> list[Topic]:
    """Whatever the service writes."""
    return [topic for topic in TOPICS if topic.owner == service]


def event_topics(service: Service) -> list[Topic]:
    """The topics in which every event of a key counts, in its order."""
    return [t for t in TOPICS if t.owner == service and t.name not in STATE_TOPICS]


def state_topics(service: Service) -> list[Topic]:
    """Those that keep the newest of each key, and can be told from the outbox."""
    return [t for t in TOPICS if t.owner == service and t.name in COMPACTED]


async def load(session: Any, settings: Settings, topics: list[Topic]) -> history.Bounds:
    """Copy what these logs hold of ours into the session's table `in_log`."""
    await session.execute(HELD)
    await session.execute("TRUNCATE in_log")
    async with history.opened(settings) as past:
        bounds = await past.bounds(topics)
        async for records in past.read(bounds.first, bounds.end):
            rows = [row for record in records if (row := _row(record))]
            await session.copy_records_to_table("in_log", records=rows, columns=COLUMNS)
    await session.execute("CREATE INDEX IF NOT EXISTS in_log_ids ON in_log (event_id)")
    await session.execute("ANALYZE in_log")
    return bounds


def _row(record: Record) -> tuple[Any, ...] | None:
    """One record as the outbox would hold it; None for what is no event of ours."""
    try:
        headers = {name: (value or b"").decode() for name, value in record.headers}
        key = (record.key or b"").decode()
        event_id, sequence = UUID(headers["ce_id"]), int(headers["ce_sequence"])
        is_ours = headers["ce_type"].startswith(TYPE_PREFIX) and key == headers["ce_partitionkey"]
    except (KeyError, ValueError):
        return None
    if not is_ours or headers["ce_type"].endswith(BEGINNING):
        return None
    where = record.topic, record.partition, record.position, record.record_at
    return *where, key, sequence, event_id, headers["ce_type"], json.dumps(headers), record.value


BEGINNING = ".LogBegun.v1"
"""The type of the record that a refilled log lost at once, so that it does not begin at 0."""
