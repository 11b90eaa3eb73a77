"""What the host does: decides line by line, asks for changes, or refuses. Nobody decides on their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chassis.actor import Actor
from chassis.decision import Decision, Invalid, Refused, Rules, uphold
from schemas.expenses import ClaimApproved, ClaimRejected, ClaimReturned
from schemas.rules import RuleSet
from services.expenses.domain.case import days_later
from services.expenses.domain.claim import (
    Claim,
    ClaimHasMovedOn,
    ClaimIsNotYours,
    ClaimIsNotYoursToDecide,
    ClaimIsOnesOwn,
    may_move,
)
from services.expenses.domain.line import Line, LineIsNotHere, is_remote
from services.expenses.domain.policy import can

DAYS_FOR_CHANGES = 7
"""A claim that is sent back late leaves the intern this long, beyond the window if need be."""

RETURN_REASONS: Mapping[str, str] = {
    "receipt_unreadable": "A receipt cannot be read",
    "receipt_of_another": "A receipt does not belong to its line",
    "amount_differs": "An amount is not that of its receipt",
    "day_differs": "A day is not that of its receipt",
    "explain": "A line needs to be explained",
}
REJECTION_REASONS: Mapping[str, str] = {
    "not_covered": "None of it is covered by the rules",
    "not_spent": "The costs did not arise from the placement",
    "repaid_already": "It has been repaid already",
}


@dataclass(frozen=True, slots=True)
class LineDecision:
    """The host's word on one line: what it repays, and why, where the rules say otherwise."""

    approved_pence: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DecideClaim:
    """Agree to repay: what the rules allow, but for the lines named."""

    claim_id: UUID
    lines: Mapping[UUID, LineDecision] = field(default_factory=dict[UUID, LineDecision])


@dataclass(frozen=True, slots=True)
class ReturnClaim:
    """Ask for changes."""

    claim_id: UUID
    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class RejectClaim:
    """Refuse a claim as a whole."""

    claim_id: UUID
    reason_code: str
    reason: str


class ChangeNeedsReason(Invalid):
    """Say why you decide otherwise than the rules."""

    field = "reason"


class MoreThanClaimed(Invalid):
    """A line is repaid up to what was claimed for it."""

    field = "approved"
    code = "range"


class RemoteDayIsNotRepaid(Refused):
    """For days from home nothing is repaid."""

    field = "approved"


class ReasonIsUnknown(Invalid):
    """Choose one of the reasons given."""

    field = "reason_code"
    code = "unknown-value"


@dataclass(frozen=True, slots=True)
class Deciding:
    """Everything a host's decision is judged by."""

    claim: Claim
    actor: Actor
    is_contact: bool  # of the host that pays, not merely a supervisor there


def claim_is_sent_to_them(d: Deciding) -> bool:
    """Whether the actor acts for its host, or is its intern and looks at it from the wrong side."""
    return can(d.actor, "see claim", d.claim)


def claim_is_somebody_elses(d: Deciding) -> bool:
    """Nobody decides on their own claim."""
    return d.actor.person_ref != d.claim.case.person_ref


def actor_decides_for_the_host(d: Deciding) -> bool:
    """Whether they may commit the host."""
    return d.is_contact and can(d.actor, "decide", d.claim)


def claim_waits_for_a_decision(d: Deciding) -> bool:
    """Whether it is with the host."""
    return may_move(d.claim, "return")


_WHO: Rules[Deciding] = (
    (claim_is_sent_to_them, ClaimIsNotYours),
    (claim_is_somebody_elses, ClaimIsOnesOwn),
    (actor_decides_for_the_host, ClaimIsNotYoursToDecide),
)
RULES_FOR_DECIDING: Rules[Deciding] = (*_WHO, (claim_waits_for_a_decision, ClaimHasMovedOn))
RULES_FOR_THE_PAYER = _WHO


def decide(
    claim: Claim,
    command: DecideClaim,
    *,
    is_contact: bool,
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Claim]:
    """Agree to repay; where nothing is left to repay, the claim is refused."""
    uphold(RULES_FOR_DECIDING, Deciding(claim, actor, is_contact))
    if unknown := command.lines.keys() - {line.line_id for line in claim.lines}:
        raise LineIsNotHere(line_id=min(unknown))
    lines = tuple(
        _decided(line, command.lines.get(line.line_id), n) for n, line in enumerate(claim.lines)
    )
    approved = sum(line.approved_pence or 0 for line in lines)
    if approved == 0:
        return _rejected(claim, lines, now)
    is_partly = approved < claim.total_pence
    repay_by = days_later(now, rules.expenses.host_repays_days, claim.zone)
    decided = claim.moved(
        "approve_partly" if is_partly else "approve",
        lines=lines,
        decided_at=now,
        repay_by_at=repay_by.at,
    )
    told = ClaimApproved(
        **claim.told(now),
        total_pence=claim.total_pence,
        approved_pence=approved,
        is_partly=is_partly,
        repay_by=repay_by,
    )
    return Decision(decided, (told,))


def send_back(
    claim: Claim,
    command: ReturnClaim,
    *,
    is_contact: bool,
    actor: Actor,
    now: datetime,
) -> Decision[Claim]:
    """Ask for changes; the intern has at least a week for them."""
    uphold(RULES_FOR_DECIDING, Deciding(claim, actor, is_contact))
    if command.reason_code not in RETURN_REASONS:
        raise ReasonIsUnknown
    soonest = days_later(now, DAYS_FOR_CHANGES, claim.zone).at
    until = max(claim.send_by_at, soonest)
    returned = claim.moved(
        "return",
        send_by_at=until,
        decide_by_at=None,
        reason_codes=(command.reason_code,),
        reason=command.reason,
        reminded=tuple(kind for kind in claim.reminded if kind != "window_closing"),
    )
    told = ClaimReturned(
        **claim.told(now),
        reason_codes=(command.reason_code,),
        resubmit_by=claim.deadline(until),
    )
    return Decision(returned, (told,))


def reject(
    claim: Claim,
    command: RejectClaim,
    *,
    is_contact: bool,
    actor: Actor,
    now: datetime,
) -> Decision[Claim]:
    """Refuse a claim as a whole; the office can be asked to look at it."""
    uphold(RULES_FOR_DECIDING, Deciding(claim, actor, is_contact))
    if command.reason_code not in REJECTION_REASONS:
        raise ReasonIsUnknown
    rejected = claim.moved(
        "reject",
        decided_at=now,
        ended_at=now,
        reason_codes=(command.reason_code,),
        reason=command.reason,
    )
    told = ClaimRejected(**claim.told(now), reason_codes=(command.reason_code,))
    return Decision(rejected, (told,))


def _decided(line: Line, said: LineDecision | None, n: int) -> Line:
    """The rules' verdict, or the host's with its reason."""
    preset = line.ruling.allowed_pence
    if said is None or said.approved_pence == preset:
        return line.decided(preset, said.reason if said else "")
    if said.approved_pence > line.amount_pence:
        raise MoreThanClaimed(line=n)
    if said.approved_pence > 0 and is_remote(line):
        raise RemoteDayIsNotRepaid(line=n)
    if not said.reason:
        raise ChangeNeedsReason(line=n)
    return line.decided(said.approved_pence, said.reason)


def _rejected(claim: Claim, lines: tuple[Line, ...], now: datetime) -> Decision[Claim]:
    codes = tuple(dict.fromkeys(line.ruling.reason_code for line in lines))
    rejected = claim.moved("reject", lines=lines, decided_at=now, ended_at=now, reason_codes=codes)
    return Decision(rejected, (ClaimRejected(**claim.told(now), reason_codes=codes),))
