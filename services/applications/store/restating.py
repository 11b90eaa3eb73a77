"""What is told anew, as stored: whole batches of it, in order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from schemas.deadline import Deadline
from services.applications.domain.application import Application
from services.applications.domain.offer import Offer
from services.applications.domain.placement import Placement
from services.applications.domain.selection import Selection
from services.applications.store import offers, selections
from services.applications.store.placements import placement_of


async def list_applications(
    tx: Transaction, application_ids: list[UUID]
) -> list[tuple[Application, datetime, Deadline]]:
    """Applications that were sent, when they first were, and when their rounds close."""
    rows = await tx.list_rows(
        """
        SELECT applications.*, closes_at, zone
          FROM applications
          JOIN known_rounds USING (vacancy_id, round)
         WHERE application_id = ANY ($1::uuid[]) AND submitted_at IS NOT NULL
         ORDER BY application_id
        """,
        application_ids,
    )
    return [
        (
            Application.from_row(row),
            row["submitted_at"],
            Deadline.from_instant(row["closes_at"], row["zone"]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Released:
    """A round's selection since its release, with how many were chosen."""

    selection: Selection
    at: datetime
    count: int
    ranked: int
    reserves: int
    not_ranked: int


async def list_selections(tx: Transaction, vacancy_ids: list[UUID]) -> list[Released]:
    """The released rounds of these vacancies."""
    counted = ("released_at", "released_count", "ranked", "reserves", "not_ranked")
    rows = await tx.list_rows(
        f"""
        SELECT {selections.COLUMNS}, known_rounds.released_at, known_rounds.released_count,
               chosen.*
          {selections.FROM},
               LATERAL (
                   SELECT count(*) FILTER (WHERE rank IS NOT NULL AND NOT is_reserve) AS ranked,
                          count(*) FILTER (WHERE is_reserve) AS reserves,
                          count(*) FILTER (WHERE rank IS NULL) AS not_ranked
                     FROM choices
                    WHERE choices.vacancy_id = known_rounds.vacancy_id
                      AND choices.round = known_rounds.round
               ) AS chosen
         WHERE known_rounds.vacancy_id = ANY ($1::uuid[]) AND released_at IS NOT NULL
         ORDER BY known_rounds.vacancy_id, known_rounds.round
        """,  # noqa: S608 - names of our own, no value
        vacancy_ids,
    )
    return [
        Released(selections.selection_of(row), *(row[name] for name in counted)) for row in rows
    ]


async def list_offers(
    tx: Transaction, application_ids: list[UUID]
) -> list[tuple[Offer, dict[str, Any]]]:
    """Offers that were told, with the placement that followed or the offer that set them free.

    Whoever accepts sets the other offers free in that same instant.
    """
    rows = await tx.list_rows(
        f"""
        SELECT {offers.COLUMNS}, placements.placement_id, taken.offer_id AS by_offer_id
          FROM offers
          JOIN known_vacancies USING (vacancy_id)
          LEFT JOIN placements USING (offer_id)
          LEFT JOIN offers AS taken
                 ON taken.applicant_cycle_id = offers.applicant_cycle_id
                AND taken.status IN ('accepted', 'vacated')
                AND taken.answered_at = offers.answered_at
                AND offers.status = 'superseded'
         WHERE offers.application_id = ANY ($1::uuid[]) AND offers.status <> 'prepared'
         ORDER BY offers.application_id
        """,  # noqa: S608 - names of our own, no value
        application_ids,
    )
    outcome = ("placement_id", "by_offer_id")
    return [(offers.offer_of(row), {name: row[name] for name in outcome}) for row in rows]


async def list_placements(tx: Transaction, application_ids: list[UUID]) -> list[Placement]:
    """The placements that these applications led to."""
    rows = await tx.list_rows(
        """
        SELECT * FROM placements
         WHERE application_id = ANY ($1::uuid[]) AND status NOT IN ('not_completed', 'no_show')
         ORDER BY application_id
        """,
        application_ids,
    )
    return [placement_of(row) for row in rows]
