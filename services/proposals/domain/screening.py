"""A screening: the office's recorded verdict on a revision, never by its author (R53)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from uuid import UUID

from chassis.actor import Actor, can
from chassis.decision import Decision, Forbidden, Invalid, NotFound, Refused, Rules, uphold
from schemas.deadline import Deadline
from schemas.proposals import ProposalScreened, ScreeningOutcome
from schemas.rules import RuleSet
from services.proposals.domain import proposal as proposals
from services.proposals.domain.content import advert_of
from services.proposals.domain.cycle import Cycle
from services.proposals.domain.host import Host
from services.proposals.domain.policy import RIGHTS, person_of
from services.proposals.domain.proposal import Proposal, Status, case_of
from services.proposals.domain.vacancy import Vacancy, rounds_ahead, schedule

DAYS_FOR_CHANGES = 3
DAYS_TO_ANSWER = 3  # what a host is told while it waits


class Check(StrEnum):
    """What is looked at, each answered yes or not yet."""

    SCOPE = auto()
    TASKS = auto()
    DELIVERABLES = auto()
    SUPERVISION = auto()
    LEARNING = auto()
    SUITABILITY = auto()


@dataclass(frozen=True, slots=True)
class Screening:
    """A verdict as it is kept."""

    proposal_id: UUID
    revision: int
    outcome: ScreeningOutcome
    checks: Mapping[str, bool]
    reason_codes: tuple[str, ...]
    reason: str
    screened_by: UUID
    screened_at: datetime
    rule_set_version: int


@dataclass(frozen=True, slots=True)
class ScreenProposal:
    """Record the verdict on the revision that was read."""

    proposal_id: UUID
    revision: int
    outcome: ScreeningOutcome
    checks: Mapping[str, bool]
    reason_codes: tuple[str, ...] = ()
    reason: str = ""  # as the host reads it


@dataclass(frozen=True, slots=True)
class TakeUpProposal:
    """Say that one is screening it, so that no two do."""

    proposal_id: UUID


@dataclass(frozen=True, slots=True)
class Screened:
    """What a verdict leads to."""

    proposal: Proposal
    screening: Screening
    vacancy: Vacancy | None


class ProposalIsNotHere(NotFound):
    """We cannot find this proposal."""


class AuthorCannotScreen(Forbidden):
    """You wrote this proposal: a colleague screens it."""


class ProposalIsNotToBeScreened(Refused):
    """This proposal is not waiting to be screened."""


class RevisionIsAnother(Refused):
    """The host has sent another revision since you opened this page. Look at it first."""


class CheckIsMissing(Invalid):
    """Answer each of the six checks."""

    field = "checks"


class CheckIsNotPassed(Invalid):
    """A proposal can only be approved when all six checks are answered with yes."""

    field = "outcome"


class ReasonIsUnknown(Invalid):
    """Choose a reason from the programme's list."""

    field = "reason_codes"


class ReasonIsMissing(Invalid):
    """Say why, as the host will read it."""

    field = "reason"


class CycleTakesNoMoreVacancies(Refused):
    """Every round of this cycle has closed: it can be rejected, and proposed for the next cycle."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything a verdict is judged by."""

    proposal: Proposal
    cycle: Cycle
    command: ScreenProposal
    actor: Actor
    now: datetime
    rules: RuleSet


def proposal_is_of_ones_own_university(j: Judgement) -> bool:
    return can(RIGHTS, j.actor, "see for the office", j.proposal)


def screener_is_not_the_author(j: Judgement) -> bool:
    is_its_host = j.proposal.host_id in j.actor.organisations
    return can(RIGHTS, j.actor, "screen", j.proposal) and not is_its_host


def proposal_waits_for_a_verdict(j: Judgement) -> bool:
    return j.proposal.status in proposals.MOVES["approve"]


def revision_is_the_last(j: Judgement) -> bool:
    return j.command.revision == j.proposal.revision


def every_check_is_answered(j: Judgement) -> bool:
    return set(j.command.checks) == set(Check)


def every_check_is_passed_by_what_is_approved(j: Judgement) -> bool:
    return not _is_pass(j) or all(j.command.checks.values())


def reason_is_one_of_the_programmes(j: Judgement) -> bool:
    known = {named.code for named in j.rules.telling.screening_reasons}
    given = set(j.command.reason_codes)
    return given <= known and (_is_pass(j) or bool(given))


def reason_is_given_unless_passed(j: Judgement) -> bool:
    return _is_pass(j) or bool(j.command.reason.strip())


