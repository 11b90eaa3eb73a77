"""An application: one person's wish for one place of a vacancy, in one of its rounds.

That it was released, ranked or held in reserve are facts of the selection; this row is not rewritten
for them. What its applicant is told of it stands in `told.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.actor import Actor
from chassis.decision import Decision, NotFound, Refused, Rules, uphold
from schemas.applications import (
    ApplicationReminded,
    ApplicationReminder,
    ApplicationWithdrawn,
    WithdrawnBy,
)
from schemas.rules import Round, RuleSet
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.case import Case
from services.applications.domain.content import Content, Statement
from services.applications.domain.policy import can
from services.applications.domain.vacancy_round import VacancyRound


class Status(StrEnum):
    """Where an application stands. Each end has one cause, and no two causes share an end."""

    DRAFT = auto()
    SUBMITTED = auto()
    SUCCESSFUL = auto()  # its offer was accepted
    UNSUCCESSFUL = auto()  # told so, and no reserve any more
    WITHDRAWN = auto()
    INELIGIBLE = auto()
    NOT_SUBMITTED = auto()  # still a draft at closing
    VACANCY_WITHDRAWN = auto()
    SUPERSEDED = auto()  # its applicant accepted another place


MOVES: dict[str, dict[Status, Status]] = {
    "submit": {Status.DRAFT: Status.SUBMITTED},
    "revise": {Status.SUBMITTED: Status.SUBMITTED},
    "withdraw": {Status.DRAFT: Status.WITHDRAWN, Status.SUBMITTED: Status.WITHDRAWN},
    "leave": {Status.DRAFT: Status.NOT_SUBMITTED},
    "rule out": {Status.SUBMITTED: Status.INELIGIBLE},
    "lose the vacancy": {
        Status.DRAFT: Status.VACANCY_WITHDRAWN,
        Status.SUBMITTED: Status.VACANCY_WITHDRAWN,
    },
    "succeed": {Status.SUBMITTED: Status.SUCCESSFUL},
    "fail": {Status.SUBMITTED: Status.UNSUCCESSFUL},
    "supersede": {Status.SUBMITTED: Status.SUPERSEDED},
}
LIVE = frozenset({Status.DRAFT, Status.SUBMITTED})


@dataclass(frozen=True, slots=True)
class Application:
    """One application, as its row holds it."""

    application_id: UUID
    reference: str
    university: str
    programme_id: UUID
    cycle_id: UUID
    vacancy_id: UUID
    host_id: UUID
    round: Round
    applicant_cycle_id: UUID
    person_ref: UUID
    rule_set_version: int
    status: Status
    began_at: datetime
    saved_at: datetime
    content: Content = field(default_factory=Content)
    document_id: UUID | None = None
    takes_a_slot: bool = False
    host_statement: str | None = None
    declared_at: datetime | None = None
    name: str | None = None  # snapshots, taken when it is sent
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    revision: int = 0
    version: int = 1
    submitted_at: datetime | None = None
    revised_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_because: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Application":
        """As its row holds it; the statement is measured where a rule set is at hand."""
        content = Content(
            statement=Statement(row["statement"], row["statement_words"]),
            weeks=tuple(row["weeks"]),
            declarations=tuple(row["declarations"]),
            leave_note=row["leave_note"],
        )
        known: dict[str, Any] = {f.name: row[f.name] for f in fields(cls) if f.name in row}
        known |= {"round": Round(row["round"]), "status": Status(row["status"])}
        known |= {"content": content, "facts": row["facts"] or {}}
        return cls(**known)

    @property
    def case(self) -> Case:
        """The round of the vacancy that it is sent to."""
        return Case(
            university=self.university,
            programme_id=self.programme_id,
            rule_set_version=self.rule_set_version,
            cycle_id=self.cycle_id,
            vacancy_id=self.vacancy_id,
            host_id=self.host_id,
            round=self.round,
        )

    def told(self, now: datetime) -> dict[str, Any]:
        """Whose an event is: the ids that travel with everything told of an application."""
        return self.case.at(now, application_id=self.application_id, person_ref=self.person_ref)

    def moved(self, move: str) -> Self:
        """The same application after a move of the table."""
        return replace(self, status=MOVES[move][self.status])

    def ended(self, move: str, *, at: datetime, by: str, because: str | None = None) -> Self:
        """At one of its ends; what it took of the cap is the caller's to give back."""
        return replace(self.moved(move), ended_at=at, ended_by=by, ended_because=because)


# ---- what can be asked ----


@dataclass(frozen=True, slots=True)
class BeginApplication:
    """Begin a draft for a vacancy, in the round that is open now."""

    vacancy_id: UUID


@dataclass(frozen=True, slots=True)
class SaveApplication:
    """Keep what was written: of a draft as it is, of a sent application as a revision."""

    application_id: UUID
    content: Content | None = None  # None: as it is
    document_id: UUID | None = None  # another CV from now on
    removes_cv: bool = False
    version: int | None = None  # the version it was read at, where the caller says so


@dataclass(frozen=True, slots=True)
class SubmitApplication:
    """Send a draft."""

    application_id: UUID


@dataclass(frozen=True, slots=True)
class WithdrawApplication:
    """End an application before it is decided."""

    application_id: UUID
    reason: str = ""  # for the record, where the office does it


# ---- when the answer is no ----


