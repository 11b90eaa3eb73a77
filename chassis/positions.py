"""Where each consumer goes on reading: rows beside the effects, locked by whoever takes in a batch."""

from collections.abc import Sequence
from typing import Any

from chassis.database import Database, Row, Transaction

Place = tuple[str, int]
"""A topic, without the installation's prefix, and a partition."""

LOCK = """
    SELECT topic, partition, next_position, last_record_at, born_late
      FROM positions
     WHERE consumer = $1
       AND (topic, partition) IN (SELECT * FROM unnest($2::text[], $3::integer[]))
     ORDER BY topic, partition
       FOR UPDATE
"""
MOVE = """
    UPDATE positions
       SET next_position = moved.next_position,
           last_event_id = moved.last_event_id,
           last_record_at = moved.last_record_at,
           born_late = moved.born_late
      FROM unnest(
               $2::text[], $3::integer[], $4::bigint[], $5::uuid[], $6::timestamptz[], $7::boolean[]
           ) AS moved (topic, partition, next_position, last_event_id, last_record_at, born_late)
     WHERE positions.consumer = $1
       AND positions.topic = moved.topic
       AND positions.partition = moved.partition
"""


async def lock(tx: Transaction, consumer: str, places: Sequence[Place]) -> dict[Place, Row]:
    """Hold these partitions' rows: a worker that lost them and does not know it waits, then sees."""
    rows = await tx.list_rows(LOCK, consumer, *_columns(places))
    return {(row["topic"], row["partition"]): row for row in rows}


async def move(tx: Transaction, consumer: str, moved: Sequence[tuple[Any, ...]]) -> None:
    """Note up to where was read: (topic, partition, next, last id, last record's time, born late)."""
    await tx.execute(MOVE, consumer, *zip(*moved, strict=True))


async def load(database: Database, consumer: str, places: Sequence[Place]) -> dict[Place, Row]:
    """Where the consumer goes on in each partition; a row is made where there is none."""
    topics, partitions = _columns(places)
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO positions (consumer, topic, partition, next_position)
            SELECT $1, topic, partition, 0
              FROM unnest($2::text[], $3::integer[]) AS ours (topic, partition)
             ORDER BY topic, partition
                ON CONFLICT DO NOTHING
            """,
            consumer,
            topics,
            partitions,
        )
        rows = await tx.list_rows(
            """
            SELECT topic, partition, next_position, last_event_id, last_record_at
              FROM positions
             WHERE consumer = $1
               AND (topic, partition) IN (SELECT * FROM unnest($2::text[], $3::integer[]))
            """,
            consumer,
            topics,
            partitions,
        )
    return {(row["topic"], row["partition"]): row for row in rows}


async def forget(database: Database, consumer: str, topic: str, partition: int) -> None:
    """What stood here told of another log."""
    async with database.transaction() as tx:
        await tx.execute(
            """
            UPDATE positions
               SET next_position = 0, last_event_id = NULL, last_record_at = NULL
             WHERE consumer = $1 AND topic = $2 AND partition = $3
            """,
            consumer,
            topic,
            partition,
        )


def _columns(places: Sequence[Place]) -> tuple[list[str], list[int]]:
    return [topic for topic, _ in places], [partition for _, partition in places]
