"""Whose a claim is: the ids that travel with every event about it, and the placement it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.advert import Day
from schemas.deadline import Deadline
from schemas.rules import Mode, RuleSet

END_OF_WORK = time(17)
"""Times of this service run out at five in the afternoon, in the programme's zone."""


@dataclass(frozen=True, slots=True)
class Case:
    """One placement and its intern, and the version of the rules by which claims for it are judged."""

    university: str
    programme_id: UUID
    rule_set_version: int
    cycle_id: UUID
    vacancy_id: UUID
    host_id: UUID
    placement_id: UUID
    application_id: UUID
    person_ref: UUID

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Case":
        """The case that a stored row belongs to."""
        return cls(**{each.name: row[each.name] for each in fields(cls)})

    def at(self, now: datetime, **more: Any) -> dict[str, Any]:
        """What every event about it begins with; `more` are the ids of the claim."""
        return {
            "university": self.university,
            "occurred_at": now,
            "programme_id": self.programme_id,
            "rule_set_version": self.rule_set_version,
            "cycle_id": self.cycle_id,
            "vacancy_id": self.vacancy_id,
            "host_id": self.host_id,
            "placement_id": self.placement_id,
            "application_id": self.application_id,
            "person_ref": self.person_ref,
            **more,
        }


class PlacementStatus(StrEnum):
    """What we know of a placement."""

    CONFIRMED = auto()
    OVER = auto()
    CANCELLED = auto()


@dataclass(frozen=True, slots=True)
class Placement:
    """Our copy of a placement: its days, and how each was spent."""

    case: Case
    status: PlacementStatus
    days: tuple[Day, ...]  # none where nobody came
    zone: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Placement":
        """A placement as it is stored."""
        days = tuple(Day.model_validate(day) for day in row["days"])
        return cls(Case.from_row(row), PlacementStatus(row["status"]), days, row["zone"])

    @property
    def last_on(self) -> date | None:
        """The last day."""
        return max((day.on for day in self.days), default=None)

    @property
    def is_all_remote(self) -> bool:
        """Whether there is nothing to claim: on a day at home nothing is repaid (R38)."""
        return all(day.mode == Mode.REMOTE for day in self.days)

    def mode_on(self, on: date) -> Mode | None:
        """How a day was spent; None where it is no day of this placement."""
        for day in self.days:
            if day.on == on:
                return Mode.REMOTE if day.mode == Mode.REMOTE else Mode.IN_PERSON
        return None

    def is_over(self, now: datetime) -> bool:
        """Whether the last day is behind us, by word or by the clock."""
        if self.status is PlacementStatus.OVER or self.last_on is None:
            return True
        return now.astimezone(ZoneInfo(self.zone)).date() > self.last_on


def send_by(placement: Placement, *, now: datetime, rules: RuleSet) -> Deadline:
    """Until when a claim for this placement may be sent."""
    zone = rules.kind.zone
    last_on = placement.last_on or now.astimezone(ZoneInfo(zone)).date()
    return at_end_of(last_on + timedelta(days=rules.expenses.claim_window_days), zone)


def days_later(now: datetime, days: int, zone: str) -> Deadline:
    """The end of work, so many days after today."""
    return at_end_of(now.astimezone(ZoneInfo(zone)).date() + timedelta(days=days), zone)


def at_end_of(on: date, zone: str) -> Deadline:
    """Five in the afternoon of a day."""
    return Deadline.at_wall(datetime.combine(on, END_OF_WORK), zone)
