"""What the intern does: begins a claim, writes its lines, sends it, takes it back."""

from collections.abc import Callable
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
    ClaimHasChanged,
    ClaimHasMovedOn,
    ClaimIsNotYours,
    Status,
    judged,
    may_move,
)
from services.expenses.domain.line import (
    AmountIsNothing,
    DayIsOutsideThePlacement,
    Line,
    LineIsNotHere,
    ReasonIsMissing,
    ReceiptIsMissing,
    Spending,
    Verdict,
)
from services.expenses.domain.policy import can
from services.expenses.domain.ruling import Grounds, judge

MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class StartClaim:
    """Begin a claim for a placement of one's own."""

    placement_id: UUID


@dataclass(frozen=True, slots=True)
class AddLines:
    """Write lines into a claim."""

    claim_id: UUID
    spendings: tuple[Spending, ...]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """Write a line anew; its receipt stays. `version` is the claim's that was read, if one was."""

    claim_id: UUID
    line_id: UUID
    spending: Spending
    version: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveLine:
    """Leave a line out, and its receipt with it."""

    claim_id: UUID
    line_id: UUID


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


class ClaimWindowHasClosed(Refused):
    """The time to send this claim has passed."""

    code = "deadline-passed"


class PlacementIsNotOver(Refused):
    """You can send your claim when the last day of your placement is over."""


class ClaimIsEmpty(Refused):
    """Add a receipt first: the claim has no line yet."""


class ClaimIsAlreadySubmitted(Refused):
    """You have already submitted this claim."""

    code = "already-submitted"


class ClaimIsFull(Refused):
    """A claim has at most 60 lines."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Everything a change to a claim is judged by."""

    claim: Claim
    placement: Placement
    actor: Actor
    now: datetime
    version: int | None = None


def claim_is_ones_own(w: Writing) -> bool:
    """Whether the actor is its intern."""
    return can(w.actor, "claim", w.claim)


def claim_is_as_it_was_read(w: Writing) -> bool:
    """Whether nobody changed it since."""
    return w.version is None or w.version == w.claim.row_version


def claim_was_not_sent(w: Writing) -> bool:
    """Whether it is not with the host now."""
    return w.claim.status is not Status.SUBMITTED


def claim_is_with_the_intern(w: Writing) -> bool:
    """Whether it can still be written and sent."""
    return may_move(w.claim, "submit")


def claim_is_within_its_window(w: Writing) -> bool:
    """Whether there is time to send it."""
    return w.now < w.claim.send_by_at


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


RULES_FOR_WRITING: Rules[Writing] = (
    (claim_is_ones_own, ClaimIsNotYours),
    (claim_is_as_it_was_read, ClaimHasChanged),
    (claim_was_not_sent, ClaimIsAlreadySubmitted),
    (claim_is_with_the_intern, ClaimHasMovedOn),
    (claim_is_within_its_window, ClaimWindowHasClosed),
)

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


def add_lines(
    claim: Claim,
    command: AddLines,
    *,
    placement: Placement,
    grounds: Grounds,
    new_id: Callable[[], UUID],
    actor: Actor,
    now: datetime,
) -> Decision[Claim]:
    """Write lines into a claim; each says at once what the rules make of it."""
    uphold(RULES_FOR_WRITING, Writing(claim, placement, actor, now))
    if len(claim.lines) + len(command.spendings) > MOST_LINES:
        raise ClaimIsFull
    for n, spending in enumerate(command.spendings):
        _check(spending, placement, n)
    place = max((line.place for line in claim.lines), default=0)
    unjudged = judge(command.spendings, grounds=grounds)
    added = [
        Line(new_id(), place + n, spending, ruling)
        for n, (spending, ruling) in enumerate(zip(command.spendings, unjudged, strict=True), 1)
    ]
    return Decision(judged(claim, (*claim.lines, *added), grounds=grounds))


def change_line(
    claim: Claim,
    command: ChangeLine,
    *,
    placement: Placement,
    grounds: Grounds,
    actor: Actor,
    now: datetime,
) -> Decision[Claim]:
    """Write one line anew."""
    uphold(RULES_FOR_WRITING, Writing(claim, placement, actor, now, command.version))
    held = line_of(claim, command.line_id)
    _check(command.spending, placement, 0)
    changed = replace(held, spending=command.spending)
    lines = tuple(changed if line is held else line for line in claim.lines)
    return Decision(judged(claim, lines, grounds=grounds))


def remove_line(
    claim: Claim,
    command: RemoveLine,
    *,
    placement: Placement,
    grounds: Grounds,
    actor: Actor,
    now: datetime,
) -> Decision[Claim]:
    """Leave a line out."""
    uphold(RULES_FOR_WRITING, Writing(claim, placement, actor, now))
    held = line_of(claim, command.line_id)
    lines = tuple(line for line in claim.lines if line is not held)
    return Decision(judged(claim, lines, grounds=grounds))


def add_receipt(
    claim: Claim,
    line_id: UUID,
    *,
    receipt_id: UUID,
    is_seen_before: bool,
    placement: Placement,
    actor: Actor,
    now: datetime,
) -> Decision[Claim]:
    """Put a receipt beside a line, in the place of one that was there."""
    uphold(RULES_FOR_WRITING, Writing(claim, placement, actor, now))
    held = line_of(claim, line_id)
    with_it = replace(held, receipt_id=receipt_id, is_seen_before=is_seen_before)
    lines = tuple(with_it if line is held else line for line in claim.lines)
    return Decision(replace(claim, lines=lines, row_version=claim.row_version + 1))


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
        _check(line.spending, placement, n)
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


def refusal_of_writing(claim: Claim) -> Refused:
    """Why a claim cannot be written any more, for a page that was opened before."""
    is_sent = claim.status is Status.SUBMITTED
    return ClaimIsAlreadySubmitted() if is_sent else ClaimHasMovedOn()


def line_of(claim: Claim, line_id: UUID) -> Line:
    """One of its lines. Raises `LineIsNotHere`."""
    line = claim.line(line_id)
    if line is None:
        raise LineIsNotHere
    return line


def _check(spending: Spending, placement: Placement, n: int) -> None:
    if placement.mode_on(spending.spent_on) is None:
        raise DayIsOutsideThePlacement(line=n)
    if spending.amount_pence < 1:
        raise AmountIsNothing(line=n)


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
    codes = dict.fromkeys(
        line.ruling.reason_code for line in sent.lines if line.verdict is Verdict.DISALLOWED
    )
    events.append(
        ClaimSubmitted(
            **sent.told(now),
            submission=sent.submission,
            lines=len(sent.lines),
            total_pence=sent.total_pence,
            allowed_pence=sent.allowed_pence,
            decide_by=sent.deadline(sent.decide_by_at or now),
            reason_codes=tuple(codes),
        )
    )
    return tuple(events)
