"""How far behind: what is recorded and not published, what is published and not taken in."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition  # pyright: ignore[reportMissingTypeStubs]

from chassis import clock, kafka, outbox
from chassis.database import Database, Row
from chassis.intake import Consumer
from chassis.parts import Parts
from schemas.topics import PARTITIONS


async def unpublished(database: Database) -> Row:
    """How many outbox rows wait for the relay, and since when."""
    return await outbox.status(database)


async def lag(settings: Any, parts: Parts) -> list[Row]:
    """Of each partition the service reads: where it is, where the log ends, how many lie between."""
    consumer = Consumer.of(parts)
    names = {topic.under(settings.topic_prefix): topic.name for topic in consumer.topics}
    places = [TopicPartition(full, number) for full in names for number in range(PARTITIONS)]
    ends = await _ends(settings, places)
    positions = await _positions(settings, parts, consumer.name)
    return [
        {
            "topic": names[place.topic],
            "partition": place.partition,
            "position": (position := positions.get((names[place.topic], place.partition), 0)),
            "end": ends[place],
            "lag": max(0, ends[place] - position),
            "note": "",
        }
        for place in places
    ]


def total(rows: list[Row]) -> Row:
    """The last line of a listing: every partition together."""
    lag = sum(row["lag"] for row in rows)
    return {"topic": "total", "partition": len(rows), "lag": lag}


async def _ends(settings: Any, places: list[Any]) -> dict[Any, int]:
    reader: Any = AIOKafkaConsumer(**kafka.client_options(settings), group_id=None)
    await reader.start()
    try:
        return await reader.end_offsets(places)
    finally:
        await reader.stop()


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
