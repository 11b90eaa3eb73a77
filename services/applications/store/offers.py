"""Offers, and the lock by which everything about them is decided one after the other."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Reader, Row, Transaction
from schemas.applications import OfferReminder
from schemas.deadline import Deadline
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.offer import Offer, Status
from services.applications.store.cases import case_of

# The case is judged by the version of the rules that its vacancy carries now; the row keeps the one
# under which the offer was made.
COLUMNS = """
    offers.*, known_vacancies.rule_set_version AS rule_set_version,
    known_vacancies.title, known_vacancies.host_public_name,
    known_vacancies.status <> 'withdrawn' AS vacancy_stands
"""


async def lock_offer(tx: Transaction, offer_id: UUID) -> tuple[Offer, ApplicantCycle] | None:
    """Hold the applicant's row of this cycle, and this offer, until the transaction ends.

    Whatever answers, lapses or withdraws any of a person's offers takes this lock first. So of two
    acceptances sent in the same moment, or one sent at the stroke of the deadline, the second
    waits, sees what the first did, and is judged by that. Both rows are named, the person's first:
    rows are locked in that order, and one that is only joined would be read as before the wait.
    None where there is no such offer.
    """
    row = await tx.find_row(
        f"""
        SELECT {COLUMNS}, applicant_cycles.bound_by_offer_id,
               applicant_cycles.live_first, applicant_cycles.live_second
          FROM applicant_cycles
          JOIN offers USING (applicant_cycle_id)
          JOIN known_vacancies USING (vacancy_id)
         WHERE offers.offer_id = $1
           FOR UPDATE OF applicant_cycles, offers
        """,  # noqa: S608 - names of our own, no value
        offer_id,
    )
    return (offer_of(row), _applicant_cycle_of(row)) if row else None


async def list_other_offers(tx: Transaction, held: Offer) -> tuple[Offer, ...]:
    """The same person's other offers in the same cycle; the lock on the person's row covers them."""
    rows = await tx.list_rows(
        f"""
        SELECT {COLUMNS}
          FROM offers
          JOIN known_vacancies USING (vacancy_id)
         WHERE applicant_cycle_id = $1 AND offer_id <> $2
         ORDER BY offer_id
        """,  # noqa: S608 - names of our own, no value
        held.applicant_cycle_id,
        held.offer_id,
    )
    return tuple(offer_of(row) for row in rows)


async def list_unanswered_offers_of(tx: Transaction, application_id: UUID) -> tuple[Offer, ...]:
    """The offer of an application that holds a place and waits; the person's row covers it."""
    rows = await tx.list_rows(
        f"""
        SELECT {COLUMNS}
          FROM offers
          JOIN known_vacancies USING (vacancy_id)
         WHERE application_id = $1 AND offers.status IN ('prepared', 'made')
        """,  # noqa: S608 - names of our own, no value
        application_id,
    )
    return tuple(offer_of(row) for row in rows)


async def add_offer(tx: Transaction, offer: Offer) -> None:
    """Keep a new offer."""
    case = offer.case
    await tx.execute(
        """
        INSERT INTO offers (
            offer_id, application_id, applicant_cycle_id, person_ref, university, programme_id,
            rule_set_version, cycle_id, vacancy_id, host_id, round, rank, from_reserve,
            one_per_cycle, status, made_at, respond_by_at, respond_by_zone, respond_by_wall,
            half_way_at, last_hours_at
        ) VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21
        )
        """,
        offer.offer_id,
        offer.application_id,
        offer.applicant_cycle_id,
        offer.person_ref,
        case.university,
        case.programme_id,
        case.rule_set_version,
        case.cycle_id,
        case.vacancy_id,
        case.host_id,
        case.round,
        offer.rank,
        offer.from_reserve,
        offer.one_per_cycle,
        offer.status,
        offer.made_at,
        *_deadline(offer.respond_by),
        offer.half_way_at,
        offer.last_hours_at,
    )


async def save_offers(tx: Transaction, offers: tuple[Offer, ...]) -> None:
    """Keep where these offers stand now."""
    for offer in offers:
        await save_offer(tx, offer)


async def save_offer(tx: Transaction, offer: Offer) -> None:
    """Keep where this offer stands now. What it is for, and for whom, never changes."""
    await tx.execute(
        """
        UPDATE offers
           SET status = $2, made_at = $3, respond_by_at = $4, respond_by_zone = $5,
               respond_by_wall = $6, answered_at = $7, reason_code = $8, reason = $9,
               half_way_at = $10, last_hours_at = $11, reminded = $12, hours_confirmed = $13,
               letter_sent_at = $14
         WHERE offer_id = $1
        """,
        offer.offer_id,
        offer.status,
        offer.made_at,
        *_deadline(offer.respond_by),
        offer.answered_at,
        offer.reason_code,
        offer.reason,
        offer.half_way_at,
        offer.last_hours_at,
        list(offer.reminded),
        offer.hours_confirmed,
        offer.letter_sent_at,
    )


