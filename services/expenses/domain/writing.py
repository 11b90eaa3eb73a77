"""What the intern writes into a claim: its lines, and a receipt beside each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.actor import Actor
from chassis.decision import Decision, Refused, Rules, uphold
from services.expenses.domain.case import Placement
from services.expenses.domain.claim import (
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
    Spending,
)
from services.expenses.domain.policy import can
from services.expenses.domain.ruling import Grounds, judge

MOST_LINES = 60


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


class ClaimWindowHasClosed(Refused):
    """The time to send this claim has passed."""

    code = "deadline-passed"


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


RULES_FOR_WRITING: Rules[Writing] = (
    (claim_is_ones_own, ClaimIsNotYours),
    (claim_is_as_it_was_read, ClaimHasChanged),
    (claim_was_not_sent, ClaimIsAlreadySubmitted),
    (claim_is_with_the_intern, ClaimHasMovedOn),
    (claim_is_within_its_window, ClaimWindowHasClosed),
)


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
        check_spending(spending, placement, n)
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
    check_spending(command.spending, placement, 0)
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


def check_spending(spending: Spending, placement: Placement, n: int) -> None:
    """Whether it was spent at all, and on a day of the placement; `n` is its place among those sent."""
    if placement.mode_on(spending.spent_on) is None:
        raise DayIsOutsideThePlacement(line=n)
    if spending.amount_pence < 1:
        raise AmountIsNothing(line=n)
