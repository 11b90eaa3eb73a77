"""Where each consumer goes on reading: rows beside the effects, locked by whoever takes in a batch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Database, Row, Transaction

Place = tuple[str, int]
"""A topic, without the installation's prefix, and a partition."""


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where one partition was taken in, and by what the record before is known again."""

    next_position: int = 0
    last_event_id: UUID | None = None
    last_record_at: datetime | None = None  # none: nothing was taken in from this log
    born_late: bool = False  # the log had lost its beginning when we first read it

    @classmethod
    def of(cls, row: Row) -> "Position":
        """From its row."""
        return cls(*(row[name] for name in cls.__slots__))


LOCK = """
    SELECT topic, partition, next_position, last_event_id, last_record_at, born_late
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
FIND_OR_MAKE = """
    WITH made AS (
        INSERT INTO positions (consumer, topic, partition, next_position)
        SELECT $1, topic, partition, 0
          FROM unnest($2::text[], $3::integer[]) AS ours (topic, partition)
         ORDER BY topic, partition
            ON CONFLICT DO NOTHING
        RETURNING *
    )
    SELECT * FROM made
     UNION ALL
    SELECT * FROM positions
     WHERE consumer = $1
       AND (topic, partition) IN (SELECT * FROM unnest($2::text[], $3::integer[]))
"""
FORGET = """
    UPDATE positions
       SET next_position = 0, last_event_id = NULL, last_record_at = NULL, born_late = false
     WHERE consumer = $1 AND topic = $2 AND partition = $3
       AND next_position = $4 AND last_record_at = $5
"""


async def lock(tx: Transaction, consumer: str, places: Collection[Place]) -> dict[Place, Position]:
    """Hold these partitions' rows: a worker that lost them and does not know it waits, then sees."""
    return _by_place(await tx.list_rows(LOCK, consumer, *_columns(places)))


async def move(tx: Transaction, consumer: str, moved: Mapping[Place, Position]) -> None:
    """Note up to where was read."""
    rows = [
        (*place, at.next_position, at.last_event_id, at.last_record_at, at.born_late)
        for place, at in sorted(moved.items())
    ]
    await tx.execute(MOVE, consumer, *zip(*rows, strict=True))


async def load(
    database: Database, consumer: str, places: Collection[Place]
) -> dict[Place, Position]:
    """Where the consumer goes on in each partition; a row is made where there is none."""
    async with database.transaction() as tx:
        return _by_place(await tx.list_rows(FIND_OR_MAKE, consumer, *_columns(places)))


async def forget(database: Database, consumer: str, place: Place, at: Position) -> bool:
    """What stood here told of another log. False when somebody else has moved it meanwhile."""
    async with database.transaction() as tx:
        return bool(await tx.execute(FORGET, consumer, *place, at.next_position, at.last_record_at))


def _by_place(rows: list[Row]) -> dict[Place, Position]:
    return {(row["topic"], row["partition"]): Position.of(row) for row in rows}


def _columns(places: Collection[Place]) -> tuple[list[str], list[int]]:
    return [topic for topic, _ in places], [partition for _, partition in places]
