"""Answering offers, and ending them: lock, decide, save, record. Nothing here commits.

The person's row of the cycle is held first, then the offer: so an acceptance, a lapse and a withdrawal
of one person's offers come one after the other, each judged by what the one before it did.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from schemas.applications import ExtensionReason, OfferWithdrawal
from schemas.envelope import new_id
from services.applications.domain import intervention, offer, outcome, placement
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.intervention import (
    ExpireOffer,
    ExtendOffer,
    OnlyTheOffice,
    RemindOfOffer,
    WithdrawOffer,
)
from services.applications.domain.offer import (
    AcceptOffer,
    DeclineOffer,
    Offer,
    OfferIsNotYours,
    Status,
)
from services.applications.domain.overlap import common_hours
from services.applications.domain.policy import can
from services.applications.store import applicant_cycles, offers, placements
from services.applications.store.cases import get_rules_of

Result = dict[str, Any]


async def accept_offer(
    tx: Transaction, command: AcceptOffer, *, actor: Actor, now: Clock
) -> Result:
    """Accept one offer and release the same person's others: together, or not at all."""
    held, cycle = await _lock(tx, command.offer_id)
    if offer.is_already_so(held, Status.ACCEPTED, actor=actor):
        return _result(held)
    others = await offers.list_other_offers(tx, held)
    rules = await get_rules_of(tx, held.case)
    terms = await placements.get_terms(tx, held.case.vacancy_id)
    own_zone = rules.kind.zone
    common = common_hours(terms.days, host_zone=terms.zone, own_zone=own_zone)
    at, placement_id = await now(tx), new_id()
    decision = offer.accept(
        held, command, placement_id=placement_id, cycle=cycle, others=others, actor=actor, now=at,
        rules=rules, common_hours=None if terms.zone == own_zone else common,
    )  # fmt: skip
    accepted = decision.state[0]
    placed = placement.confirm(
        accepted, placement_id=placement_id, terms=terms, now=at, rules=rules
    )
    await offers.save_offers(tx, decision.state)
    await placements.add_placement(tx, placed.state)
    await placements.save_success(tx, held.application_id, at=at)
    if rules.offers.one_acceptance_per_cycle:
        await applicant_cycles.save_applicant_cycle(tx, cycle.bound_by(held.offer_id))
        await placements.save_superseded_applications(
            tx, held.applicant_cycle_id, at=at, by=held.application_id
        )
    await outbox.record(tx, (*decision.events, *placed.events), actor=actor)
    return _result(accepted) | {"placement_id": str(placement_id)}


async def decline_offer(
    tx: Transaction, command: DeclineOffer, *, actor: Actor, now: Clock
) -> Result:
    """Leave the place to somebody else; the deadlines loop asks the next reserve."""
    held, cycle = await _lock(tx, command.offer_id)
    if offer.is_already_so(held, Status.DECLINED, actor=actor):
        return _result(held)
    rules = await get_rules_of(tx, held.case)
    decision = offer.decline(
        held, command, cycle=cycle, actor=actor, now=await now(tx), rules=rules
    )
    await offers.save_offer(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)
    return _result(decision.state)


async def expire_offer(tx: Transaction, command: ExpireOffer, *, actor: Actor, now: Clock) -> None:
    """Let an offer lapse: the clock under the lock decides whether its time is over (P17)."""
    held, _ = await _lock(tx, command.offer_id)
    decision = intervention.expire(held, command, actor=actor, now=await now(tx))
    await offers.save_offer(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)


async def withdraw_offer(
    tx: Transaction, command: WithdrawOffer, *, actor: Actor, now: Clock
) -> Result:
    """Take an offer back before it is answered."""
    held, _ = await _lock(tx, command.offer_id)
    decision = intervention.withdraw(held, command, actor=actor, now=await now(tx))
    await offers.save_offer(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor, reason=command.reason or None)
    return _result(decision.state)


async def end_offer_of_application(
    tx: Transaction, application_id: UUID, *, because: OfferWithdrawal, actor: Actor, at: datetime
) -> None:
    """An application ends: whatever place is held for it is free at once, for the next reserve.

    The caller holds the person's row already, so no answer to the offer can come between.
    """
    for held in await offers.list_unanswered_offers_of(tx, application_id):
        decision = intervention.lose_ground(held, because=because, now=at)
        await offers.save_offer(tx, decision.state)
        await outbox.record(tx, decision.events, actor=actor)


async def extend_offer(
    tx: Transaction, command: ExtendOffer, *, actor: Actor, now: Clock
) -> Result:
    """Let an offer stand longer; one whose letter was hardly late stays as it is."""
    held, _ = await _lock(tx, command.offer_id)
    rules = await get_rules_of(tx, held.case)
    decision = intervention.extend(
        held,
        command,
        actor=actor,
        now=await now(tx),
        late_after=timedelta(minutes=rules.offers.late_letter_minutes),
    )
    await offers.save_offer(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor, reason=command.reason or None)
    return _result(decision.state)


async def note_letter(
    tx: Transaction, offer_id: UUID, *, delay: timedelta, actor: Actor, now: Clock
) -> None:
    """Its first mail was handed over: give back what a late one took. A second copy changes nothing."""
    held, _ = await _lock(tx, offer_id)
    if held.letter_sent_at is not None:
        return
    at = await now(tx)
    await offers.save_offer(tx, replace(held, letter_sent_at=at))
    late = ExtendOffer(offer_id, by=delay, because=ExtensionReason.LATE_LETTER)
    await extend_offer(tx, late, actor=actor, now=now)


async def remind_of_offer(
    tx: Transaction, command: RemindOfOffer, *, actor: Actor, now: Clock
) -> None:
    """Say once more that an offer waits."""
    held, _ = await _lock(tx, command.offer_id)
    decision = intervention.remind(held, command, now=await now(tx))
    await offers.save_offer(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)


async def make_prepared_offer(
    tx: Transaction, offer_id: UUID, *, actor: Actor, now: Clock, reason: str
) -> Result:
    """Tell a reserve whose place is held: the office's word where the programme leaves it to it."""
    held, _ = await _lock(tx, offer_id)
    if actor.university != held.case.university:
        raise OfferIsNotYours
    if not can(actor, "intervene in an offer", held):
        raise OnlyTheOffice
    if held.status is not Status.PREPARED:
        raise offer.OfferIsNotOpen
    rules = await get_rules_of(tx, held.case)
    decision = outcome.make(held, now=await now(tx), rules=rules)
    await offers.save_offer(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor, reason=reason)
    return _result(decision.state)


async def _lock(tx: Transaction, offer_id: UUID) -> tuple[Offer, ApplicantCycle]:
    found = await offers.lock_offer(tx, offer_id)
    if found is None:
        raise OfferIsNotYours
    return found


def _result(held: Offer) -> Result:
    by: Mapping[str, Any] | None = (
        held.respond_by.model_dump(mode="json") if held.respond_by else None
    )
    return {"offer_id": str(held.offer_id), "state": str(held.status), "respond_by": by}
