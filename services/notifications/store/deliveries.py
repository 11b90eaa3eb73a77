"""Deliveries, as stored: one statement each."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Row, Transaction
from services.notifications.domain.delivery import CASE, Delivery, Status
from services.notifications.domain.letter import Standing

COLUMNS = """
    delivery_id, cause_id, letter, person_ref, copy, university, about_kind, about_id,
    programme_id, cycle_id, vacancy_id, host_id, application_id, fact, sealed, correlation_id,
    caused_at, status, next_try_at, attempts, doubts, fence, leased_until, data_at, ended_at,
    reply_code, reason_code, overdue_at
"""
HAS_AN_ADDRESS = """
    (sealed IS NOT NULL OR about_kind <> 'sign_in' AND person_ref IS NULL OR EXISTS (
        SELECT FROM known_cards
         WHERE known_cards.university = deliveries.university
           AND known_cards.person_ref = deliveries.person_ref))
"""


def as_delivery(row: Row) -> Delivery:
    """A row as the domain knows it."""
    given: dict[str, Any] = {name: row[name] for name in row if name not in CASE}
    given["status"] = Status(row["status"])
    return Delivery(**given, case={name: row[name] for name in CASE})


async def real_now(tx: Transaction) -> datetime:
    """The database's own time, unshifted: one clock for every sender."""
    return await tx.value("SELECT clock_timestamp()")


async def add_delivery(tx: Transaction, delivery: Delivery) -> bool:
    """Queue a letter; False where the same event, letter and person are known already."""
    added = await tx.execute(
        """
        INSERT INTO deliveries (
            delivery_id, cause_id, letter, person_ref, copy, university, about_kind, about_id,
            programme_id, cycle_id, vacancy_id, host_id, application_id, fact, sealed,
            correlation_id, caused_at, overdue_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        ON CONFLICT DO NOTHING
        """,
        delivery.delivery_id,
        delivery.cause_id,
        delivery.letter,
        delivery.person_ref,
        delivery.copy,
        delivery.university,
        delivery.about_kind,
        delivery.about_id,
        *(delivery.case.get(name) for name in CASE),
        dict(delivery.fact),
        delivery.sealed,
        delivery.correlation_id,
        delivery.caused_at,
        delivery.overdue_at,
    )
    return added == 1


async def lock_next_due(tx: Transaction) -> Delivery | None:
    """Hold the next letter whose time has come and whose address is known; others skip it."""
    row = await tx.find_row(
        f"""
        SELECT {COLUMNS}
          FROM deliveries
         WHERE status = 'queued' AND next_try_at <= clock_timestamp() AND {HAS_AN_ADDRESS}
         ORDER BY next_try_at, number
         LIMIT 1
           FOR UPDATE SKIP LOCKED
        """  # noqa: S608 - names of our own, no value
    )
    return as_delivery(row) if row else None


async def lock_delivery(tx: Transaction, delivery_id: UUID) -> Delivery | None:
    """Hold one delivery until the transaction ends."""
    row = await tx.find_row(
        f"SELECT {COLUMNS} FROM deliveries WHERE delivery_id = $1 FOR UPDATE",  # noqa: S608 - as above
        delivery_id,
    )
    return as_delivery(row) if row else None


async def lock_leased(tx: Transaction, delivery: Delivery) -> Delivery | None:
    """Hold a delivery that is still ours; None where the lease has gone to another (the fence)."""
    row = await tx.find_row(
        f"""
        SELECT {COLUMNS}
          FROM deliveries
         WHERE delivery_id = $1 AND fence = $2 AND status = 'sending'
           FOR UPDATE
        """,  # noqa: S608 - names of our own, no value
        delivery.delivery_id,
        delivery.fence,
    )
    return as_delivery(row) if row else None


async def begin_data(tx: Transaction, delivery: Delivery) -> bool:
    """Note that from now on the server may have it; False where the lease has gone to another."""
    noted = await tx.execute(
        """
        UPDATE deliveries
           SET data_at = clock_timestamp()
         WHERE delivery_id = $1 AND fence = $2 AND status = 'sending'
        """,
        delivery.delivery_id,
        delivery.fence,
    )
    return noted == 1


async def save_delivery(tx: Transaction, delivery: Delivery) -> None:
    """Write how far it got. A secret leaves with the state that needs it no more."""
    await tx.execute(
        """
        UPDATE deliveries
           SET status = $2, next_try_at = coalesce($3, next_try_at), attempts = $4, doubts = $5,
               fence = $6, leased_until = $7, data_at = $8, ended_at = $9, reply_code = $10,
               reason_code = $11, sealed = $12,
               fact = CASE WHEN about_kind = 'sign_in' THEN '{}'::jsonb ELSE fact END
         WHERE delivery_id = $1
        """,
        delivery.delivery_id,
        delivery.status,
        delivery.next_try_at,
        delivery.attempts,
        delivery.doubts,
        delivery.fence,
        delivery.leased_until,
        delivery.data_at,
        delivery.ended_at,
        delivery.reply_code,
        delivery.reason_code,
        delivery.sealed,
    )


async def save_words(tx: Transaction, delivery_id: UUID, *, subject: str, body: str) -> None:
    """Keep what was written, for the person's history."""
    await tx.execute(
        "UPDATE deliveries SET subject = $2, body = $3 WHERE delivery_id = $1",
        delivery_id,
        subject,
        body,
    )


