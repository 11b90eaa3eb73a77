"""Placements as interns, hosts, supervisors and the office see them."""

from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from schemas.advert import Day
from services.applications.domain.placement import PlacementIsNotYours
from services.applications.views.selections import is_office

_PLACEMENTS = """
    SELECT placements.placement_id, placements.offer_id, placements.application_id,
           placements.vacancy_id, placements.host_id, placements.person_ref, placements.round,
           placements.status AS state, placements.days, placements.mode, placements.region,
           placements.country, placements.zone, placements.starts_at, placements.ends_at,
           placements.confirmed_at, placements.introduced_at, placements.started_at,
           placements.ended_at, placements.reason_code, placements.reason,
           placements.supervisor_ref, placements.university, known_vacancies.title,
           known_vacancies.host_public_name AS host, known_vacancies.city,
           known_vacancies.programme_id, known_vacancies.programme_name,
           known_vacancies.cycle_id, known_vacancies.cycle_name,
           placements.rule_set_version, applications.name, applications.reference,
           offers.hours_confirmed
      FROM placements
      JOIN known_vacancies USING (vacancy_id)
      JOIN applications USING (application_id)
      JOIN offers USING (offer_id)
     WHERE placements.university = $1
       AND ($2 OR placements.person_ref = $3 OR placements.host_id = ANY ($4)
            OR (placements.supervisor_ref = $3 AND placements.host_id = ANY ($5)))
"""


async def list_placements(reader: Reader, *, to: Actor) -> list[Row]:
    """One's own, one's host's, those one supervises; for the office, all of its university."""
    rows = await reader.list_rows(
        f"{_PLACEMENTS} ORDER BY placements.starts_at, placements.placement_id", *_seen_by(to)
    )
    return [_placement(row) for row in rows]


async def show_placement(reader: Reader, placement_id: UUID, *, to: Actor) -> Row:
    """One placement. Raises `PlacementIsNotYours` for whom it does not concern."""
    row = await reader.find_row(
        f"{_PLACEMENTS} AND placements.placement_id = $6", *_seen_by(to), placement_id
    )
    if row is None:
        raise PlacementIsNotYours
    return _placement(row)


def _seen_by(actor: Actor) -> tuple[Any, ...]:
    return (
        actor.university,
        is_office(actor),
        actor.person_ref or UUID(int=0),
        sorted(actor.hosts),
        sorted(actor.supervises_at),
    )


def _placement(row: Row) -> Row:
    row["days"] = [Day.model_validate(day) for day in row["days"]]
    row["last_on"] = max(day.on for day in row["days"])
    row["first_on"] = min(day.on for day in row["days"])
    return row
