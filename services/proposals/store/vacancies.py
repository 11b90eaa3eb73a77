"""Vacancies, and our copy of the places taken, as stored."""

from datetime import datetime
from uuid import UUID

from chassis.database import Row, Transaction
from schemas.advert import Advert, RoundDates
from schemas.proposals import VacancyWithdrawal
from schemas.rules import Round
from services.proposals.domain.vacancy import Status, Vacancy

_VACANCY = """
    SELECT vacancy_id, university, programme_id, cycle_id, host_id, rule_set_version, status, round,
           advert, rounds, weeks, published_at, exhausted_round, ended_at, withdrawn_because,
           withdrawn_reason, row_version
      FROM vacancies
"""


async def lock_vacancy(tx: Transaction, vacancy_id: UUID) -> Vacancy | None:
    """Hold a vacancy: opening, closing, withdrawing and filling come one after the other."""
    row = await tx.find_row(f"{_VACANCY} WHERE vacancy_id = $1 FOR UPDATE", vacancy_id)
    return vacancy_of(row) if row else None


async def list_vacancies(tx: Transaction, vacancy_ids: list[UUID]) -> list[Vacancy]:
    """These, to be told anew."""
    rows = await tx.list_rows(
        f"{_VACANCY} WHERE vacancy_id = ANY ($1::uuid[]) ORDER BY vacancy_id", vacancy_ids
    )
    return [vacancy_of(row) for row in rows]


async def add_vacancy(tx: Transaction, vacancy: Vacancy) -> None:
    """Keep a new vacancy, with the words of its advert for searching."""
    advert = vacancy.advert
    await tx.execute(
        """
        INSERT INTO vacancies (
            vacancy_id, university, programme_id, cycle_id, host_id, rule_set_version, status,
            round, advert, rounds, opens_at, closes_at, places, title, mode, sector, category,
            skills, host_kind, country, weeks, words, published_at
        )
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, to_tsvector('english', $22), $23
        )
        """,
        vacancy.vacancy_id,
        vacancy.university,
        vacancy.programme_id,
        vacancy.cycle_id,
        vacancy.host_id,
        vacancy.rule_set_version,
        vacancy.status,
        vacancy.round,
        advert.model_dump(mode="json"),
        [each.model_dump(mode="json") for each in vacancy.rounds],
        vacancy.dates.opens_at.at,
        vacancy.dates.closes_at.at,
        advert.places,
        advert.title,
        str(advert.mode),
        advert.sector,
        advert.category,
        list(advert.skills),
        str(advert.host_kind),
        advert.country,
        list(vacancy.weeks),
        _words(advert),
        vacancy.published_at,
    )


async def save_vacancy(tx: Transaction, vacancy: Vacancy) -> None:
    """Keep a vacancy as it now stands; its advert is written once."""
    await tx.execute(
        """
        UPDATE vacancies
           SET status = $2, round = $3, rounds = $4, opens_at = $5, closes_at = $6,
               exhausted_round = $7, ended_at = $8, withdrawn_because = $9, withdrawn_reason = $10,
               row_version = $11
         WHERE vacancy_id = $1
        """,
        vacancy.vacancy_id,
        vacancy.status,
        vacancy.round,
        [each.model_dump(mode="json") for each in vacancy.rounds],
        vacancy.dates.opens_at.at,
        vacancy.dates.closes_at.at,
        vacancy.exhausted_round,
        vacancy.ended_at,
        vacancy.withdrawn_because,
        vacancy.withdrawn_reason,
        vacancy.row_version,
    )


async def list_vacancies_to_open(tx: Transaction, *, now: datetime) -> list[UUID]:
    """Rounds whose opening instant has come."""
    rows = await tx.list_rows(
        """
        SELECT vacancy_id
          FROM vacancies
         WHERE status IN ('scheduled', 'readvertised') AND opens_at <= $1
         ORDER BY opens_at, vacancy_id
         LIMIT 500
        """,
        now,
    )
    return [row["vacancy_id"] for row in rows]


async def list_vacancies_to_close(tx: Transaction, *, now: datetime) -> list[UUID]:
    """Rounds whose closing instant has come."""
    rows = await tx.list_rows(
        """
        SELECT vacancy_id
          FROM vacancies
         WHERE status = 'open' AND closes_at <= $1
         ORDER BY closes_at, vacancy_id
         LIMIT 500
        """,
        now,
    )
    return [row["vacancy_id"] for row in rows]


async def save_known_placement(
    tx: Transaction, placement_id: UUID, vacancy_id: UUID, *, status: str
) -> None:
    """Keep that a place is taken, free again, or that its placement is over.

    How it ended is not forgotten when its beginning is told anew: nobody counts it meanwhile.
    """
    await tx.execute(
        """
        INSERT INTO known_placements (placement_id, vacancy_id, status)
        VALUES ($1, $2, $3)
        ON CONFLICT (placement_id) DO UPDATE SET status = excluded.status
         WHERE known_placements.status = 'confirmed'
        """,
        placement_id,
        vacancy_id,
        status,
    )


async def count_places(tx: Transaction, vacancy_id: UUID) -> tuple[int, int]:
    """How many places are taken, and how many of those placements are over."""
    row = await tx.get_row(
        """
        SELECT count(*) FILTER (WHERE status <> 'cancelled') AS taken,
               count(*) FILTER (WHERE status = 'over') AS over
          FROM known_placements
         WHERE vacancy_id = $1
        """,
        vacancy_id,
    )
    return row["taken"], row["over"]


def vacancy_of(row: Row) -> Vacancy:
    """A row as a vacancy."""
    because, exhausted = row["withdrawn_because"], row["exhausted_round"]
    return Vacancy(
        **(
            row
            | {
                "status": Status(row["status"]),
                "round": Round(row["round"]),
                "advert": Advert.model_validate(row["advert"]),
                "rounds": tuple(RoundDates.model_validate(each) for each in row["rounds"]),
                "weeks": tuple(row["weeks"]),
                "exhausted_round": Round(exhausted) if exhausted else None,
                "withdrawn_because": VacancyWithdrawal(because) if because else None,
            }
        )
    )


def _words(advert: Advert) -> str:
    said = [advert.title, advert.host_public_name, advert.city, *advert.disciplines]
    for project in advert.projects:
        said += [project.title, project.scope, project.tasks, project.deliverables]
    return "\n".join(said)
