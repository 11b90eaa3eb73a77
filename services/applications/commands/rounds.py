"""Closing a round and releasing its applications: alone, when nobody can be submitting."""

from chassis import outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from services.applications.domain import vacancy_round
from services.applications.domain.vacancy_round import (
    CloseRound,
    ReleaseApplications,
    VacancyIsNotHere,
    VacancyRound,
)
from services.applications.store import applications, rounds


async def close_round(tx: Transaction, command: CloseRound, *, actor: Actor, now: Clock) -> None:
    """Seal the list of a round; drafts that were not sent end here."""
    held = await _hold_alone(tx, command)
    at = await now(tx)
    decision = vacancy_round.close(held, now=at)
    await rounds.save_round(tx, decision.state)
    await applications.leave_drafts_unsubmitted(tx, held.vacancy_id, held.round, at)
    await outbox.record(tx, decision.events, actor=actor)


async def release_applications(
    tx: Transaction, command: ReleaseApplications, *, actor: Actor, now: Clock
) -> dict[str, object]:
    """Let the host read the applications of a closed round, once."""
    held = await _hold_alone(tx, command)
    count = await applications.count_to_release(tx, held.vacancy_id, held.round)
    decision = vacancy_round.release(held, count=count, actor=actor, now=await now(tx))
    await rounds.save_round(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor, reason=command.reason or None)
    return {
        "vacancy_id": str(held.vacancy_id),
        "round": str(held.round),
        "count": count,
        "released_at": decision.state.released_at,
    }


async def _hold_alone(tx: Transaction, command: CloseRound | ReleaseApplications) -> VacancyRound:
    await rounds.hold_alone(tx, command.vacancy_id, command.round)
    held = await rounds.find_round(tx, command.vacancy_id, command.round)
    if held is None:
        raise VacancyIsNotHere
    return held
