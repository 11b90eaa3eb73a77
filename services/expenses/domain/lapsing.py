"""What time does to a claim: reminds whoever it waits for, and ends what was not sent."""

from dataclasses import replace
from datetime import datetime

from chassis.decision import Decision
from schemas.expenses import ClaimReminded, ClaimReminder, ClaimWindowClosed
from services.expenses.domain.claim import Claim, days_before, may_move

WINDOW_CLOSES_IN_DAYS = 7
DECISION_IS_DUE_IN_DAYS = 2
CONFIRMATION_IS_DUE_IN_DAYS = 3


def lapse(claim: Claim, *, now: datetime) -> Decision[Claim]:
    """The window is over: what was not sent ends. Says nothing where it was sent meanwhile."""
    if not may_move(claim, "lapse") or now < claim.send_by_at:
        return Decision(claim)
    told = ClaimWindowClosed(**claim.told(now), closed_at=claim.deadline(claim.send_by_at))
    return Decision(claim.moved("lapse", ended_at=now), (told,))


def due_reminder(claim: Claim, *, now: datetime) -> tuple[str, ClaimReminder, datetime] | None:
    """Which reminder is due: its mark, what it is about, until when. The last that fits is the one."""
    due: list[tuple[str, ClaimReminder, datetime]] = []
    if may_move(claim, "lapse") and now < claim.send_by_at:
        if now >= days_before(claim.send_by_at, WINDOW_CLOSES_IN_DAYS):
            due.append(("window_closing", ClaimReminder.WINDOW_CLOSING, claim.send_by_at))
    elif may_move(claim, "return") and claim.decide_by_at:
        if now >= claim.decide_by_at:
            due.append(("decide_overdue", ClaimReminder.DECIDE, claim.decide_by_at))
        elif now >= days_before(claim.decide_by_at, DECISION_IS_DUE_IN_DAYS):
            due.append(("decide", ClaimReminder.DECIDE, claim.decide_by_at))
    elif may_move(claim, "report") and claim.repay_by_at:
        if now >= claim.repay_by_at:
            due.append(("repay", ClaimReminder.REPAY, claim.repay_by_at))
    elif may_move(claim, "dispute") and claim.confirm_by_at:
        is_near = now >= days_before(claim.confirm_by_at, CONFIRMATION_IS_DUE_IN_DAYS)
        if is_near and now < claim.confirm_by_at:
            due.append(("confirm", ClaimReminder.CONFIRM, claim.confirm_by_at))
    return next((each for each in due if each[0] not in claim.reminded), None)


def remind(claim: Claim, *, now: datetime) -> Decision[Claim]:
    """Tell whoever it waits for, once. Says nothing where nobody is late any more."""
    due = due_reminder(claim, now=now)
    if due is None:
        return Decision(claim)
    mark, kind, until = due
    told = ClaimReminded(**claim.told(now), kind=kind, until=claim.deadline(until))
    return Decision(replace(claim, reminded=(*claim.reminded, mark)), (told,))
