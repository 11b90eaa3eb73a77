"""Telling a round what became of it, one person a transaction; and filling places that fall free.

The office's word is one row; the deadlines loop carries it out. A place that falls free later is found
by the same query and given by the same command, since the lock of the person who leaves and of the
person who follows are never held together.
"""

from typing import Any
from uuid import UUID

from chassis import outbox
from chassis.actor import Actor, Role, the_clock
from chassis.clock import Clock
from chassis.database import Row, Transaction
from chassis.decision import uphold
from schemas.applications import Outcome
from schemas.envelope import new_id
from schemas.rules import Round
from services.applications.domain import outcome, selection
from services.applications.domain.outcome import (
    RULES_FOR_TELLING,
    Asking,
    SelectionIsNotHere,
    Telling,
    TellOutcomes,
)
from services.applications.domain.selection import Status
from services.applications.store import applicant_cycles, offers, places, selections
from services.applications.store.cases import get_rules_of

Result = dict[str, Any]


async def tell_outcomes(
    tx: Transaction,
    vacancy_id: UUID,
    which: Round,
    command: TellOutcomes,
    *,
    actor: Actor,
    now: Clock,
) -> Result:
    """Give the word that everyone of a round is to be told; from now on nobody ranks any more."""
    await selections.lock_selection(tx, vacancy_id, which)
    held = await selections.find_selection(tx, vacancy_id, which)
    if held is None:
        raise SelectionIsNotHere
    choices = await places.list_considered(tx, vacancy_id, which)
    free = (await places.get_places(tx, vacancy_id)).free
    planned = outcome.plan(choices, places_free=free)
    fingerprint = outcome.fingerprint(planned)
    rules = await get_rules_of(tx, held.case)
    uphold(RULES_FOR_TELLING, Telling(held, command, fingerprint, actor, rules))
    await selections.add_outcome_release(
        tx,
        held,
        actor=actor,
        at=await now(tx),
        reason=command.reason.strip(),
        fingerprint=fingerprint,
    )
    return {"vacancy_id": str(vacancy_id), "round": str(which), "state": "telling"}


async def make_next_offer(tx: Transaction, application_id: UUID, *, now: Clock) -> None:
    """Offer a free place to whoever is next: under the person's lock, then the vacancy's."""
    cycle = await applicant_cycles.find_applicant_cycle_of(tx, application_id)
    if cycle is None:
        raise outcome.PersonCannotBeAsked
    choice = await places.get_considered(tx, application_id)
    case = choice.case
    await places.lock_vacancy(tx, case.vacancy_id)
    free = await places.get_places(tx, case.vacancy_id)
    word = await selections.find_outcome_release(tx, case.vacancy_id, case.round)
    asking = Asking(
        choice=await places.get_considered(tx, application_id),
        cycle=cycle,
        places_free=free.free,
        vacancy_stands=free.stands,
        is_refill=word is None,
        first_on=free.first_on,
        now=await now(tx),
        rules=await get_rules_of(tx, case),
    )
    decision = outcome.ask(asking, offer_id=new_id())
    await offers.add_offer(tx, decision.state)
    await outbox.record(
        tx,
        decision.events,
        actor=_who_asked(word, case.university),
        reason=word["reason"] if word else None,
    )


async def tell_outcome(tx: Transaction, application_id: UUID, *, word: Row, now: Clock) -> None:
    """Tell one person who gets no offer now, in the words of the host's reason."""
    if await applicant_cycles.find_applicant_cycle_of(tx, application_id) is None:
        return
    choice = await places.get_considered(tx, application_id)
    at = await now(tx)
    decision = outcome.tell(choice, now=at)
    told = str(decision.state) if decision.state else "nothing"
    await selections.save_told(tx, application_id, told=told, at=at)
    if decision.state is Outcome.UNSUCCESSFUL:
        await selections.save_unsuccessful(tx, application_id, at=at)
    await outbox.record(
        tx,
        decision.events,
        actor=_who_asked(word, choice.case.university),
        reason=word["reason"],
    )


async def finish_telling(tx: Transaction, vacancy_id: UUID, which: Round, *, now: Clock) -> None:
    """Everyone of a round knows: from now on places that fall free go to its reserves."""
    await selections.lock_selection(tx, vacancy_id, which)
    held = await selections.find_selection(tx, vacancy_id, which)
    if held is None or await selections.list_untold(tx, vacancy_id, which):
        return
    at = await now(tx)
    if await selections.save_outcome_release_done(tx, vacancy_id, which, at=at):
        await selections.save_selection(tx, selection.tell(held, now=at))


async def exhaust_reserve(tx: Transaction, vacancy_id: UUID, which: Round, *, now: Clock) -> None:
    """Say once that places are free and nobody is left to ask (R74)."""
    await places.lock_vacancy(tx, vacancy_id)
    at = await now(tx)
    held = await selections.find_selection(tx, vacancy_id, which)
    found = await places.list_exhausted(tx, now=at)
    is_so = any((row["vacancy_id"], row["round"]) == (vacancy_id, which) for row in found)
    if held is None or held.status is not Status.TOLD or not is_so:
        return
    free = (await places.get_places(tx, vacancy_id)).free
    if await selections.save_exhausted(tx, vacancy_id, which, free=free):
        told = selection.exhaust(held.case, places_free=free, now=at)
        await outbox.record(tx, (told,), actor=the_clock(held.case.university))


def _who_asked(word: Row | None, university: str) -> Actor:
    """Whoever gave the word did what follows from it; a refill, nobody did."""
    if word is None:
        return the_clock(university)
    roles = frozenset({Role(word["role"])}) if word["role"] in set(Role) else frozenset[Role]()
    return Actor(word["asked_by"], university, roles)
