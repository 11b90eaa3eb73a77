"""Begin claims, write their lines, send them, take them back; end and remind when time has passed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.decision import Decision
from chassis.money import amount
from schemas.envelope import new_id
from services.expenses.commands.references import draw_reference
from services.expenses.domain import lapsing, sending, writing
from services.expenses.domain.case import Placement, send_by
from services.expenses.domain.claim import Claim, ClaimIsNotYours, may_move
from services.expenses.domain.policy import can
from services.expenses.domain.receipt import Judged, Receipt
from services.expenses.domain.ruling import CopyHasNotArrived, Grounds
from services.expenses.domain.sending import (
    PlacementIsNotYours,
    StartClaim,
    SubmitClaim,
    WithdrawClaim,
)
from services.expenses.domain.writing import AddLines, ChangeLine, RemoveLine, line_of
from services.expenses.store import claims as store
from services.expenses.store import known
from services.expenses.store import lines as line_store


async def start_claim(
    tx: Transaction, command: StartClaim, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Begin a claim for one's placement; where one has begun, that is it."""
    placement = await known.find_placement(tx, command.placement_id)
    if placement is None or not can(actor, "claim", placement):
        raise PlacementIsNotYours
    await store.hold_placement(tx, command.placement_id)
    if begun := await store.find_live_claim(tx, command.placement_id):
        return told(await lock_claim(tx, begun))
    claim = await _begin(tx, placement, actor=actor, now=now)
    return told(claim)


async def open_claim(tx: Transaction, placement: Placement, *, actor: Actor, now: Clock) -> None:
    """The days are over: begin a draft where there is none, and tell the intern that it can be sent.

    Raises `NothingToClaim`, `PlacementWasCancelled` or `ClaimWindowHasClosed` where there is none to begin.
    """
    placement_id = placement.case.placement_id
    await store.hold_placement(tx, placement_id)
    begun = await store.find_live_claim(tx, placement_id)
    claim = (
        await lock_claim(tx, begun) if begun else await _begin(tx, placement, actor=actor, now=now)
    )
    decision = sending.remind_to_send(claim, now=await now(tx))
    await keep(tx, decision, actor=actor)


async def move_window(tx: Transaction, placement: Placement, *, now: Clock) -> None:
    """The last day is another now: a claim that was never sent may be sent as long after it."""
    begun = await store.find_live_claim(tx, placement.case.placement_id)
    if begun is None:
        return
    claim = await lock_claim(tx, begun)
    if not may_move(claim, "submit") or claim.submission:
        return
    rules = await known.get_rules(tx, claim.case)
    until = send_by(placement, now=await now(tx), rules=rules)
    await store.save_claim(tx, replace(claim, send_by_at=until.at))


