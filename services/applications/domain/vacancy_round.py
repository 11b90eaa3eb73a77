"""One round of a vacancy: open between two instants, sealed from the second on, released once.

scheduled → open → sealed → released
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.decision import Decision, Forbidden, NotFound, Refused, Rules, uphold
from schemas.applications import ApplicationsClosed, ApplicationsReleased
from schemas.deadline import Deadline
from schemas.rules import Round
from services.applications.domain.case import Case
from services.applications.domain.policy import can


class Phase(StrEnum):
    """Where a round stands at an instant: computed, never stored."""

    SCHEDULED = auto()
    OPEN = auto()
    CLOSED = auto()  # hosts see nothing yet
    RELEASED = auto()
    WITHDRAWN = auto()  # with its whole vacancy


@dataclass(frozen=True, slots=True)
class VacancyRound:
    """What is known of a round, with what is needed of its vacancy."""

    vacancy_id: UUID
    round: Round
    university: str
    programme_id: UUID
    cycle_id: UUID
    rule_set_version: int
    host_id: UUID
    title: str
    host_public_name: str
    vacancy_status: str
    places: int
    zone: str
    opens_at: datetime
    closes_at: datetime
    host_selects_by: datetime
    office_tells_by: datetime
    sealed_at: datetime | None
    released_at: datetime | None
    released_count: int | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "VacancyRound":
        """As its row, joined with its vacancy's, holds it."""
        known: dict[str, Any] = {each.name: row[each.name] for each in fields(cls)}
        known["round"] = Round(row["round"])
        return cls(**known)

    @property
    def case(self) -> Case:
        """Whose its events are."""
        return Case(
            university=self.university,
            programme_id=self.programme_id,
            rule_set_version=self.rule_set_version,
            cycle_id=self.cycle_id,
            vacancy_id=self.vacancy_id,
            host_id=self.host_id,
            round=self.round,
        )

    def phase(self, now: datetime) -> Phase:
        """Sealed is a state as well as an instant: a clock that steps back re-opens nothing."""
        if self.released_at is not None:
            return Phase.RELEASED
        if self.vacancy_status == "withdrawn":
            return Phase.WITHDRAWN
        if self.sealed_at is not None or now >= self.closes_at:
            return Phase.CLOSED
        return Phase.OPEN if now >= self.opens_at else Phase.SCHEDULED

    def is_open(self, now: datetime) -> bool:
        """Whether applications are taken: the closing instant itself is too late."""
        return self.phase(now) is Phase.OPEN

    def deadline(self, at: datetime) -> Deadline:
        """One of its instants, with the wall time that people know it by."""
        return Deadline.from_instant(at, self.zone)


@dataclass(frozen=True, slots=True)
class CloseRound:
    """Seal the list of a round."""

    vacancy_id: UUID
    round: Round


@dataclass(frozen=True, slots=True)
class ReleaseApplications:
    """Let the host read the applications of a round."""

    vacancy_id: UUID
    round: Round
    reason: str = ""


class VacancyIsNotHere(NotFound):
    """We cannot find this vacancy."""


class RoundIsStillOpen(Refused):
    """Applications can still be sent. They can be released once the round is closed."""


class RoundIsClosedAlready(Refused):
    """This round is closed already."""


class RoundIsReleasedAlready(Refused):
    """The host has these applications already. A list grows no more once it is released."""


class VacancyIsWithdrawn(Refused):
    """This vacancy was withdrawn."""


class ReleasingIsForTheOffice(Forbidden):
    """Only the internship office releases applications to a host."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Everything a closing is judged by."""

    round: VacancyRound
    now: datetime


def round_is_not_sealed_yet(c: Closing) -> bool:
    """A closing that comes twice changes nothing."""
    return c.round.sealed_at is None


def closing_instant_has_come(c: Closing) -> bool:
    """The database's clock decides, read once nobody can be submitting any more."""
    return c.now >= c.round.closes_at


RULES_FOR_CLOSING: Rules[Closing] = (
    (round_is_not_sealed_yet, RoundIsClosedAlready),
    (closing_instant_has_come, RoundIsStillOpen),
)


@dataclass(frozen=True, slots=True)
class Release:
    """Everything a release is judged by."""

    round: VacancyRound
    actor: Actor
    now: datetime


def round_is_of_this_university(r: Release) -> bool:
    """Another university's vacancy is answered like one that does not exist."""
    return r.actor.university in ("", r.round.university)


def releasing_is_ones_task(r: Release) -> bool:
    """An officer, or time where the rule set leaves it to time."""
    return can(r.actor, "release applications", r.round)


def vacancy_still_stands(r: Release) -> bool:
    """Nothing of a withdrawn vacancy goes to its host."""
    return r.round.vacancy_status != "withdrawn"


def round_is_not_released_yet(r: Release) -> bool:
    """Once per round."""
    return r.round.released_at is None


def round_is_sealed(r: Release) -> bool:
    """After closing: sealed by the closer, so that the list can grow no more."""
    return r.round.sealed_at is not None


RULES_FOR_RELEASING: Rules[Release] = (
    (round_is_of_this_university, VacancyIsNotHere),
    (releasing_is_ones_task, ReleasingIsForTheOffice),
    (vacancy_still_stands, VacancyIsWithdrawn),
    (round_is_not_released_yet, RoundIsReleasedAlready),
    (round_is_sealed, RoundIsStillOpen),
)


def close(held: VacancyRound, *, now: datetime) -> Decision[VacancyRound]:
    """Seal the list. How long it is, nobody is told."""
    uphold(RULES_FOR_CLOSING, Closing(held, now))
    closed = ApplicationsClosed(
        **held.case.at(now), host_selects_by=held.deadline(held.host_selects_by)
    )
    # A withdrawn vacancy's round is sealed too, so that it stays shut; its host is told nothing new.
    tells = held.vacancy_status != "withdrawn"
    return Decision(replace(held, sealed_at=now), (closed,) if tells else ())


def release(
    held: VacancyRound, *, count: int, actor: Actor, now: datetime
) -> Decision[VacancyRound]:
    """Let the host read the list, once and for all."""
    uphold(RULES_FOR_RELEASING, Release(held, actor, now))
    released = ApplicationsReleased(
        **held.case.at(now), count=count, host_selects_by=held.deadline(held.host_selects_by)
    )
    return Decision(replace(held, released_at=now, released_count=count), (released,))