class ApplicationIsNotYours(NotFound):
    """We cannot find this application among yours."""


class ApplicationIsSubmittedAlready(Refused):
    """This application has been submitted already."""

    code = "already-submitted"


class ApplicationIsNotOpen(Refused):
    """This application has ended and can no longer be changed."""

    code = "application-ended"


class DraftIsTooLate(Refused):
    """This round is closed: there is nothing left to be reminded of."""


class RevisingIsNotOffered(Refused):
    """This programme takes an application as it was first submitted."""


class ApplicationHasChanged(Refused):
    """This application was changed meanwhile, perhaps in another window."""

    status = 412
    code = "version-changed"

    @classmethod
    def because(cls, case: Any, /) -> "ApplicationHasChanged":
        """Name the version that an edit would have to start from."""
        return cls(current_version=case.application.version)


class DeadlineHasPassed(Refused):
    """Applications closed at {deadline}. This came at {server_time}."""

    code = "deadline-passed"

    @classmethod
    def because(cls, case: Any, /) -> "DeadlineHasPassed":
        """Name the instant, its zone, and what the server's clock showed."""
        zone = ZoneInfo(case.round.zone)
        return cls(
            deadline=case.round.closes_at.astimezone(zone).isoformat(),
            zone=case.round.zone,
            server_time=case.now.astimezone(zone).isoformat(timespec="milliseconds"),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Everything by which a change to an application is judged."""

    application: Application
    round: VacancyRound
    actor: Actor
    now: datetime
    rules: RuleSet
    move: str
    version: int | None = None


def application_is_ones_own(c: Change) -> bool:
    """Somebody else's is answered like one that does not exist."""
    return can(c.actor, f"{_RIGHT_OF[c.move]} application", c.application)


def application_is_as_it_was_read(c: Change) -> bool:
    """An edit of an old version would overwrite a newer one."""
    return c.version is None or c.version == c.application.version


def application_is_not_submitted_yet(c: Change) -> bool:
    """Sending twice is told apart from sending too late (row 42)."""
    return c.move != "submit" or c.application.status is not Status.SUBMITTED


def application_can_move(c: Change) -> bool:
    """By the table of moves; a draft is saved as often as one likes."""
    if c.move == "save":
        return c.application.status in LIVE
    return c.application.status in MOVES[c.move]


def round_can_still_be_joined(c: Change) -> bool:
    """Before closing: written, sent, revised."""
    return c.move == "withdraw" or c.round.is_open(c.now)


def revising_is_offered(c: Change) -> bool:
    """A programme may take an application as it was first submitted."""
    is_sent = c.application.status is Status.SUBMITTED
    return c.move != "save" or not is_sent or c.rules.applying.editing_until_close


_RIGHT_OF = {"save": "change", "submit": "submit", "withdraw": "withdraw"}

RULES_FOR_CHANGING: Rules[Change] = (
    (application_is_ones_own, ApplicationIsNotYours),
    (application_is_not_submitted_yet, ApplicationIsSubmittedAlready),
    (application_can_move, ApplicationIsNotOpen),
    (round_can_still_be_joined, DeadlineHasPassed),
    (revising_is_offered, RevisingIsNotOffered),
    (application_is_as_it_was_read, ApplicationHasChanged),
)


# ---- decisions ----

Both = tuple[Application, ApplicantCycle]


def withdraw(
    held: Application,
    *,
    cycle: ApplicantCycle,
    round_: VacancyRound,
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Both]:
    """End it before it is decided. Whether its slot comes back, the programme says (R77)."""
    uphold(RULES_FOR_CHANGING, Change(held, round_, actor, now, rules, "withdraw"))
    by = WithdrawnBy.APPLICANT if actor.person_ref == held.person_ref else WithdrawnBy.OFFICE
    ended = held.ended("withdraw", at=now, by=str(by))
    if held.status is Status.DRAFT:  # nobody has heard of it
        return Decision((ended, cycle))
    frees = held.takes_a_slot and rules.applying.withdrawing_frees_a_slot
    told = ApplicationWithdrawn(
        **held.told(now), reference=held.reference, by=by, frees_a_slot=frees
    )
    return Decision(_giving_back(ended, cycle) if frees else (ended, cycle), (told,))


def remind(held: Application, *, round_: VacancyRound, now: datetime) -> Decision[Application]:
    """A draft counts for nothing until it is sent: say so while there is time."""
    if held.status is not Status.DRAFT:
        raise ApplicationIsNotOpen
    if not round_.is_open(now):
        raise DraftIsTooLate
    told = ApplicationReminded(
        **held.told(now),
        kind=ApplicationReminder.DRAFT_CLOSING_SOON,
        closes_at=round_.deadline(round_.closes_at),
    )
    return Decision(held, (told,))


def lose_vacancy(
    held: Application, *, cycle: ApplicantCycle, because: str, now: datetime
) -> Decision[Both]:
    """The vacancy was taken back: the application ends, and counts no more, whatever the programme."""
    if held.status not in MOVES["lose the vacancy"]:
        raise ApplicationIsNotOpen
    ended = held.ended("lose the vacancy", at=now, by="post", because=because)
    return Decision(_giving_back(ended, cycle) if held.takes_a_slot else (ended, cycle))


def _giving_back(held: Application, cycle: ApplicantCycle) -> Both:
    return replace(held, takes_a_slot=False), cycle.giving_back_a_slot(held.round)