def a_round_is_still_ahead_of_what_is_approved(j: Judgement) -> bool:
    return not _is_pass(j) or bool(rounds_ahead(j.cycle.dates.rounds, now=j.now))


def _is_pass(j: Judgement) -> bool:
    return j.command.outcome == ScreeningOutcome.PASSED


RULES_FOR_SCREENING: Rules[Judgement] = (
    (proposal_is_of_ones_own_university, ProposalIsNotHere),
    (screener_is_not_the_author, AuthorCannotScreen),
    (proposal_waits_for_a_verdict, ProposalIsNotToBeScreened),
    (revision_is_the_last, RevisionIsAnother),
    (every_check_is_answered, CheckIsMissing),
    (every_check_is_passed_by_what_is_approved, CheckIsNotPassed),
    (reason_is_one_of_the_programmes, ReasonIsUnknown),
    (reason_is_given_unless_passed, ReasonIsMissing),
    (a_round_is_still_ahead_of_what_is_approved, CycleTakesNoMoreVacancies),
)

_MOVES = {
    ScreeningOutcome.PASSED: "approve",
    ScreeningOutcome.CHANGES_REQUESTED: "return",
    ScreeningOutcome.REJECTED: "reject",
}


def screen(
    proposal: Proposal,
    command: ScreenProposal,
    *,
    cycle: Cycle,
    host: Host,
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Screened]:
    """Record a verdict. What passes is a vacancy from this moment, long before anybody sees it."""
    uphold(RULES_FOR_SCREENING, Judgement(proposal, cycle, command, actor, now, rules))
    moved = _after(proposal, command.outcome, cycle=cycle, now=now)
    screening = _kept(proposal, command, actor=actor, now=now)
    told = ProposalScreened(
        **case_of(moved, at=now),
        outcome=command.outcome,
        reason_codes=command.reason_codes,
        resubmit_by=moved.send_by if moved.status is Status.CHANGES_REQUESTED else None,
    )
    if command.outcome != ScreeningOutcome.PASSED:
        return Decision(Screened(moved, screening, None), (told,))
    advert = advert_of(proposal.content, host=host.facts, rules=rules, dates=cycle.dates)
    scheduled = schedule(moved, advert, cycle=cycle, now=now)
    return Decision(Screened(moved, screening, scheduled.state), (told, *scheduled.events))


def take_up(proposal: Proposal, *, actor: Actor) -> Decision[Proposal]:
    """Mark a proposal as being screened; nobody but the office sees who does it."""
    if not can(RIGHTS, actor, "see for the office", proposal):
        raise ProposalIsNotHere
    if not can(RIGHTS, actor, "screen", proposal):
        raise AuthorCannotScreen
    if proposal.status is not Status.SUBMITTED:
        return Decision(proposal)
    return Decision(replace(proposal.moved("take up"), row_version=proposal.row_version + 1))


def _after(
    proposal: Proposal, outcome: ScreeningOutcome, *, cycle: Cycle, now: datetime
) -> Proposal:
    is_over = outcome != ScreeningOutcome.CHANGES_REQUESTED
    return replace(
        proposal.moved(_MOVES[outcome]),
        ended_at=now if is_over else None,
        send_by=proposal.send_by if is_over else changes_by(cycle, now=now),
        row_version=proposal.row_version + 1,
    )


def changes_by(cycle: Cycle, *, now: datetime) -> Deadline:
    """Until when changes can be sent: the end of the window, or three days, whichever is later."""
    window = cycle.dates.proposals_close_at
    later = Deadline.from_instant(now + timedelta(days=DAYS_FOR_CHANGES), window.zone)
    evening = datetime.fromisoformat(f"{later.wall[:10]} 17:00")
    asked = Deadline.at_wall(evening, window.zone)
    return asked if asked.at > window.at else window


def answer_by(submitted_at: datetime, zone: str) -> Deadline:
    """By when the office means to have answered a proposal."""
    later = Deadline.from_instant(submitted_at + timedelta(days=DAYS_TO_ANSWER), zone)
    return Deadline.at_wall(datetime.fromisoformat(f"{later.wall[:10]} 17:00"), zone)


def _kept(proposal: Proposal, command: ScreenProposal, *, actor: Actor, now: datetime) -> Screening:
    return Screening(
        proposal_id=proposal.proposal_id,
        revision=proposal.revision,
        outcome=command.outcome,
        checks=dict(command.checks),
        reason_codes=command.reason_codes,
        reason=command.reason,
        screened_by=person_of(actor),
        screened_at=now,
        rule_set_version=proposal.rule_set_version,
    )
