"""Placements: cancelled by people, introduced by the office, begun and completed by time."""

from typing import Any
from uuid import UUID

from chassis import outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.decision import Decision
from schemas.applications import PlacementReminder
from services.applications.domain import offer, placement
from services.applications.domain.placement import CancelPlacement, Placement, PlacementIsNotYours
from services.applications.store import applicant_cycles, offers, placements
from services.applications.store.cases import get_rules_of

Result = dict[str, Any]


async def cancel_placement(
    tx: Transaction, command: CancelPlacement, *, actor: Actor, now: Clock
) -> Result:
    """End a placement before it begins: its place is free, its intern too where the rules say so."""
    whose = await placements.find_applicant_cycle_of_placement(tx, command.placement_id)
    if whose is None:
        raise PlacementIsNotYours
    found = await offers.lock_offer(tx, whose["offer_id"])
    held = await placements.lock_placement(tx, command.placement_id)
    if found is None or held is None:
        raise PlacementIsNotYours
    taken, cycle = found
    rules = await get_rules_of(tx, held.case)
    decision = placement.cancel(held, command, actor=actor, now=await now(tx), rules=rules)
    await placements.save_placement(tx, decision.state)
    await offers.save_offer(tx, offer.vacate(taken))
    by = placement.canceller(held, actor)
    is_bound_by_it = cycle.bound_by_offer_id == taken.offer_id
    if by and is_bound_by_it and placement.is_free_afterwards(by, rules=rules):
        await applicant_cycles.save_applicant_cycle(tx, cycle.bound_by(None))
    await outbox.record(tx, decision.events, actor=actor, reason=command.reason or None)
    return _result(decision.state)


async def introduce_placement(
    tx: Transaction, placement_id: UUID, *, actor: Actor, now: Clock
) -> Result:
    """Let intern and host write to each other, where the programme leaves that to the office."""
    held = await _lock(tx, placement_id)
    if held.case.university != actor.university:
        raise PlacementIsNotYours
    decision = placement.introduce(held, actor=actor, now=await now(tx))
    await placements.save_placement(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)
    return _result(decision.state)


async def start_placement(tx: Transaction, placement_id: UUID, *, actor: Actor, now: Clock) -> None:
    """Its first day has come."""
    held = await _lock(tx, placement_id)
    await _keep(tx, placement.start(held, now=await now(tx)), actor=actor)


async def complete_placement(
    tx: Transaction, placement_id: UUID, *, actor: Actor, now: Clock
) -> None:
    """It is over; both sides are asked how it was."""
    held = await _lock(tx, placement_id)
    await _keep(tx, placement.complete(held, now=await now(tx)), actor=actor)


async def remind_of_placement(
    tx: Transaction, placement_id: UUID, kind: PlacementReminder, *, actor: Actor, now: Clock
) -> None:
    """Say what comes next, a week and a day ahead."""
    held = await _lock(tx, placement_id)
    await _keep(tx, placement.remind(held, kind, now=await now(tx)), actor=actor)


async def _keep(tx: Transaction, decision: Decision[Placement], *, actor: Actor) -> None:
    await placements.save_placement(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)


async def _lock(tx: Transaction, placement_id: UUID) -> Placement:
    held = await placements.lock_placement(tx, placement_id)
    if held is None:
        raise PlacementIsNotYours
    return held


def _result(held: Placement) -> Result:
    return {"placement_id": str(held.placement_id), "state": str(held.status)}
