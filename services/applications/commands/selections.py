"""Choosing: the host ranks; time reminds, falls overdue, and warns the office."""

from typing import Any
from uuid import UUID

from chassis import audit, outbox
from chassis.actor import Actor, Role
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.decision import Decision
from schemas.rules import Round
from services.applications.domain import selection
from services.applications.domain.policy import can
from services.applications.domain.selection import (
    ApplicationsAreNotReleased,
    OfficeDoesNotRank,
    RankApplications,
    Selection,
    SelectionIsNotYours,
    SelectionIsTold,
    Status,
)
from services.applications.store import selections
from services.applications.store.cases import get_rules_of

Result = dict[str, Any]


async def rank_applications(
    tx: Transaction,
    vacancy_id: UUID,
    which: Round,
    command: RankApplications,
    *,
    actor: Actor,
    now: Clock,
) -> Result:
    """Confirm a host's choice; it can be changed until the host's deadline, or until it is told."""
    held = await _hold(tx, vacancy_id, which)
    live = await selections.list_live(tx, vacancy_id, which)
    rules = await get_rules_of(tx, held.case)
    decision = selection.rank(held, command, live=live, actor=actor, now=await now(tx), rules=rules)
    ranked = decision.state
    await selections.forget_choices(tx, held)
    await selections.save_selection(tx, ranked.selection, by=actor.person_ref)
    await selections.add_choices(tx, held, ranked.choices)
    await selections.save_draft(tx, vacancy_id, which, draft={})
    await outbox.record(tx, decision.events, actor=actor)
    return _result(ranked.selection) | {
        "ranked": sum(c.rank is not None and not c.is_reserve for c in ranked.choices),
        "reserves": sum(c.is_reserve for c in ranked.choices),
        "not_ranked": sum(c.rank is None for c in ranked.choices),
    }


async def keep_draft_of_choice(
    tx: Transaction,
    vacancy_id: UUID,
    which: Round,
    draft: dict[str, Any],
    *,
    actor: Actor,
    now: Clock,
) -> Result:
    """Keep what a host has typed so far: it decides nothing, and nobody else is told."""
    held = await _hold(tx, vacancy_id, which)
    if actor.is_office and not actor.is_a(Role.HOST_CONTACT):
        raise OfficeDoesNotRank
    if not can(actor, "rank", held):
        raise SelectionIsNotYours
    if held.status is Status.WAITING:
        raise ApplicationsAreNotReleased
    if held.is_being_told or held.status is Status.TOLD:
        raise SelectionIsTold
    await selections.save_draft(tx, vacancy_id, which, draft=draft)
    await audit.done(
        tx, actor=actor, act="ChoiceDrafted", subject=f"{vacancy_id}/{which}", at=await now(tx)
    )
    return _result(held)


async def watch_selection(
    tx: Transaction, vacancy_id: UUID, which: Round, *, actor: Actor, now: Clock
) -> None:
    """What time does to a selection: overdue, reminded, at risk; each once, whoever comes late."""
    held = await _hold(tx, vacancy_id, which)
    live = await selections.list_live(tx, vacancy_id, which)
    rules = await get_rules_of(tx, held.case)
    at = await now(tx)
    empty = selection.end_empty(held, live=len(live), now=at).state
    if empty.status is not held.status:
        await selections.save_selection(tx, empty)
        return
    overdue = selection.fall_overdue(held, now=at)
    reminded = selection.remind(overdue.state, now=at, rules=rules)
    risk = selection.warn_of_risk(reminded.state, untold=len(live), now=at)
    await selections.save_selection(tx, reminded.state)
    if overdue.events:
        await selections.save_overdue(tx, held, at=at)
    if risk.events and not await selections.save_warning(tx, held, at=at):
        risk = Decision(risk.state)
    events = (*overdue.events, *reminded.events, *risk.events)
    await outbox.record(tx, events, actor=actor)


async def _hold(tx: Transaction, vacancy_id: UUID, which: Round) -> Selection:
    await selections.lock_selection(tx, vacancy_id, which)
    held = await selections.find_selection(tx, vacancy_id, which)
    if held is None:
        raise SelectionIsNotYours
    return held


def _result(held: Selection) -> Result:
    return {
        "vacancy_id": str(held.case.vacancy_id),
        "round": str(held.case.round),
        "state": str(held.status),
        "revision": held.revision,
    }