async def add_lines(
    tx: Transaction, command: AddLines, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Write lines into a claim."""
    claim, placement, grounds = await _lock_with_grounds(tx, command.claim_id, actor)
    decision = writing.add_lines(
        claim,
        command,
        placement=placement,
        grounds=grounds,
        new_id=new_id,
        actor=actor,
        now=await now(tx),
    )
    await keep(tx, decision, actor=actor)
    added = decision.state.lines[len(claim.lines) :]
    return told(decision.state) | {"lines_added": [str(line.line_id) for line in added]}


async def change_line(
    tx: Transaction, command: ChangeLine, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Write one line anew."""
    claim, placement, grounds = await _lock_with_grounds(tx, command.claim_id, actor)
    decision = writing.change_line(
        claim, command, placement=placement, grounds=grounds, actor=actor, now=await now(tx)
    )
    return await keep(tx, decision, actor=actor)


async def remove_line(
    tx: Transaction, command: RemoveLine, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Leave a line out, and forget its receipt."""
    claim, placement, grounds = await _lock_with_grounds(tx, command.claim_id, actor)
    decision = writing.remove_line(
        claim, command, placement=placement, grounds=grounds, actor=actor, now=await now(tx)
    )
    removed = line_of(claim, command.line_id)
    await line_store.remove_line(tx, removed)
    if removed.receipt_id:
        await line_store.remove_receipt(tx, removed.receipt_id)
    return await keep(tx, decision, actor=actor)


async def add_receipt(
    tx: Transaction,
    claim_id: UUID,
    line_id: UUID,
    *,
    name: str,
    judged: Judged,
    actor: Actor,
    now: Clock,
) -> dict[str, Any]:
    """Put a receipt that was judged beside its line."""
    claim, placement, _ = await _lock_with_grounds(tx, claim_id, actor)
    at = await now(tx)
    receipt = Receipt(
        receipt_id=new_id(),
        claim_id=claim_id,
        university=claim.case.university,
        person_ref=claim.case.person_ref,
        media_type=judged.media_type,
        name=name,
        size=len(judged.copy),
        notes=judged.notes,
        added_at=at,
    )
    seen = await line_store.is_seen_before(
        tx, judged, university=claim.case.university, line_id=line_id
    )
    decision = writing.add_receipt(
        claim,
        line_id,
        receipt_id=receipt.receipt_id,
        is_seen_before=seen,
        placement=placement,
        actor=actor,
        now=at,
    )
    before = line_of(claim, line_id).receipt_id
    await line_store.add_receipt(tx, receipt, judged)
    await keep(tx, decision, actor=actor)
    if before:
        await line_store.remove_receipt(tx, before)
    return told(decision.state) | {
        "line_id": str(line_id),
        "receipt": {
            "receipt_id": str(receipt.receipt_id),
            "media_type": receipt.media_type,
            "name": receipt.name,
            "size": receipt.size,
            "notes": list(receipt.notes),
            "is_seen_before": seen,
        },
    }


async def submit_claim(
    tx: Transaction, command: SubmitClaim, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Send a claim to its host: what stands in it is judged for the last time."""
    claim, placement, grounds = await _lock_with_grounds(tx, command.claim_id, actor)
    at = await now(tx)
    decision = sending.submit(
        claim,
        placement=placement,
        grounds=grounds,
        actor=actor,
        now=at,
        rules=await known.get_rules(tx, claim.case),
    )
    return await keep(tx, decision, actor=actor, act="submitted", at=at, lines=len(claim.lines))


async def withdraw_claim(
    tx: Transaction, command: WithdrawClaim, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Take a claim back before it is decided."""
    claim, placement, _ = await _lock_with_grounds(tx, command.claim_id, actor)
    at = await now(tx)
    decision = sending.withdraw(claim, placement=placement, actor=actor, now=at)
    return await keep(tx, decision, actor=actor, act="withdrawn", at=at)


async def lapse_claim(tx: Transaction, claim_id: UUID, *, actor: Actor, now: Clock) -> None:
    """End what was not sent in time."""
    claim = await lock_claim(tx, claim_id)
    at = await now(tx)
    decision = lapsing.lapse(claim, now=at)
    await keep(tx, decision, actor=actor, act="lapsed", at=at)


async def remind_of_claim(tx: Transaction, claim_id: UUID, *, actor: Actor, now: Clock) -> None:
    """Tell whoever a claim waits for."""
    claim = await lock_claim(tx, claim_id)
    await keep(tx, lapsing.remind(claim, now=await now(tx)), actor=actor)


async def lock_claim(
    tx: Transaction, claim_id: UUID, *, otherwise: Callable[[], Exception] = ClaimIsNotYours
) -> Claim:
    """Hold a claim. Raises `ClaimIsNotYours` where there is none, as for one that is another's."""
    claim = await store.lock_claim(tx, claim_id)
    if claim is None:
        raise otherwise()
    return claim


async def keep(
    tx: Transaction,
    decision: Decision[Claim],
    *,
    actor: Actor,
    act: str = "",
    at: datetime | None = None,
    reason: str | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """Save what was decided, tell it, and note it in the claim's timeline; what its caller reads then."""
    await line_store.save_lines(tx, decision.state.claim_id, decision.state.lines)
    await store.save_claim(tx, decision.state)
    if act and at and decision.events:
        claim_id = decision.state.claim_id
        await store.add_history(tx, claim_id, at=at, act=act, role=actor.role, **facts)
    await outbox.record(tx, decision.events, actor=actor, reason=reason)
    return told(decision.state)


def told(claim: Claim) -> dict[str, Any]:
    """What a caller of the API reads after a command."""
    approved = claim.approved_pence
    return {
        "claim_id": str(claim.claim_id),
        "reference": claim.reference,
        "status": str(claim.status),
        "version": claim.row_version,
        "currency": claim.currency,
        "total": amount(claim.total_pence, claim.currency),
        "allowed": amount(claim.allowed_pence, claim.currency),
        "approved": None if approved is None else amount(approved, claim.currency),
    }


async def _begin(tx: Transaction, placement: Placement, *, actor: Actor, now: Clock) -> Claim:
    decision = sending.begin(
        placement,
        claim_id=new_id(),
        reference=await draw_reference(tx, placement.case.university),
        actor=actor,
        now=await now(tx),
        rules=await known.get_rules(tx, placement.case),
    )
    await store.add_claim(tx, decision.state)
    return decision.state


async def _lock_with_grounds(
    tx: Transaction, claim_id: UUID, actor: Actor
) -> tuple[Claim, Placement, Grounds]:
    """A claim of one's own, held, and everything its lines are judged by."""
    claim = await lock_claim(tx, claim_id)
    if not can(actor, "claim", claim):
        raise ClaimIsNotYours
    return claim, *await grounds_of(tx, claim)


async def grounds_of(tx: Transaction, claim: Claim) -> tuple[Placement, Grounds]:
    """The placement of a claim, with the host's facts and the table of its version."""
    placement = await known.find_placement(tx, claim.case.placement_id)
    if placement is None:
        raise CopyHasNotArrived
    facts = await known.get_host_facts(tx, claim.case.host_id)
    rules = await known.get_rules(tx, claim.case)
    return placement, Grounds(placement, facts, rules.expenses)
