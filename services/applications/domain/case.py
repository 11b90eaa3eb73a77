"""Whose a decision is: the ids that travel with every event about a round of a vacancy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.rules import Round


@dataclass(frozen=True, slots=True)
class Case:
    """One round of one vacancy, and the version of the rules by which it is judged."""

    university: str
    programme_id: UUID
    rule_set_version: int
    cycle_id: UUID
    vacancy_id: UUID
    host_id: UUID
    round: Round

    def at(self, now: datetime, **more: Any) -> dict[str, Any]:
        """What every event about it begins with; `more` are the ids of the narrower case."""
        return {
            "university": self.university,
            "occurred_at": now,
            "programme_id": self.programme_id,
            "rule_set_version": self.rule_set_version,
            "cycle_id": self.cycle_id,
            "vacancy_id": self.vacancy_id,
            "host_id": self.host_id,
            "round": self.round,
            **more,
        }
