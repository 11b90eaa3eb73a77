"""What the intern does with a claim: begins it, sends it, takes it back."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.decision import Decision, NotFound, Refused, Rules, uphold
from schemas.envelope import Event
from schemas.expenses import (
    ClaimReminded,
    ClaimReminder,
    ClaimSubmitted,
    ClaimWithdrawn,
    LineDisallowed,
    ReceiptSubmitted,
)
from schemas.rules import RuleSet
from services.expenses.domain.case import Placement, PlacementStatus, days_later, send_by
from services.expenses.domain.claim import (
    MOVES,
    Claim,
    ClaimHasMovedOn,
    ClaimIsNotYours,
    Status,
    judged,
    may_move,
)
from services.expenses.domain.line import ReasonIsMissing, ReceiptIsMissing, Verdict
from services.expenses.domain.ruling import Grounds
from services.expenses.domain.writing import (
    RULES_FOR_WRITING,
    ClaimWindowHasClosed,
    Writing,
    check_spending,
    claim_is_ones_own,
)


@dataclass(frozen=True, slots=True)
class StartClaim:
    """Begin a claim for a placement of one's own."""

    placement_id: UUID


@dataclass(frozen=True, slots=True)
class SubmitClaim:
    """Send the claim to the host."""

    claim_id: UUID


@dataclass(frozen=True, slots=True)
class WithdrawClaim:
    """Take the claim back."""

    claim_id: UUID


class PlacementIsNotYours(NotFound):
    """We cannot find this placement among yours."""


class NothingToClaim(Refused):
    """Nothing to claim. For days from home nothing is repaid."""


class PlacementWasCancelled(Refused):
    """The placement was cancelled: there is nothing to claim for it."""


class PlacementIsNotOver(Refused):
    """You can send your claim when the last day of your placement is over."""


class ClaimIsEmpty(Refused):
    """Add a receipt first: the claim has no line yet."""


def placement_takes_place(w: Writing) -> bool:
    """Whether it was not cancelled."""
    return w.placement.status is not PlacementStatus.CANCELLED


def placement_is_over(w: Writing) -> bool:
    """Whether its last day is behind us."""
    return w.placement.is_over(w.now)


def claim_has_lines(w: Writing) -> bool:
    """Whether there is anything in it."""
    return bool(w.claim.lines)


def claim_may_be_withdrawn(w: Writing) -> bool:
    """Whether it was not decided yet."""
    return may_move(w.claim, "withdraw")


RULES_FOR_SUBMITTING: Rules[Writing] = (
    *RULES_FOR_WRITING,
    (placement_takes_place, PlacementWasCancelled),
    (claim_has_lines, ClaimIsEmpty),
    (placement_is_over, PlacementIsNotOver),
)

RULES_FOR_WITHDRAWING: Rules[Writing] = (
    (claim_is_ones_own, ClaimIsNotYours),
    (claim_may_be_withdrawn, ClaimHasMovedOn),
)


def begin(
    placement: Placement,
    *,
    claim_id: UUID,
    reference: str,
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Claim]:
    """Begin a claim: by its intern at any time within the window, or by itself when the days are over."""
    until = send_by(placement, now=now, rules=rules)
    claim = Claim(
        claim_id=claim_id,
        reference=reference,
        case=placement.case,
        status=Status.DRAFT,
        currency=rules.kind.currency,
        zone=rules.kind.zone,
        begun_at=now,
        send_by_at=until.at,
        name=actor.name,
    )
    if placement.status is PlacementStatus.CANCELLED:
        raise PlacementWasCancelled
    if placement.is_all_remote:
        raise NothingToClaim
    if now >= until.at:
        raise ClaimWindowHasClosed
    return Decision(claim)


def remind_to_send(claim: Claim, *, now: datetime) -> Decision[Claim]:
    """The days are over: the claim can be sent from now on."""
    if ClaimReminder.SEND in claim.reminded or claim.status not in MOVES["submit"]:
        return Decision(claim)
    told = ClaimReminded(
        **claim.told(now), kind=ClaimReminder.SEND, until=claim.deadline(claim.send_by_at)
    )
    return Decision(replace(claim, reminded=(*claim.reminded, ClaimReminder.SEND)), (told,))


def submit(
    claim: Claim,
    *,
    placement: Placement,
    grounds: Grounds,
    actor: Actor,
    now: datetime,
    rules: RuleSet,
) -> Decision[Claim]:
    """Send the claim: every line is judged once more, and from then on nothing re-prices it."""
    uphold(RULES_FOR_SUBMITTING, Writing(claim, placement, actor, now))
    anew = judged(claim, claim.lines, grounds=grounds)
    for n, line in enumerate(anew.lines):
        check_spending(line.spending, placement, n)
        if line.lacks_receipt:
            raise ReceiptIsMissing(line=n)
        if line.lacks_reason:
            raise ReasonIsMissing(line=n)
    number = claim.submission + 1
    decide_by = days_later(now, rules.expenses.host_decides_days, claim.zone)
    sent = anew.moved(
        "submit",
        submission=number,
        submitted_at=now,
        decide_by_at=decide_by.at,
        name=actor.name or claim.name,
        lines=tuple(replace(line, submission=number) for line in anew.lines),
        reason_codes=(),
        reason="",
        reminded=tuple(kind for kind in claim.reminded if not kind.startswith("decide")),
    )
    return Decision(sent, _of_submission(sent, now))


def withdraw(claim: Claim, *, placement: Placement, actor: Actor, now: datetime) -> Decision[Claim]:
    """Take the claim back; another may be begun while there is time."""
    uphold(RULES_FOR_WITHDRAWING, Writing(claim, placement, actor, now))
    withdrawn = claim.moved("withdraw", ended_at=now)
    return Decision(withdrawn, (ClaimWithdrawn(**claim.told(now)),))


def _of_submission(sent: Claim, now: datetime) -> tuple[Event, ...]:
    """A receipt for each line, what the rules disallow, then the claim itself."""
    events: list[Event] = []
    for line in sent.lines:
        facts: dict[str, Any] = sent.told(
            now,
            line_id=line.line_id,
            kind=line.spending.kind,
            on=line.spending.spent_on,
            amount_pence=line.amount_pence,
        )
        events.append(ReceiptSubmitted(**facts, is_seen_before=line.is_seen_before))
        if line.verdict is Verdict.DISALLOWED:
            events.append(LineDisallowed(**facts, reason_code=line.ruling.reason_code))
    events.append(submitted(sent, now))
    return tuple(events)


def submitted(sent: Claim, at: datetime) -> ClaimSubmitted:
    """That a claim was sent, with its sums."""
    codes = dict.fromkeys(
        line.ruling.reason_code for line in sent.lines if line.verdict is Verdict.DISALLOWED
    )
    return ClaimSubmitted(
        **sent.told(at),
        submission=sent.submission,
        lines=len(sent.lines),
        total_pence=sent.total_pence,
        allowed_pence=sent.allowed_pence,
        decide_by=sent.deadline(sent.decide_by_at or at),
        reason_codes=tuple(codes),
    )
