"""Closed rounds that wait for their release, as the office sees them: with how many applied."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader


@dataclass(frozen=True, slots=True)
class WaitingRound:
    """One round that is sealed and not released."""

    vacancy_id: UUID
    round: str
    title: str
    host: str
    zone: str
    closes_at: datetime
    host_selects_by: datetime
    count: int

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.vacancy_id}:{self.round}"


async def list_waiting_rounds(reader: Reader, *, to: Actor) -> list[WaitingRound]:
    """All of a university, the longest closed first."""
    rows = await reader.list_rows(
        """
        SELECT vacancy_id, known_rounds.round, known_vacancies.title,
               known_vacancies.host_public_name AS host, known_rounds.zone, closes_at,
               host_selects_by,
               count(application_id) FILTER (WHERE applications.status = 'submitted') AS count
          FROM known_rounds
          JOIN known_vacancies USING (vacancy_id)
          LEFT JOIN applications USING (vacancy_id, round)
         WHERE known_vacancies.university = $1 AND known_vacancies.status <> 'withdrawn'
           AND sealed_at IS NOT NULL AND released_at IS NULL
         GROUP BY vacancy_id, known_rounds.round, known_rounds.zone, closes_at, host_selects_by,
                  known_vacancies.title, known_vacancies.host_public_name
         ORDER BY closes_at, known_vacancies.title
         LIMIT 500
        """,
        to.university,
    )
    return [WaitingRound(**row) for row in rows]


def fingerprint(rounds: Iterable[WaitingRound]) -> str:
    """Of what was shown: where facts have moved since, it is another."""
    shown = "\n".join(sorted(f"{each.key} {each.count}" for each in rounds))
    return hashlib.sha256(shown.encode()).hexdigest()[:32]