async def count_copies(tx: Transaction, delivery: Delivery) -> int:
    """How often this letter to this person was queued, the first time included."""
    return await tx.value(
        """
        SELECT count(*)
          FROM deliveries
         WHERE cause_id = $1 AND letter = $2 AND person_ref IS NOT DISTINCT FROM $3
        """,
        delivery.cause_id,
        delivery.letter,
        delivery.person_ref,
    )


async def get_standing(tx: Transaction, delivery: Delivery) -> Standing:
    """How the things that a letter speaks of stand now."""
    row = await tx.get_row(
        """
        SELECT (SELECT status FROM known_offers WHERE offer_id = $1) AS offer,
               (SELECT respond_by_at FROM known_offers WHERE offer_id = $1) AS respond_by_at,
               (SELECT status FROM known_placements WHERE placement_id = $2) AS placement,
               (SELECT status FROM known_claims WHERE claim_id = $3) AS claim,
               (SELECT status FROM known_selections
                 WHERE vacancy_id = $4 AND round = $5) AS selection,
               coalesce((SELECT is_withdrawn FROM known_vacancies WHERE vacancy_id = $4), false)
                   AS vacancy_is_withdrawn
        """,
        *(_id(delivery, name) for name in ("offer_id", "placement_id", "claim_id", "vacancy_id")),
        delivery.fact.get("round"),
    )
    return Standing(**row)


def _id(delivery: Delivery, name: str) -> UUID | None:
    value = delivery.fact.get(name)
    return UUID(value) if value else None


# ---- what time and retention ask for ----


async def list_lapsed_leases(tx: Transaction) -> list[UUID]:
    """Letters whose sender has died."""
    rows = await tx.list_rows(
        """
        SELECT delivery_id
          FROM deliveries
         WHERE status = 'sending' AND leased_until < clock_timestamp()
         ORDER BY leased_until
         LIMIT 100
        """
    )
    return [row["delivery_id"] for row in rows]


async def list_overdue(tx: Transaction) -> list[UUID]:
    """Receipts that are not out in the promised time, and of which nobody was told."""
    rows = await tx.list_rows(
        """
        SELECT delivery_id
          FROM deliveries
         WHERE overdue_at < clock_timestamp() AND overdue_told_at IS NULL
           AND status IN ('queued', 'held', 'sending', 'failed', 'unknown')
         ORDER BY overdue_at
         LIMIT 100
        """
    )
    return [row["delivery_id"] for row in rows]


async def note_overdue_told(tx: Transaction, delivery_id: UUID) -> bool:
    """True the first time."""
    noted = await tx.execute(
        """
        UPDATE deliveries
           SET overdue_told_at = clock_timestamp()
         WHERE delivery_id = $1 AND overdue_told_at IS NULL
        """,
        delivery_id,
    )
    return noted == 1


async def list_without_address(tx: Transaction, *, waited: timedelta) -> list[UUID]:
    """Letters for which no contact card has come in all that time."""
    rows = await tx.list_rows(
        f"""
        SELECT delivery_id
          FROM deliveries
         WHERE status = 'queued' AND queued_at < clock_timestamp() - $1::interval
           AND NOT {HAS_AN_ADDRESS}
         ORDER BY number
         LIMIT 100
        """,  # noqa: S608 - names of our own, no value
        waited,
    )
    return [row["delivery_id"] for row in rows]


async def forget_bodies(tx: Transaction, *, kept: timedelta) -> int:
    """Empty what was written so long ago."""
    return await tx.execute(
        """
        UPDATE deliveries
           SET subject = NULL, body = NULL
         WHERE delivery_id IN (
               SELECT delivery_id
                 FROM deliveries
                WHERE body IS NOT NULL AND ended_at < clock_timestamp() - $1::interval
                LIMIT 500)
        """,
        kept,
    )


async def delete_old_deliveries(tx: Transaction, *, kept: timedelta) -> int:
    """Delete what ended so long ago."""
    return await tx.execute(
        """
        DELETE FROM deliveries
         WHERE delivery_id IN (
               SELECT delivery_id
                 FROM deliveries
                WHERE ended_at < clock_timestamp() - $1::interval
                LIMIT 500)
        """,
        kept,
    )


async def erase_card(tx: Transaction, *, university: str, person_ref: UUID) -> int:
    """Forget how to write to a person."""
    return await tx.execute(
        "DELETE FROM known_cards WHERE university = $1 AND person_ref = $2", university, person_ref
    )


async def erase_deliveries(tx: Transaction, *, university: str, person_ref: UUID) -> int:
    """Forget what a person was written: words, and whom it was for."""
    return await tx.execute(
        "DELETE FROM deliveries WHERE university = $1 AND person_ref = $2", university, person_ref
    )


async def erase_mentions(tx: Transaction, *, university: str, person_ref: UUID) -> int:
    """Empty what others were written about a person: an introduction holds their name and address."""
    return await tx.execute(
        """
        UPDATE deliveries
           SET subject = NULL, body = NULL
         WHERE university = $1 AND fact ->> 'person_ref' = $2::text AND body IS NOT NULL
        """,
        university,
        str(person_ref),
    )


async def erase_applications(tx: Transaction, *, university: str, person_ref: UUID) -> int:
    """Forget the references a person quoted."""
    return await tx.execute(
        "DELETE FROM known_applications WHERE university = $1 AND person_ref = $2",
        university,
        person_ref,
    )
