"""Cycles at a glance: figures, the funnel, and what needs attention, from our own facts and copies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from chassis.decision import NotFound


class CycleIsNotHere(NotFound):
    """We cannot find this cycle."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One cycle counted: for the office alone."""

    cycle: Row
    vacancies: int
    places: int
    begun: int
    submitted: int
    withdrawn: int
    applicants: int
    released: int
    offered: int
    accepted: int
    placed: int

    @property
    def funnel(self) -> list[tuple[str, int]]:
        """From a first draft to a place."""
        return [
            ("Begun", self.begun),
            ("Submitted", self.submitted),
            ("Sent to hosts", self.released),
            ("Offers made", self.offered),
            ("Accepted", self.accepted),
            ("Placed", self.placed),
        ]

    def as_json(self) -> dict[str, Any]:
        """What the API tells."""
        counts = {name: getattr(self, name) for name in self.__slots__ if name != "cycle"}
        return {"cycle_id": self.cycle["cycle_id"], "name": self.cycle["name"], **counts}


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that waits for somebody, with the instant by which it is due."""

    what: str
    vacancy_id: UUID
    round: str
    title: str
    host: str
    due_at: datetime
    zone: str


async def list_cycles(reader: Reader, *, to: Actor) -> list[Row]:
    """The cycles of a university, the newest first."""
    return await reader.list_rows(
        """
        SELECT cycle_id, programme_id, programme_name, name, zone, starts_on, ends_on
          FROM known_cycles
         WHERE university = $1
         ORDER BY starts_on DESC, programme_name
        """,
        to.university,
    )


async def count_cycle(reader: Reader, cycle_id: UUID, *, to: Actor) -> Figures:
    """A cycle's figures. Raises `CycleIsNotHere` for another university's."""
    cycle = await reader.find_row(
        "SELECT * FROM known_cycles WHERE cycle_id = $1 AND university = $2",
        cycle_id,
        to.university,
    )
    if cycle is None:
        raise CycleIsNotHere
    row = await reader.get_row(
        """
        SELECT (SELECT count(*) FROM known_vacancies WHERE cycle_id = $1) AS vacancies,
               (SELECT coalesce(sum(places), 0) FROM known_vacancies
                 WHERE cycle_id = $1 AND status <> 'withdrawn') AS places,
               count(*) AS begun,
               count(*) FILTER (WHERE revision >= 1) AS submitted,
               count(*) FILTER (WHERE applications.status = 'withdrawn' AND revision >= 1)
                   AS withdrawn,
               count(DISTINCT person_ref) FILTER (WHERE revision >= 1) AS applicants,
               count(*) FILTER (
                   WHERE released_at IS NOT NULL AND revision >= 1
                     AND (ended_at IS NULL OR ended_at >= released_at)
               ) AS released,
               (SELECT count(*) FROM offers WHERE cycle_id = $1 AND made_at IS NOT NULL) AS offered,
               (SELECT count(*) FROM offers WHERE cycle_id = $1 AND status IN ('accepted', 'vacated'))
                   AS accepted,
               (SELECT count(*) FROM placements
                 WHERE cycle_id = $1 AND status NOT LIKE 'cancelled%') AS placed
          FROM applications
          JOIN known_rounds USING (vacancy_id, round)
         WHERE applications.cycle_id = $1
        """,
        cycle_id,
    )
    return Figures(cycle=cycle, **row)


async def list_what_needs_attention(
    reader: Reader, cycle_id: UUID, *, to: Actor, now: datetime
) -> list[Attention]:
    """Rounds that wait for a release, a choice or the telling; the first due stands first."""
    rows = await reader.list_rows(
        """
        SELECT CASE
                 WHEN released_at IS NULL THEN 'release'
                 WHEN selections.status IS NULL OR selections.status IN ('released', 'overdue')
                   THEN 'choose'
                 ELSE 'tell'
               END AS what,
               vacancy_id, round, title, host_public_name AS host,
               CASE
                 WHEN released_at IS NULL THEN closes_at
                 WHEN selections.status IS NULL OR selections.status IN ('released', 'overdue')
                   THEN host_selects_by
                 ELSE office_tells_by
               END AS due_at,
               known_rounds.zone
          FROM known_rounds
          JOIN known_vacancies USING (vacancy_id)
          LEFT JOIN selections USING (vacancy_id, round)
         WHERE cycle_id = $1 AND known_vacancies.university = $2
           AND known_vacancies.status <> 'withdrawn'
           AND sealed_at IS NOT NULL
           AND selections.status IS DISTINCT FROM 'told'
           AND (released_at IS NULL OR selections.status = 'ranked' OR host_selects_by <= $3)
         ORDER BY due_at, title
         LIMIT 100
        """,
        cycle_id,
        to.university,
        now,
    )
    return [Attention(**row) for row in rows]


async def find_next_date(reader: Reader, cycle_id: UUID, *, now: datetime) -> Row | None:
    """The next instant of a cycle's rounds at which something closes or falls due."""
    return await reader.find_row(
        """
        SELECT at, known_rounds.zone, what
          FROM known_rounds
          JOIN known_vacancies USING (vacancy_id)
         CROSS JOIN LATERAL (VALUES
               (opens_at, 'opens'), (closes_at, 'closes'),
               (host_selects_by, 'selects'), (office_tells_by, 'tells')
               ) AS dates (at, what)
         WHERE cycle_id = $1 AND at > $2
         ORDER BY at LIMIT 1
        """,
        cycle_id,
        now,
    )
