"""Deliveries as the office sees them, and whether a sender has anything to do."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from services.notifications.domain.delivery import DeliveryIsNotYours

COLUMNS = """
    delivery_id, number, letter, person_ref, copy, about_kind, about_id, application_id,
    vacancy_id, host_id, cause_id, correlation_id, caused_at, queued_at, next_try_at, ended_at,
    status, attempts, doubts, reply_code, reason_code, subject
"""
PAGE = 25


async def is_anything_due(reader: Reader) -> bool:
    """Whether a letter's time has come: asked often, answered from an index."""
    return await reader.value(
        """
        SELECT EXISTS (
            SELECT FROM deliveries WHERE status = 'queued' AND next_try_at <= clock_timestamp())
        """
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """What the office looks for; None asks for everything."""

    letter: str | None = None
    status: str | None = None
    person_ref: UUID | None = None
    application_id: UUID | None = None


WANTED = """
    university = $1
    AND ($2::text IS NULL OR letter = $2) AND ($3::text IS NULL OR status = $3)
    AND ($4::uuid IS NULL OR person_ref = $4) AND ($5::uuid IS NULL OR application_id = $5)
"""
TROUBLE_FIRST = """
    (status IN ('failed', 'bounced', 'unknown')
     AND letter IN ('offer', 'promoted', 'offer_half_way', 'offer_last_hours')) DESC,
    (status IN ('failed', 'bounced', 'unknown')) DESC,
    number DESC
"""


async def list_deliveries(
    reader: Reader, filters: Filters, *, to: Actor, page: int = 1, size: int = PAGE
) -> list[Row]:
    """One page of a university's deliveries: those that failed on an offer first, then the newest."""
    return await reader.list_rows(
        f"""
        SELECT {COLUMNS}
          FROM deliveries
         WHERE {WANTED}
         ORDER BY {TROUBLE_FIRST}
         LIMIT $6 OFFSET $7
        """,  # noqa: S608 - names of our own, no value
        *_asked(filters, to),
        size,
        (page - 1) * size,
    )


async def count_deliveries(reader: Reader, filters: Filters, *, to: Actor) -> int:
    """How many match."""
    return await reader.value(
        f"SELECT count(*) FROM deliveries WHERE {WANTED}",  # noqa: S608 - as above
        *_asked(filters, to),
    )


def _asked(filters: Filters, to: Actor) -> tuple[Any, ...]:
    return (
        to.university,
        filters.letter,
        filters.status,
        filters.person_ref,
        filters.application_id,
    )


async def count_by_letter(reader: Reader, *, to: Actor) -> list[Row]:
    """How many of each letter got how far."""
    return await reader.list_rows(
        """
        SELECT letter, status, count(*) AS count
          FROM deliveries
         WHERE university = $1
         GROUP BY letter, status
         ORDER BY letter, status
        """,
        to.university,
    )


async def show_delivery(reader: Reader, delivery_id: UUID, *, to: Actor) -> Row:
    """One delivery with its words. Raises `DeliveryIsNotYours`."""
    row = await reader.find_row(
        f"SELECT {COLUMNS}, body FROM deliveries WHERE delivery_id = $1 AND university = $2",  # noqa: S608 - names of our own, no value
        delivery_id,
        to.university,
    )
    if row is None:
        raise DeliveryIsNotYours
    return row
