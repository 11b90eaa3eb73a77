"""Rounds of vacancies: the lock between submitters and the closer, and where a round stands."""

from datetime import datetime
from uuid import UUID

from chassis.database import Reader, Transaction
from schemas.rules import Round
from services.applications.domain.vacancy_round import VacancyRound

RoundKey = tuple[UUID, Round]

_ROUND = """
    SELECT known_rounds.*, known_vacancies.university, known_vacancies.programme_id,
           known_vacancies.cycle_id, known_vacancies.rule_set_version, known_vacancies.host_id,
           known_vacancies.title, known_vacancies.host_public_name, known_vacancies.places,
           known_vacancies.status AS vacancy_status
      FROM known_rounds
      JOIN known_vacancies USING (vacancy_id)
"""


async def hold_open(tx: Transaction, vacancy_id: UUID, which: Round) -> None:
    """Hold a round against its closer, beside any number of others who write or send.

    Taken after the applicant's row of the cycle, before any other; released with the transaction.
    What the round's instants and states are is read in a statement after this one.
    """
    await tx.execute(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", _name(vacancy_id, which)
    )


async def hold_alone(tx: Transaction, vacancy_id: UUID, which: Round) -> None:
    """Wait until nobody writes or sends to a round, and keep everybody out until the end.

    For closing, releasing, and moving a round's instants.
    """
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", _name(vacancy_id, which)
    )


def _name(vacancy_id: UUID, which: Round) -> str:
    return f"applications.round:{vacancy_id}:{which}"


async def find_round(reader: Reader, vacancy_id: UUID, which: Round) -> VacancyRound | None:
    """One round, with what is needed of its vacancy."""
    row = await reader.find_row(
        f"{_ROUND} WHERE vacancy_id = $1 AND round = $2", vacancy_id, str(which)
    )
    return VacancyRound.from_row(row) if row else None


async def find_latest_round(
    reader: Reader, vacancy_id: UUID, *, now: datetime
) -> VacancyRound | None:
    """The round of a vacancy that opened last; None where none has opened yet."""
    row = await reader.find_row(
        f"""{_ROUND} WHERE vacancy_id = $1 AND opens_at <= $2 ORDER BY opens_at DESC LIMIT 1""",
        vacancy_id,
        now,
    )
    return VacancyRound.from_row(row) if row else None


async def list_rounds_to_close(reader: Reader, *, now: datetime) -> list[RoundKey]:
    """Rounds whose closing instant has come and that are not sealed yet."""
    rows = await reader.list_rows(
        """
        SELECT vacancy_id, round FROM known_rounds
         WHERE sealed_at IS NULL AND closes_at <= $1
         ORDER BY closes_at LIMIT 200
        """,
        now,
    )
    return [(row["vacancy_id"], Round(row["round"])) for row in rows]


async def list_rounds_released_by_time(reader: Reader, *, now: datetime) -> list[RoundKey]:
    """Sealed rounds of programmes whose rule set leaves the release to time."""
    rows = await reader.list_rows(
        """
        SELECT vacancy_id, round
          FROM known_rounds
          JOIN known_vacancies USING (vacancy_id)
          JOIN known_rule_sets
            ON known_rule_sets.programme_id = known_vacancies.programme_id
           AND known_rule_sets.version = known_vacancies.rule_set_version
         WHERE sealed_at IS NOT NULL AND released_at IS NULL AND closes_at <= $1
           AND known_vacancies.status <> 'withdrawn'
           AND rules #>> '{telling,released_by}' = 'time'
         ORDER BY closes_at LIMIT 200
        """,
        now,
    )
    return [(row["vacancy_id"], Round(row["round"])) for row in rows]


async def save_round(tx: Transaction, held: VacancyRound) -> None:
    """Keep that a round was sealed or released."""
    await tx.execute(
        """
        UPDATE known_rounds SET sealed_at = $3, released_at = $4, released_count = $5
         WHERE vacancy_id = $1 AND round = $2
        """,
        held.vacancy_id,
        str(held.round),
        held.sealed_at,
        held.released_at,
        held.released_count,
    )
