"""Load a programme's file, and promise a cycle's dates."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis import outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.decision import NotFound
from schemas.envelope import new_id
from schemas.programme import PlannedCycle
from schemas.programme import Programme as ProgrammeFile
from services.proposals.domain import cycle as cycles
from services.proposals.domain import programme as programmes
from services.proposals.domain.cycle import Cycle, CycleIsNotYours, PublishCycle, Status
from services.proposals.domain.programme import Programme, PublishRuleSet
from services.proposals.store import cycles as cycle_store
from services.proposals.store import programmes as store


async def load_programme(
    tx: Transaction, file: ProgrammeFile, *, actor: Actor, now: Clock
) -> dict[str, Any]:
    """Put a programme's rules in force and lay its cycles down as drafts.

    Loading the same file again changes nothing; a cycle that is published keeps its dates.
    """
    university, slug = file.university.slug, file.programme.slug
    known = await store.lock_programme(tx, university=university, slug=slug)
    name = file.rules.kind.programme_name
    programme = known or Programme(new_id(), university, slug, name, rule_set_version=0)
    at = await now(tx)
    decision = programmes.publish_rule_set(
        programme, PublishRuleSet(name, file.rules), actor=actor, now=at
    )
    await store.save_programme(tx, decision.state, now=at)
    if decision.events:
        await store.add_rule_set(tx, decision.state, published_by=actor.person_ref, now=at)
    planned = [await _plan_cycle(tx, decision.state, file, each) for each in file.cycles]
    await outbox.record(tx, decision.events, actor=actor)
    return {
        "programme_id": str(decision.state.programme_id),
        "slug": slug,
        "version": decision.state.rule_set_version,
        "is_new_version": bool(decision.events),
        "cycles": planned,
    }


async def _plan_cycle(
    tx: Transaction, programme: Programme, file: ProgrammeFile, planned: PlannedCycle
) -> dict[str, Any]:
    dates = file.dates_of(planned)
    cycle = await cycle_store.find_cycle_of_programme(tx, programme.programme_id, planned.slug)
    if cycle is None:
        cycle = Cycle(
            cycle_id=new_id(),
            university=programme.university,
            programme_id=programme.programme_id,
            slug=planned.slug,
            status=Status.DRAFT,
            rule_set_version=programme.rule_set_version,
            dates=dates,
        )
    if cycle.status is Status.DRAFT:
        cycle = replace(cycle, dates=dates, rule_set_version=programme.rule_set_version)
        await cycle_store.save_cycle(tx, cycle, published_at=None)
    return {
        "cycle_id": str(cycle.cycle_id),
        "slug": cycle.slug,
        "status": str(cycle.status),
        "dates_are_as_in_file": cycle.dates == dates,
    }


async def publish_cycle(
    tx: Transaction, command: PublishCycle, *, actor: Actor, now: Clock
) -> dict[str, str]:
    """Promise the dates of a cycle to everyone (R11)."""
    cycle = await cycle_store.lock_cycle(tx, command.cycle_id)
    if cycle is None:
        raise CycleIsNotYours
    rules = await store.get_rules(tx, cycle.programme_id, cycle.rule_set_version)
    at = await now(tx)
    decision = cycles.publish(cycle, actor=actor, now=at, rules=rules)
    await cycle_store.save_cycle(tx, decision.state, published_at=at)
    await outbox.record(tx, decision.events, actor=actor)
    return {"cycle_id": str(cycle.cycle_id), "status": str(decision.state.status)}


async def get_cycle(tx: Transaction, cycle_id: UUID, *, otherwise: type[NotFound]) -> Cycle:
    """A cycle by its id, or the refusal that stands for none."""
    cycle = await cycle_store.find_cycle(tx, cycle_id)
    if cycle is None:
        raise otherwise
    return cycle
