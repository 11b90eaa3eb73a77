"""What is put aside, looked at: parked, one or all or the cases an operator chooses; and waiting."""

from dataclasses import dataclass
from datetime import datetime

from chassis.database import Database, Row
from chassis.parking import ParkedEventNotFound

CHOSEN = """
    consumer = $1 AND status IN ('parked', 'blocked')
    AND ($2::bytea IS NULL OR key = $2)
    AND ($3::text IS NULL OR reason = $3)
    AND ($4::text IS NULL OR type = $4 OR split_part(type, '.', 3) = $4)
    AND ($5::timestamptz IS NULL OR first_failed_at >= $5)
    AND ($6::bigint IS NULL OR id = $6)
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of them: by key, by the code of their reason, by type, by when they first failed, or one by number."""

    key: str | None = None
    code: str | None = None
    type: str | None = None
    since: datetime | None = None
    parked_id: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows it down."""
        return self == Chosen()

    @property
    def values(self) -> tuple[object, ...]:
        """As the query takes them."""
        key = self.key.encode() if self.key else None
        return key, self.code, self.type, self.since, self.parked_id


async def list_parked(
    database: Database, consumer: str, chosen: Chosen | None = None, *, most: int = 100
) -> list[Row]:
    """Parked and blocked events, oldest first; without their bodies."""
    return await database.list_rows(
        f"""
        SELECT id, status, reason, error, attempts, type, topic, partition, position,
               encode(key, 'escape') AS key, sequence, first_failed_at, last_failed_at
          FROM parked
         WHERE {CHOSEN}
         ORDER BY id
         LIMIT $7
        """,  # noqa: S608 - a text of our own
        consumer,
        *(chosen or Chosen()).values,
        most,
    )


async def list_cases(database: Database, consumer: str, chosen: Chosen) -> list[Row]:
    """Cases that hold a chosen event: the first of each, and how many open ones there are.

    A record without a key is a case of its own.
    """
    return await database.list_rows(
        f"""
        WITH chosen AS (
            SELECT DISTINCT topic, key, CASE WHEN key IS NULL THEN id END AS alone
              FROM parked WHERE {CHOSEN}
        )
        SELECT first.id, first.topic, encode(first.key, 'escape') AS key, first.type, first.reason,
               first.error, first.attempts, first.first_failed_at, open.events
          FROM chosen
         CROSS JOIN LATERAL (
               SELECT * FROM parked
                WHERE consumer = $1 AND status IN ('parked', 'blocked') AND topic = chosen.topic
                  AND (key = chosen.key OR id = chosen.alone)
                ORDER BY sequence NULLS FIRST, id LIMIT 1) AS first
         CROSS JOIN LATERAL (
               SELECT count(*) AS events FROM parked
                WHERE consumer = $1 AND status IN ('parked', 'blocked') AND topic = chosen.topic
                  AND (key = chosen.key OR id = chosen.alone)) AS open
         ORDER BY first.id
        """,  # noqa: S608 - a text of our own
        consumer,
        *chosen.values,
    )


async def show(database: Database, consumer: str, parked_id: int) -> Row:
    """One parked event, whole."""
    row = await database.find_row(
        "SELECT * FROM parked WHERE consumer = $1 AND id = $2", consumer, parked_id
    )
    if row is None:
        raise ParkedEventNotFound
    return row


async def list_waiting(database: Database, consumer: str, *, most: int = 100) -> list[Row]:
    """Events that came before what they need, the longest waiting first, with what that is."""
    return await database.list_rows(
        """
        SELECT id, extract(epoch FROM clock_timestamp() - since)::float8 AS waited,
               missing_type, missing_id, type, topic, partition, position,
               encode(key, 'escape') AS key, sequence
          FROM waiting
         WHERE consumer = $1
         ORDER BY since, id
         LIMIT $2
        """,
        consumer,
        most,
    )
