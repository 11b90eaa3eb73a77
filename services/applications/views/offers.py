"""Offers as their applicants and the office see them."""

from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from schemas.advert import Day
from schemas.deadline import Deadline
from services.applications.domain.offer import OfferIsNotYours
from services.applications.views.selections import is_office

_OFFERS = """
    SELECT offers.offer_id, offers.application_id, offers.vacancy_id, offers.round,
           offers.person_ref, offers.applicant_cycle_id, offers.host_id, offers.rank,
           offers.from_reserve, offers.status AS state, offers.made_at, offers.respond_by_at,
           offers.respond_by_zone, offers.respond_by_wall, offers.answered_at, offers.reason_code,
           offers.reason, known_vacancies.title, known_vacancies.host_public_name AS host,
           known_vacancies.programme_id, known_vacancies.programme_name,
           known_vacancies.cycle_id, known_vacancies.cycle_name,
           known_vacancies.rule_set_version, known_vacancies.days, known_vacancies.mode,
           known_vacancies.city, known_vacancies.country, known_vacancies.zone,
           known_vacancies.first_on, known_vacancies.last_on, known_vacancies.pay_model,
           applications.name, applications.reference, applications.submitted_at,
           known_rounds.released_at, placements.placement_id, placements.status AS placement_state,
           applicant_cycles.bound_by_offer_id
      FROM offers
      JOIN known_vacancies USING (vacancy_id)
      JOIN applications USING (application_id)
      JOIN applicant_cycles ON applicant_cycles.applicant_cycle_id = offers.applicant_cycle_id
      JOIN known_rounds ON known_rounds.vacancy_id = offers.vacancy_id
                       AND known_rounds.round = offers.round
      LEFT JOIN placements ON placements.offer_id = offers.offer_id
     WHERE offers.university = $1
       AND ($2::uuid IS NULL OR (offers.person_ref = $2 AND offers.made_at IS NOT NULL))
"""


async def list_offers(reader: Reader, *, to: Actor) -> list[Row]:
    """One's own; for the office, all of its university. One that is only prepared is told nobody."""
    rows = await reader.list_rows(
        f"{_OFFERS} ORDER BY offers.respond_by_at NULLS FIRST, offers.offer_id", *_seen_by(to)
    )
    return [_offer(row, to=to) for row in rows]


async def show_offer(reader: Reader, offer_id: UUID, *, to: Actor) -> Row:
    """One offer. Raises `OfferIsNotYours` for any but its applicant and the office."""
    row = await reader.find_row(f"{_OFFERS} AND offers.offer_id = $3", *_seen_by(to), offer_id)
    if row is None:
        raise OfferIsNotYours
    return _offer(row, to=to)


async def list_what_acceptance_ends(reader: Reader, offer: Row) -> list[Row]:
    """The same person's other live applications and open offers of the cycle."""
    return await reader.list_rows(
        """
        SELECT applications.application_id, known_vacancies.title,
               known_vacancies.host_public_name AS host, offers.offer_id
          FROM applications
          JOIN known_vacancies USING (vacancy_id)
          LEFT JOIN offers ON offers.application_id = applications.application_id
                          AND offers.status = 'made'
         WHERE applications.applicant_cycle_id = $1 AND applications.application_id <> $2
           AND applications.status = 'submitted'
           AND NOT EXISTS (
               SELECT FROM offers AS ended
                WHERE ended.application_id = applications.application_id
                  AND ended.status IN ('declined', 'expired', 'withdrawn')
           )
         ORDER BY title
        """,
        offer["applicant_cycle_id"],
        offer["application_id"],
    )


async def find_title(reader: Reader, offer_id: UUID | None, *, to: Actor) -> str | None:
    """Of which place an offer of one's own is; None where there is none."""
    return await reader.value(
        """
        SELECT title FROM offers JOIN known_vacancies USING (vacancy_id)
         WHERE offer_id = $1 AND person_ref = $2 AND offers.university = $3
        """,
        offer_id,
        to.person_ref,
        to.university,
    )


def _seen_by(actor: Actor) -> tuple[str, Any]:
    return actor.university, None if is_office(actor) else actor.person_ref or UUID(int=0)


def _offer(row: Row, *, to: Actor) -> Row:
    by = [row.pop(f"respond_by_{part}") for part in ("at", "zone", "wall")]
    row["respond_by"] = Deadline(at=by[0], zone=by[1], wall=by[2]) if by[0] else None
    row["days"] = [Day.model_validate(day) for day in row["days"]]
    if not is_office(to):  # others' business: where one stood on the host's list
        del row["rank"]
    return row
