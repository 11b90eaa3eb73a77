"""Queue letters, take them in hand, record what came of them. Nothing here sends, nothing commits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis import audit, erasure, outbox
from chassis.actor import Actor, the_clock, the_post
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.decision import Decision
from schemas.envelope import EVENTS, Event
from schemas.notifications import FailureReason, PersonErased
from schemas.proposals import PersonErasureOrdered
from services.notifications.domain import delivery as deliveries
from services.notifications.domain import table
from services.notifications.domain.delivery import Delivery, DeliveryIsNotYours, ResendLetter
from services.notifications.domain.letter import Letter
from services.notifications.store import copies
from services.notifications.store import deliveries as store

SIGN_IN = "sign_in"
"""What a sealed letter is about: nobody's case."""


async def queue_letter(
    tx: Transaction,
    letter: Letter,
    event: Event,
    *,
    person_ref: UUID | None,
    cause_id: UUID,
    correlation_id: str,
) -> bool:
    """Queue one letter to one person, once however often the event is told."""
    at = await store.real_now(tx)
    caused_at = deliveries.made_at(cause_id, otherwise=at)
    sealed = getattr(event, "sealed", None) if letter.is_sealed else None
    delivery = Delivery(
        delivery_id=deliveries.id_of(cause_id, letter.name, person_ref),
        cause_id=cause_id,
        letter=letter.name,
        person_ref=person_ref,
        university=event.university,
        about_kind=str(letter.about or SIGN_IN),
        about_id=letter.about_id(event) if letter.about else UUID(event.key),
        fact=event.model_dump(mode="json", exclude={"sealed"}),
        caused_at=caused_at,
        sealed=sealed,
        correlation_id=correlation_id,
        case={name: getattr(event, name, None) for name in deliveries.CASE},
        overdue_at=await _overdue_at(tx, letter, event, caused_at=caused_at),
    )
    is_new = await store.add_delivery(tx, delivery)
    tx.has_recorded |= (
        is_new  # wakes the senders after the commit, as an outbox row wakes the relay
    )
    return is_new


async def _overdue_at(tx: Transaction, letter: Letter, event: Any, *, caused_at: Any) -> Any:
    if not letter.alarms:
        return None
    minutes = await copies.find_warning_minutes(tx, event.programme_id, event.rule_set_version)
    return caused_at + timedelta(minutes=minutes if minutes is not None else 30)


async def lease_letter(tx: Transaction, *, now: Clock) -> Delivery | None:
    """Take the next letter in hand, if it still tells something that is so; else cancel it.

    None when nothing is due. A delivery that comes back `cancelled_as_stale` is done with.
    """
    due = await store.lock_next_due(tx)
    if due is None:
        return None
    at = await store.real_now(tx)
    if not await _is_fresh(tx, due, now=now, at=at):
        state = deliveries.cancel(due, at=at).state
    else:
        state = deliveries.lease(due, at=at)
    await store.save_delivery(tx, state)
    return state


async def _is_fresh(tx: Transaction, due: Delivery, *, now: Clock, at: Any) -> bool:
    letter = table.named(due.letter)
    if letter.lives and at - due.caused_at > letter.lives:
        return False
    standing = await store.get_standing(tx, due)
    event = event_of(due)
    return event is None or letter.is_fresh(event, standing, await now(tx))


def event_of(delivery: Delivery) -> Event | None:
    """The event that a letter follows, as it was told; None for a secret, of which nothing is kept."""
    letter = table.named(delivery.letter)
    if letter.is_sealed:
        return None
    return EVENTS[letter.follows.type_name()].model_validate(delivery.fact)


Ending = Callable[[Delivery, Any, Any], Decision[Delivery]]


async def end_try(
    tx: Transaction, leased: Delivery, ending: Ending, *, now: Clock
) -> Delivery | None:
    """Record what came of a try: `ending(delivery, now, at)` decides. None where the lease is lost."""
    held = await store.lock_leased(tx, leased)
    if held is None:
        return None
    decision = ending(held, await now(tx), await store.real_now(tx))
    await store.save_delivery(tx, decision.state)
    await outbox.record(tx, decision.events, actor=the_post(held.university))
    return decision.state


async def recover_letter(tx: Transaction, delivery_id: UUID) -> None:
    """Its sender died: put it back, or lose sight of it. One that ended meanwhile is left alone."""
    held = await store.lock_delivery(tx, delivery_id)
    at = await store.real_now(tx)
    if held is None or held.leased_until is None or held.leased_until >= at:
        return
    if held.status is deliveries.Status.SENDING:
        await store.save_delivery(tx, deliveries.recover(held, at=at).state)
        tx.has_recorded = True


async def tell_overdue(tx: Transaction, delivery_id: UUID, *, now: Clock) -> None:
    """Warn the office, once, that the receipt of an application has not gone out."""
    held = await store.lock_delivery(tx, delivery_id)
    if held is None or not await store.note_overdue_told(tx, delivery_id):
        return
    if held.status in (deliveries.Status.SENT, deliveries.Status.DELIVERED):
        return
    decision = deliveries.tell_overdue(held, now=await now(tx))
    await outbox.record(tx, decision.events, actor=the_clock(held.university))


async def give_up_without_address(tx: Transaction, delivery_id: UUID, *, now: Clock) -> None:
    """No contact card has come: nobody will get this letter, and the office hears of it."""
    held = await store.lock_delivery(tx, delivery_id)
    if held is None or held.status is not deliveries.Status.QUEUED:
        return
    decision = deliveries.fail(
        held, FailureReason.NO_CONTACT_CARD, now=await now(tx), at=await store.real_now(tx)
    )
    await store.save_delivery(tx, decision.state)
    await outbox.record(tx, decision.events, actor=the_clock(held.university))


async def resend_letter(tx: Transaction, command: ResendLetter, *, actor: Actor) -> UUID:
    """Queue the same letter once more, as a delivery of its own."""
    held = await store.lock_delivery(tx, command.delivery_id)
    if held is None:
        raise DeliveryIsNotYours
    decision = deliveries.resend(
        held,
        copies=await store.count_copies(tx, held),
        actor=actor,
        at=await store.real_now(tx),
    )
    await store.add_delivery(tx, decision.state)
    await audit.done(
        tx, actor=actor, act="ResendLetter", subject=held.delivery_id, reason=command.reason
    )
    tx.has_recorded = True
    return decision.state.delivery_id


async def erase_person(tx: Transaction, ordered: PersonErasureOrdered, *, now: Clock) -> None:
    """Forget a person: card, letters, references; and say so."""
    who = {"university": ordered.university, "person_ref": ordered.person_ref}
    records = await store.erase_card(tx, **who)
    records += await store.erase_deliveries(tx, **who)
    records += await store.erase_mentions(tx, **who)
    records += await store.erase_applications(tx, **who)
    await erasure.note(tx, ordered.person_ref)  # what comes later about them is dropped
    told = PersonErased(**who, occurred_at=await now(tx), records=records)
    await outbox.record(tx, (told,), actor=the_post(ordered.university))
