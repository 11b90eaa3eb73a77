"""What an applicant must see of a vacancy before they write: title, host, instants, slots, rules."""

from dataclasses import dataclass
from uuid import UUID

from chassis import clock
from chassis.actor import Actor
from chassis.database import Database, Row
from schemas.rules import RuleSet
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.vacancy_round import VacancyIsNotHere, VacancyRound
from services.applications.views.rules import show_rules


@dataclass(frozen=True, slots=True)
class OpenVacancy:
    """A vacancy as its apply page shows it."""

    round: VacancyRound
    row: Row
    rules: RuleSet
    cycle: ApplicantCycle  # this person's; an empty one where nothing was heard of them in it
    used: tuple[str, ...]


async def show_vacancy(database: Database, vacancy_id: UUID, *, to: Actor) -> OpenVacancy:
    """The round of a vacancy that opened last. Before its opening it is not here (row 50)."""
    row = await database.find_row(
        """
        SELECT known_vacancies.*, known_rounds.*, known_vacancies.status AS vacancy_status
          FROM known_rounds
          JOIN known_vacancies USING (vacancy_id)
         WHERE vacancy_id = $1 AND university = $2 AND opens_at <= $3
         ORDER BY opens_at DESC LIMIT 1
        """,
        vacancy_id,
        to.university,
        await clock.shown(database),
    )
    if row is None or to.person_ref is None:
        raise VacancyIsNotHere
    found = VacancyRound.from_row(row)
    cycle = await show_applicant_cycle(database, found, to=to)
    return OpenVacancy(
        round=found,
        row=row,
        rules=await show_rules(database, found.programme_id, found.rule_set_version),
        cycle=cycle,
        used=await _used_slots(database, cycle, found),
    )


async def show_applicant_cycle(
    database: Database, found: VacancyRound, *, to: Actor
) -> ApplicantCycle:
    """This person in the cycle of this round."""
    row = await database.find_row(
        "SELECT * FROM applicant_cycles WHERE person_ref = $1 AND cycle_id = $2",
        to.person_ref,
        found.cycle_id,
    )
    if row is not None:
        return ApplicantCycle.from_row(row)
    nobody = UUID(int=0)  # no row is made by looking
    return ApplicantCycle(nobody, to.person_ref or nobody, found.cycle_id, to.university)


async def _used_slots(
    database: Database, cycle: ApplicantCycle, found: VacancyRound
) -> tuple[str, ...]:
    rows = await database.list_rows(
        """
        SELECT title, reference
          FROM applications
          JOIN known_vacancies USING (vacancy_id)
         WHERE applicant_cycle_id = $1 AND round = $2 AND takes_a_slot
         ORDER BY submitted_at
        """,
        cycle.applicant_cycle_id,
        str(found.round),
    )
    return tuple(f"{row['title']} ({row['reference']})" for row in rows)


async def find_live_application(
    database: Database, found: VacancyRound, *, to: Actor
) -> UUID | None:
    """The one that this person has in this round already, unless it ended."""
    return await database.value(
        """
        SELECT application_id FROM applications
         WHERE person_ref = $1 AND vacancy_id = $2 AND round = $3
           AND status IN ('draft', 'submitted', 'successful', 'unsuccessful', 'superseded')
        """,
        to.person_ref,
        found.vacancy_id,
        str(found.round),
    )


async def list_weeks(database: Database, cycle_id: UUID) -> list[Row]:
    """A cycle's weeks: name, first and last day, and whether a placement may span several."""
    return await database.list_rows(
        """
        SELECT week ->> 'name' AS name, (week ->> 'first_on')::date AS first_on,
               (week ->> 'last_on')::date AS last_on, dates ->> 'week_choice' AS choice
          FROM known_cycles, jsonb_array_elements(dates -> 'weeks') WITH ORDINALITY AS w (week, n)
         WHERE cycle_id = $1
         ORDER BY n
        """,
        cycle_id,
    )


async def count_open_vacancies(database: Database, *, to: Actor) -> Row:
    """How many can be applied for now, and until when the first of them."""
    return await database.get_row(
        """
        SELECT count(*) AS vacancies, min(closes_at) AS closes_at, min(known_rounds.zone) AS zone
          FROM known_rounds
          JOIN known_vacancies USING (vacancy_id)
         WHERE university = $1 AND status = 'published' AND sealed_at IS NULL
           AND opens_at <= $2 AND closes_at > $2
        """,
        to.university,
        await clock.shown(database),
    )
