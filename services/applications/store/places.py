"""Places of a vacancy: how many are free, who would be asked next, and who is there to be told."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.database import Reader, Row, Transaction
from schemas.rules import Round
from services.applications.domain.outcome import Considered
from services.applications.store.cases import case_of

# A place is held by an offer that is prepared, made or accepted: `offer.HOLDING_A_PLACE`.
FREE = """
    known_vacancies.places - (
        SELECT count(*) FROM offers
         WHERE offers.vacancy_id = known_vacancies.vacancy_id
           AND offers.status IN ('prepared', 'made', 'accepted')
    )
"""
ONE_PER_CYCLE = "(known_rule_sets.rules -> 'offers' ->> 'one_acceptance_per_cycle')::boolean"
IS_BOUND = f"(applicant_cycles.bound_by_offer_id IS NOT NULL AND {ONE_PER_CYCLE})"
MAY_REFILL = """
    ($1::timestamptz AT TIME ZONE (known_rule_sets.rules -> 'kind' ->> 'zone'))::date
    <= known_vacancies.first_on
       - (known_rule_sets.rules -> 'offers' ->> 'refill_until_days_before_start')::integer
"""
# Ranked, live, never asked, not placed elsewhere. While the office's word is being carried out the
# calendar does not matter; afterwards a reserve needs days to prepare.
NEXT = f"""
      FROM choices
      JOIN selections USING (vacancy_id, round)
      JOIN applications USING (application_id)
      JOIN applicant_cycles USING (applicant_cycle_id)
      JOIN known_vacancies ON known_vacancies.vacancy_id = choices.vacancy_id
      JOIN known_rule_sets ON known_rule_sets.programme_id = known_vacancies.programme_id
                          AND known_rule_sets.version = known_vacancies.rule_set_version
      LEFT JOIN outcome_releases ON outcome_releases.vacancy_id = choices.vacancy_id
                                AND outcome_releases.round = choices.round
     WHERE choices.rank IS NOT NULL
       AND applications.status = 'submitted'
       AND NOT {IS_BOUND}
       AND NOT EXISTS (
           SELECT FROM offers WHERE offers.application_id = choices.application_id
       )
       AND known_vacancies.status <> 'withdrawn'
       AND ((outcome_releases.asked_at IS NOT NULL AND outcome_releases.done_at IS NULL)
            OR (selections.status = 'told' AND {MAY_REFILL}))
"""


@dataclass(frozen=True, slots=True)
class Places:
    """What the lock on a vacancy's row is taken for."""

    free: int
    stands: bool
    first_on: date


async def lock_vacancy(tx: Transaction, vacancy_id: UUID) -> None:
    """Hold a vacancy's row: its places are counted, and given, one after the other.

    Taken after the row of the person who is asked. Count in a statement after this one.
    """
    await tx.get_row("SELECT 1 FROM known_vacancies WHERE vacancy_id = $1 FOR UPDATE", vacancy_id)


async def get_places(reader: Reader, vacancy_id: UUID) -> Places:
    """How many places are free; exact only under the vacancy's lock."""
    row = await reader.get_row(
        f"""
        SELECT {FREE} AS free, status <> 'withdrawn' AS stands, first_on
          FROM known_vacancies
         WHERE vacancy_id = $1
        """,  # noqa: S608 - names of our own, no value
        vacancy_id,
    )
    return Places(**row)


async def list_next_to_ask(tx: Transaction, *, now: datetime) -> list[UUID]:
    """For each vacancy with a free place, the application that is next in its host's order."""
    rows = await tx.list_rows(
        f"""
        SELECT DISTINCT ON (choices.vacancy_id) choices.application_id
        {NEXT}
           AND {FREE} > 0
         ORDER BY choices.vacancy_id, choices.round, choices.rank
        """,
        now,
    )
    return [row["application_id"] for row in rows]


async def list_exhausted(tx: Transaction, *, now: datetime) -> list[Row]:
    """Told rounds with free places, no offer out and nobody left to ask, not yet said.

    A round that is followed by one that has opened is that one's business.
    """
    return await tx.list_rows(
        f"""
        SELECT selections.vacancy_id, selections.round
          FROM selections
          JOIN known_vacancies USING (vacancy_id)
         WHERE selections.status = 'told'
           AND known_vacancies.status <> 'withdrawn'
           AND {FREE} > selections.exhausted_places
           AND NOT EXISTS (
               SELECT FROM offers
                WHERE offers.vacancy_id = selections.vacancy_id
                  AND offers.status IN ('prepared', 'made')
           )
           AND NOT EXISTS (
               SELECT FROM known_rounds AS later
                WHERE later.vacancy_id = selections.vacancy_id
                  AND later.round > selections.round AND later.opens_at <= $1
           )
           AND selections.vacancy_id NOT IN (SELECT choices.vacancy_id {NEXT})
         ORDER BY selections.vacancy_id LIMIT 200
        """,  # noqa: S608 - names of our own, no value
        now,
    )


CANDIDATES = f"""
    SELECT applications.application_id, applications.applicant_cycle_id, applications.person_ref,
           applications.name, applications.round, known_vacancies.university,
           known_vacancies.programme_id, known_vacancies.rule_set_version,
           known_vacancies.cycle_id, known_vacancies.vacancy_id, known_vacancies.host_id,
           known_vacancies.title, known_vacancies.host_public_name,
           applications.status = 'submitted' AS is_live, {IS_BOUND} AS is_bound,
           offers.offer_id IS NOT NULL AS was_asked,
           choices.rank, coalesce(choices.is_reserve, false) AS is_reserve, choices.reason_code,
           choices.told
      FROM applications
      JOIN known_vacancies USING (vacancy_id)
      JOIN applicant_cycles USING (applicant_cycle_id)
      JOIN known_rule_sets ON known_rule_sets.programme_id = known_vacancies.programme_id
                          AND known_rule_sets.version = known_vacancies.rule_set_version
      LEFT JOIN choices ON choices.application_id = applications.application_id
      LEFT JOIN offers ON offers.application_id = applications.application_id
"""  # noqa: S608 - names of our own, no value


async def get_considered(tx: Transaction, application_id: UUID) -> Considered:
    """One application, as telling sees it; read after its applicant's row is locked."""
    row = await tx.get_row(f"{CANDIDATES} WHERE applications.application_id = $1", application_id)
    return _considered_of(row)


async def list_considered(reader: Reader, vacancy_id: UUID, which: Round) -> list[Considered]:
    """Everyone who applied in a round, whatever has become of them."""
    rows = await reader.list_rows(
        f"""
        {CANDIDATES}
         WHERE applications.vacancy_id = $1 AND applications.round = $2
           AND applications.submitted_at IS NOT NULL
         ORDER BY choices.rank NULLS LAST, applications.application_id
        """,
        vacancy_id,
        which,
    )
    return [_considered_of(row) for row in rows]


def _considered_of(row: Row) -> Considered:
    return Considered(
        application_id=row["application_id"],
        applicant_cycle_id=row["applicant_cycle_id"],
        person_ref=row["person_ref"],
        case=case_of(row),
        title=row["title"],
        host=row["host_public_name"],
        is_live=row["is_live"],
        is_bound=row["is_bound"],
        was_asked=row["was_asked"],
        rank=row["rank"],
        is_reserve=row["is_reserve"],
        reason_code=row["reason_code"],
        told=row["told"],
        name=row["name"] or "",
    )
