"""The host decides and reports payment, the intern answers, the office settles."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from services.expenses.commands.claims import keep, lock_claim
from services.expenses.domain import deciding, repaying
from services.expenses.domain.claim import Claim, ClaimIsNotHere
from services.expenses.domain.deciding import DecideClaim, RejectClaim, ReturnClaim
from services.expenses.domain.repaying import (
    ConfirmReimbursement,
    DisputeReimbursement,
    ReportReimbursement,
    SettleDispute,
)
from services.expenses.store import known


async def decide_claim(
    tx: Transaction, command: DecideClaim, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Agree to repay what the rules allow, but for the lines that the host decides otherwise."""
    claim, is_contact, at = await _lock_for_the_host(tx, command.claim_id, actor, now)
    decision = deciding.decide(
        claim,
        command,
        is_contact=is_contact,
        actor=actor,
        now=at,
        rules=await known.get_rules(tx, claim.case),
    )
    act = str(decision.state.status)
    return await keep(tx, decision, actor=actor, act=act, at=at)


async def return_claim(
    tx: Transaction, command: ReturnClaim, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Ask the intern for changes."""
    claim, is_contact, at = await _lock_for_the_host(tx, command.claim_id, actor, now)
    decision = deciding.send_back(claim, command, is_contact=is_contact, actor=actor, now=at)
    return await keep(tx, decision, actor=actor, act="returned", at=at)


async def reject_claim(
    tx: Transaction, command: RejectClaim, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Refuse a claim as a whole."""
    claim, is_contact, at = await _lock_for_the_host(tx, command.claim_id, actor, now)
    decision = deciding.reject(claim, command, is_contact=is_contact, actor=actor, now=at)
    return await keep(tx, decision, actor=actor, act="rejected", at=at)


async def report_reimbursement(
    tx: Transaction, command: ReportReimbursement, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Say that the claim was repaid."""
    claim, is_contact, at = await _lock_for_the_host(tx, command.claim_id, actor, now)
    decision = repaying.report(claim, command, is_contact=is_contact, actor=actor, now=at)
    return await keep(
        tx, decision, actor=actor, act="reported", at=at, paid_on=_day(command.paid_on)
    )


async def confirm_reimbursement(
    tx: Transaction, command: ConfirmReimbursement, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Say that the money has come."""
    claim = await lock_claim(tx, command.claim_id)
    at = await now(tx)
    decision = repaying.confirm(claim, actor=actor, now=at)
    return await keep(tx, decision, actor=actor, act="confirmed", at=at)


async def dispute_reimbursement(
    tx: Transaction, command: DisputeReimbursement, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Say that the money has not come, or not all of it."""
    claim = await lock_claim(tx, command.claim_id)
    at = await now(tx)
    decision = repaying.dispute(claim, command, actor=actor, now=at)
    return await keep(tx, decision, actor=actor, act="disputed", at=at)


async def settle_dispute(
    tx: Transaction, command: SettleDispute, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """End a dispute, with a reason for the record."""
    claim = await lock_claim(tx, command.claim_id, otherwise=ClaimIsNotHere)
    at = await now(tx)
    decision = repaying.settle(
        claim, command, actor=actor, now=at, rules=await known.get_rules(tx, claim.case)
    )
    act = f"settled_as_{command.outcome}"
    return await keep(tx, decision, actor=actor, act=act, at=at, reason=command.reason)


async def _lock_for_the_host(
    tx: Transaction, claim_id: UUID, actor: Actor, now: Clock
) -> tuple[Claim, bool, datetime]:
    """A claim, held; whether the actor is a contact of its host; and the time now that it is held."""
    claim = await lock_claim(tx, claim_id)
    at = await now(tx)
    return claim, await known.is_contact(tx, claim.case.host_id, actor.person_ref), at


def _day(on: date) -> str:
    return on.isoformat()
