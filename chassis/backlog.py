"""How far behind: what is recorded and not published, what is published and not taken in."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition  # pyright: ignore[reportMissingTypeStubs]

from chassis import clock, kafka, outbox
from chassis.database import Database, Row
from chassis.intake import Consumer
from chassis.parts import Parts
from schemas.topics import PARTITIONS

LOOK_WITHIN = 5.0  # seconds for one look at the oldest unread records

RELAY = """
    SELECT extract(epoch FROM clock_timestamp() - backend_start)::float8 AS seconds
      FROM pg_locks
      JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND objsubid = 1
       AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND classid::bigint << 32 | objid::bigint = hashtextextended($1, 0)
"""
"""The session that holds the relay's lock: see `chassis/relay.py`."""


async def unpublished(database: Database) -> Row:
    """How many outbox rows wait for the relay, since when, and whether one is there."""
    told = await outbox.status(database)
    active = await database.value(RELAY, f"{database.service}.relay")
    told["relay"] = "none is active" if active is None else f"active for {active:.0f} s"
    return told


async def lag(settings: Any, parts: Parts) -> list[Row]:
    """Of each partition the service reads: where it is, where the log ends, what lies between.

    The position is that in Postgres, which alone decides; `oldest_age` is the age in seconds of the
    first record that was not taken in.
    """
    consumer = Consumer.of(parts)
    names = {topic.under(settings.topic_prefix): topic.name for topic in consumer.topics}
    places = [TopicPartition(full, number) for full in names for number in range(PARTITIONS)]
    positions = await _positions(settings, parts, consumer.name)
    at = {place: positions.get((names[place.topic], place.partition)) for place in places}
    reader: Any = AIOKafkaConsumer(**kafka.client_options(settings), group_id=None)
    try:
        await reader.start()
        begins = await reader.beginning_offsets(places)
        ends = await reader.end_offsets(places)
        goes_on = {place: _goes_on(at[place], begins[place], ends[place]) for place in places}
        behind = {place: here for place, here in goes_on.items() if here < ends[place]}
        oldest = await _oldest(reader, behind)
    finally:
        await reader.stop()
    return [
        {
            "topic": names[place.topic],
            "partition": place.partition,
            "position": at[place],
            "end": ends[place],
            "lag": ends[place] - goes_on[place],
            "oldest_age": oldest.get(place),
            "note": _note(at[place], begins[place], ends[place]),
        }
        for place in places
    ]


def total(rows: Iterable[Row]) -> Row:
    """A listing's last line: all partitions together."""
    rows = list(rows)
    ages = [row["oldest_age"] for row in rows if row["oldest_age"] is not None]
    nowhere = sum(row["position"] is None for row in rows)
    return {
        "topic": "total",
        "partition": f"{len(rows)} partitions",
        "position": None,
        "end": None,
        "lag": sum(row["lag"] for row in rows),
        "oldest_age": max(ages, default=None),
        "note": f"no position yet in {nowhere}" if nowhere else "",
    }


def _goes_on(position: int | None, begin: int, end: int) -> int:
    """Where a worker would go on: at the beginning where it knows none, or another log."""
    return begin if position is None or position > end else max(position, begin)


def _note(position: int | None, begin: int, end: int) -> str:
    if position is None:
        return "no position yet: reading starts at the beginning"
    if position > end:
        return "position beyond the log's end: another log, read from its beginning"
    if position < begin:
        return f"trimmed: {begin - position} records are gone unread"
    return ""


async def _oldest(reader: Any, behind: dict[Any, int]) -> dict[Any, float]:
    """Ages of the first unread records, as far as they could be fetched in a few seconds."""
    found = dict[Any, float]()
    if not behind:
        return found
    reader.assign(list(behind))
    for place, position in behind.items():
        reader.seek(place, position)
    ends = time.monotonic() + LOOK_WITHIN
    while len(found) < len(behind) and time.monotonic() < ends:
        for place, records in (await reader.getmany(timeout_ms=500)).items():
            reader.pause(place)
            if records and place not in found:
                at = datetime.fromtimestamp(max(records[0].timestamp, 0) / 1000, UTC)
                found[place] = max(0.0, (clock.real_now() - at).total_seconds())
    return found


async def _positions(settings: Any, parts: Parts, consumer: str) -> dict[tuple[str, int], int]:
    now_sql = clock.sql(production=settings.is_production)
    database = await Database.open(
        settings.dsn, service=parts.name, now_sql=now_sql, role="operator"
    )
    try:
        rows = await database.list_rows(
            "SELECT topic, partition, next_position FROM positions WHERE consumer = $1", consumer
        )
    finally:
        await database.close()
    return {(row["topic"], row["partition"]): row["next_position"] for row in rows}
