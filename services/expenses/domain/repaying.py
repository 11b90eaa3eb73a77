"""How the money goes its way: the host says it has paid, the intern says it has come, the office settles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.actor import Actor
from chassis.decision import Decision, Forbidden, Invalid, uphold
from schemas.expenses import (
    ClaimApproved,
    DecidedBy,
    DisputeReason,
    ReimbursementConfirmed,
    ReimbursementDisputed,
    ReimbursementReported,
)
from schemas.rules import RuleSet
from services.expenses.domain.case import days_later
from services.expenses.domain.claim import (
    Claim,
    ClaimHasMovedOn,
    ClaimIsNotHere,
    ClaimIsNotYours,
    Status,
    may_move,
)
from services.expenses.domain.deciding import RULES_FOR_THE_PAYER, Deciding
from services.expenses.domain.policy import can

DAYS_TO_CONFIRM = 14

DISPUTE_REASONS: Mapping[DisputeReason, str] = {
    DisputeReason.NOT_RECEIVED: "The money has not arrived",
    DisputeReason.WRONG_AMOUNT: "The amount is not right",
}


class Outcome(StrEnum):
    """How the office ends a dispute."""

    REPAID = auto()  # the money has come after all
    OWED = auto()  # the host repays, or repays the rest, and reports it anew


@dataclass(frozen=True, slots=True)
class ReportReimbursement:
    """Say that the claim was repaid."""

    claim_id: UUID
    paid_pence: int
    paid_on: date


@dataclass(frozen=True, slots=True)
class ConfirmReimbursement:
    """Say that the money has come."""

    claim_id: UUID


@dataclass(frozen=True, slots=True)
class DisputeReimbursement:
    """Say that the money has not come, or not all of it."""

    claim_id: UUID
    reason_code: DisputeReason
    words: str  # for the office


@dataclass(frozen=True, slots=True)
class SettleDispute:
    """End a dispute, with a reason for the record."""

    claim_id: UUID
    outcome: Outcome
    reason: str


class AmountIsNotWhatWasAgreed(Invalid):
    """Report what was agreed, in one amount or more."""

    field = "paid"
    code = "range"


class PaidOnIsAhead(Invalid):
    """Give the day on which it was paid; it cannot lie ahead."""

    field = "paid_on"
    code = "range"


class ClaimIsNotYoursToSettle(Forbidden):
    """The office settles this."""


def report(
    claim: Claim,
    command: ReportReimbursement,
    *,
    is_contact: bool,
    actor: Actor,
    now: datetime,
) -> Decision[Claim]:
    """The host says that it has paid; the intern is asked whether it has come."""
    uphold(RULES_FOR_THE_PAYER, Deciding(claim, actor, is_contact))
    if not may_move(claim, "report"):
        raise ClaimHasMovedOn
    if not 1 <= command.paid_pence <= (claim.approved_pence or 0):  # I28: never more than agreed
        raise AmountIsNotWhatWasAgreed
    if command.paid_on > now.astimezone(ZoneInfo(claim.zone)).date():
        raise PaidOnIsAhead
    reported = claim.moved(
        "report",
        paid_pence=command.paid_pence,
        paid_on=command.paid_on,
        reported_at=now,
        confirm_by_at=days_later(now, DAYS_TO_CONFIRM, claim.zone).at,
        reminded=tuple(kind for kind in claim.reminded if kind != "confirm"),
    )
    told = ReimbursementReported(
        **claim.told(now), paid_pence=command.paid_pence, paid_on=command.paid_on
    )
    return Decision(reported, (told,))


def confirm(claim: Claim, *, actor: Actor, now: datetime) -> Decision[Claim]:
    """The intern says that the money has come: the claim is closed."""
    if not can(actor, "claim", claim):
        raise ClaimIsNotYours
    if not may_move(claim, "confirm"):
        raise ClaimHasMovedOn
    return _confirmed(claim, now)


def dispute(
    claim: Claim, command: DisputeReimbursement, *, actor: Actor, now: datetime
) -> Decision[Claim]:
    """The intern says that something is wrong: the office asks the host."""
    if not can(actor, "claim", claim):
        raise ClaimIsNotYours
    if not may_move(claim, "dispute"):
        raise ClaimHasMovedOn
    disputed = claim.moved("dispute", dispute_code=command.reason_code, dispute=command.words)
    told = ReimbursementDisputed(
        **claim.told(now),
        reason_code=command.reason_code,
        reported_pence=claim.paid_pence or 0,
    )
    return Decision(disputed, (told,))


def settle(
    claim: Claim, command: SettleDispute, *, actor: Actor, now: datetime, rules: RuleSet
) -> Decision[Claim]:
    """The office ends a dispute: the money has come, or it is owed and a new time runs."""
    if not can(actor, "see claim", claim):
        raise ClaimIsNotHere
    if not can(actor, "settle", claim):
        raise ClaimIsNotYoursToSettle
    if claim.status is not Status.DISPUTED:
        raise ClaimHasMovedOn
    if command.outcome is Outcome.REPAID:
        return _confirmed(claim, now)
    approved = claim.approved_pence or 0
    is_partly = approved < claim.total_pence
    repay_by = days_later(now, rules.expenses.host_repays_days, claim.zone)
    owed = claim.moved(
        "approve_partly" if is_partly else "approve",
        repay_by_at=repay_by.at,
        confirm_by_at=None,
        reminded=tuple(kind for kind in claim.reminded if kind not in ("repay", "confirm")),
    )
    told = ClaimApproved(
        **claim.told(now),
        total_pence=claim.total_pence,
        approved_pence=approved,
        is_partly=is_partly,
        by=DecidedBy.OFFICE,
        repay_by=repay_by,
    )
    return Decision(owed, (told,))


def _confirmed(claim: Claim, now: datetime) -> Decision[Claim]:
    confirmed = claim.moved("confirm", ended_at=now)
    told = ReimbursementConfirmed(**claim.told(now), paid_pence=claim.paid_pence or 0)
    return Decision(confirmed, (told,))