async def list_offers_past_their_time(tx: Transaction, *, now: datetime) -> list[UUID]:
    """Offers that wait for an answer, and whose time is over."""
    rows = await tx.list_rows(
        """
        SELECT offer_id FROM offers
         WHERE status = 'made' AND respond_by_at <= $1
         ORDER BY respond_by_at LIMIT 500
        """,
        now,
    )
    return [row["offer_id"] for row in rows]


async def list_offers_to_remind(
    tx: Transaction, *, now: datetime
) -> list[tuple[UUID, OfferReminder]]:
    """Offers that wait for an answer, with the reminder that is due; of two, the more pressing."""
    rows = await tx.list_rows(
        """
        SELECT offer_id,
               CASE WHEN last_hours_at <= $1 AND NOT 'last_hours' = ANY (reminded)
                    THEN 'last_hours' ELSE 'half_way' END AS kind
          FROM offers
         WHERE status = 'made' AND respond_by_at > $1 AND NOT 'last_hours' = ANY (reminded)
           AND (last_hours_at <= $1 OR (half_way_at <= $1 AND NOT 'half_way' = ANY (reminded)))
         ORDER BY offer_id LIMIT 500
        """,
        now,
    )
    return [(row["offer_id"], OfferReminder(row["kind"])) for row in rows]


async def list_offers_without_ground(tx: Transaction) -> list[Row]:
    """Unanswered offers whose vacancy was withdrawn, or whose application has ended."""
    return await tx.list_rows(
        """
        SELECT offer_id,
               CASE WHEN known_vacancies.status = 'withdrawn'
                    THEN 'vacancy_withdrawn' ELSE 'application_withdrawn' END AS because
          FROM offers
          JOIN known_vacancies USING (vacancy_id)
          JOIN applications USING (application_id)
         WHERE offers.status IN ('prepared', 'made')
           AND (known_vacancies.status = 'withdrawn'
                OR applications.status IN ('withdrawn', 'ineligible', 'vacancy_withdrawn'))
         ORDER BY offer_id LIMIT 500
        """
    )


async def find_offer(reader: Reader, offer_id: UUID) -> Offer | None:
    """An offer as it stands, to be shown; None where there is none."""
    row = await reader.find_row(
        f"""
        SELECT {COLUMNS} FROM offers JOIN known_vacancies USING (vacancy_id) WHERE offer_id = $1
        """,  # noqa: S608 - names of our own, no value
        offer_id,
    )
    return offer_of(row) if row else None


def offer_of(row: Row) -> Offer:
    """An offer out of a row with `COLUMNS`."""
    return Offer(
        offer_id=row["offer_id"],
        application_id=row["application_id"],
        applicant_cycle_id=row["applicant_cycle_id"],
        person_ref=row["person_ref"],
        case=case_of(row),
        status=Status(row["status"]),
        title=row["title"],
        host=row["host_public_name"],
        rank=row["rank"],
        from_reserve=row["from_reserve"],
        one_per_cycle=row["one_per_cycle"],
        made_at=row["made_at"],
        respond_by=_deadline_of(row),
        answered_at=row["answered_at"],
        reason_code=row["reason_code"],
        reason=row["reason"],
        hours_confirmed=row["hours_confirmed"],
        letter_sent_at=row["letter_sent_at"],
        vacancy_stands=row["vacancy_stands"],
        half_way_at=row["half_way_at"],
        last_hours_at=row["last_hours_at"],
        reminded=tuple(OfferReminder(kind) for kind in row["reminded"]),
    )


def _deadline(by: Deadline | None) -> tuple[Any, ...]:
    return (by.at, by.zone, by.wall) if by else (None, None, None)


def _deadline_of(row: Row) -> Deadline | None:
    if row["respond_by_at"] is None:
        return None
    return Deadline(
        at=row["respond_by_at"], zone=row["respond_by_zone"], wall=row["respond_by_wall"]
    )


def _applicant_cycle_of(row: Row) -> ApplicantCycle:
    return ApplicantCycle(
        applicant_cycle_id=row["applicant_cycle_id"],
        person_ref=row["person_ref"],
        cycle_id=row["cycle_id"],
        university=row["university"],
        bound_by_offer_id=row["bound_by_offer_id"],
        live_first=row["live_first"],
        live_second=row["live_second"],
    )
