"""Vacancies, for everybody: what is open by the instants, not by whether a loop has run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from schemas.advert import Advert, RoundDates
from services.proposals.domain.vacancy import VacancyIsNotYours

FACETS = (
    "programme",
    "mode",
    "week",
    "sector",
    "skill",
    "host_kind",
    "country",
    "category",
    "round",
)

_COLUMNS = """
    SELECT vacancy_id, vacancies.programme_id, programmes.slug AS programme, vacancies.cycle_id,
           cycles.name AS cycle_name, cycles.zone, vacancies.rule_set_version, vacancies.status,
           round, opens_at, closes_at, places, title, mode, sector, category, skills, host_kind,
           country, weeks, vacancies.published_at
      FROM vacancies
      JOIN programmes ON programmes.programme_id = vacancies.programme_id
      JOIN cycles ON cycles.cycle_id = vacancies.cycle_id
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody searches by: words, and for each facet the values that will do."""

    words: str = ""
    facets: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


@dataclass(frozen=True, slots=True)
class Found:
    """What a search finds: the rows in order, and what each value of a facet would give."""

    rows: tuple[Row, ...]
    counts: Mapping[str, Mapping[str, int]]
    everything: tuple[Row, ...]  # all that is open and holds the words

    def count(self, facets: Mapping[str, frozenset[str]]) -> int:
        """How many would be found by other facets."""
        return sum(_fits(row, facets) for row in self.everything)


async def search_vacancies(
    reader: Reader, asked: Asked, *, now: datetime, sort: str = "closes_at", to: Actor
) -> Found:
    """Everything that is open at this instant and fits. Counts keep the other facets as they are."""
    rows = await reader.list_rows(
        f"""
        {_COLUMNS}
         WHERE vacancies.university = $1
           AND vacancies.status IN ('scheduled', 'open', 'readvertised')
           AND opens_at <= $2 AND closes_at > $2
           AND ($3 = '' OR words @@ websearch_to_tsquery('english', $3))
        """,
        to.university,
        now,
        asked.words,
    )
    fitting = [row for row in rows if _fits(row, asked.facets)]
    ordered = sorted(fitting, key=lambda row: _order(row, sort))
    return Found(tuple(ordered), _counts(rows, asked), tuple(rows))


def _order(row: Row, sort: str) -> tuple[Any, ...]:
    return row[sort], row["title"], str(row["vacancy_id"])


def position_of(row: Row, sort: str) -> list[str]:
    """Where a row stands in the order, fit for a cursor."""
    return [_comparable(part) for part in _order(row, sort)]


def rows_after(rows: Iterable[Row], position: list[str] | None, sort: str) -> list[Row]:
    """What comes after a position; the row itself may be gone meanwhile."""
    if position is None:
        return list(rows)
    return [row for row in rows if position_of(row, sort) > position]


def _comparable(part: Any) -> str:
    return part.isoformat() if isinstance(part, datetime) else str(part)


def _values(row: Row, facet: str) -> tuple[str, ...]:
    match facet:
        case "skill":
            return tuple(row["skills"])
        case "week":
            return tuple(row["weeks"])
        case _:
            return (row[facet],)


def _fits(row: Row, facets: Mapping[str, frozenset[str]], *, but: str = "") -> bool:
    return all(
        not wanted.isdisjoint(_values(row, facet))
        for facet, wanted in facets.items()
        if wanted and facet != but
    )


def _counts(rows: Iterable[Row], asked: Asked) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    for row in rows:
        for facet in FACETS:
            fits = _fits(row, asked.facets, but=facet)
            for value in _values(row, facet):
                counts[facet][value] = counts[facet].get(value, 0) + fits
    return counts


async def list_adverts(reader: Reader, vacancy_ids: list[UUID]) -> dict[UUID, Advert]:
    """The adverts of one page of a list."""
    rows = await reader.list_rows(
        "SELECT vacancy_id, advert FROM vacancies WHERE vacancy_id = ANY($1::uuid[])", vacancy_ids
    )
    return {row["vacancy_id"]: Advert.model_validate(row["advert"]) for row in rows}


async def show_vacancy(
    reader: Reader, vacancy_id: UUID, *, now: datetime, to: Actor
) -> dict[str, Any]:
    """One vacancy. Before its first opening only its host and the office see that it is there."""
    row = await reader.find_row(
        """
        SELECT vacancies.vacancy_id, vacancies.programme_id, programmes.slug AS programme,
               vacancies.cycle_id, vacancies.host_id, vacancies.rule_set_version, vacancies.status,
               round, advert, rounds, opens_at, closes_at, places, title, weeks,
               vacancies.published_at, vacancies.ended_at, withdrawn_because, withdrawn_reason,
               exhausted_round, vacancies.row_version, hosts.about,
               (SELECT count(*) FROM known_placements
                 WHERE known_placements.vacancy_id = vacancies.vacancy_id
                   AND known_placements.status <> 'cancelled') AS places_taken
          FROM vacancies
          JOIN programmes USING (programme_id)
          JOIN hosts ON hosts.host_id = vacancies.host_id
         WHERE vacancies.vacancy_id = $1 AND vacancies.university = $2
        """,
        vacancy_id,
        to.university,
    )
    if row is None:
        raise VacancyIsNotYours
    rounds = tuple(RoundDates.model_validate(each) for each in row["rounds"])
    was_open = now >= min(each.opens_at.at for each in rounds)
    if not (was_open or to.is_office or row["host_id"] in to.hosts):
        raise VacancyIsNotYours
    dates = next(each for each in rounds if each.round == row["round"])
    advert = Advert.model_validate(row["advert"])
    state = state_at(row, now=now)
    return row | {"rounds": rounds, "dates": dates, "advert": advert, "state": state}


def state_at(row: Row, *, now: datetime) -> str:
    """How a vacancy stands at this instant, whether or not the loop has drawn it yet."""
    if row["status"] in ("scheduled", "open", "readvertised"):
        if now >= row["closes_at"]:
            return "closed"
        return "open" if now >= row["opens_at"] else row["status"]
    return row["status"]


async def list_vacancies_of_cycle(
    reader: Reader, cycle_id: UUID, *, now: datetime, to: Actor
) -> list[dict[str, Any]]:
    """Every vacancy of a cycle with its places, for the office; a host sees its own."""
    rows = await reader.list_rows(
        """
        SELECT vacancies.vacancy_id, vacancies.host_id, title, status, round, opens_at, closes_at,
               places, exhausted_round, row_version,
               advert ->> 'host_public_name' AS host_public_name,
               (SELECT count(*) FROM known_placements
                 WHERE known_placements.vacancy_id = vacancies.vacancy_id
                   AND known_placements.status <> 'cancelled') AS places_taken
          FROM vacancies
         WHERE cycle_id = $1 AND university = $2 AND ($3 OR host_id = ANY($4::uuid[]))
         ORDER BY title, vacancy_id
        """,
        cycle_id,
        to.university,
        to.is_office,
        list(to.hosts),
    )
    return [row | {"state": state_at(row, now=now)} for row in rows]
