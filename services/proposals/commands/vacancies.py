"""Open, close, withdraw, re-advertise and fill vacancies."""

from uuid import UUID

from chassis import outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from schemas.proposals import VacancyWithdrawal
from schemas.rules import Round
from services.proposals.commands.programmes import get_cycle
from services.proposals.domain import second_round
from services.proposals.domain import vacancy as vacancies
from services.proposals.domain.second_round import ReadvertiseVacancy
from services.proposals.domain.vacancy import (
    CloseVacancy,
    OpenVacancy,
    Status,
    Vacancy,
    VacancyIsNotYours,
    WithdrawVacancy,
)
from services.proposals.store import hosts as host_store
from services.proposals.store import vacancies as store


async def open_vacancy(tx: Transaction, command: OpenVacancy, *, actor: Actor, now: Clock) -> None:
    """The instant has come: tell everybody, and put the advert on the topic of current vacancies."""
    vacancy = await _lock(tx, command.vacancy_id)
    at = await now(tx)
    decision = vacancies.open_round(vacancy, now=at)
    await store.save_vacancy(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)
    await _show(tx, decision.state, now=now)


async def close_vacancy(
    tx: Transaction, command: CloseVacancy, *, actor: Actor, now: Clock
) -> None:
    """The instant has come: tell everybody, and take the advert off the topic."""
    vacancy = await _lock(tx, command.vacancy_id)
    decision = vacancies.close_round(vacancy, now=await now(tx))
    taken, over = await store.count_places(tx, vacancy.vacancy_id)
    counted = vacancies.count_places(decision.state, taken=taken, over=over, now=await now(tx))
    await store.save_vacancy(tx, counted.state)
    await outbox.record(tx, (*decision.events, *counted.events), actor=actor)
    await _hide(tx, vacancy)


async def withdraw_vacancy(
    tx: Transaction, command: WithdrawVacancy, *, actor: Actor, now: Clock
) -> dict[str, str]:
    """Take a vacancy back."""
    vacancy = await _lock(tx, command.vacancy_id)
    decision = vacancies.withdraw(
        vacancy,
        command,
        actor=actor,
        is_contact=await host_store.is_contact(tx, vacancy.host_id, actor.person_ref),
        now=await now(tx),
    )
    await store.save_vacancy(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor, reason=command.reason)
    if vacancy.status is Status.OPEN:
        await _hide(tx, vacancy)
    return _told(decision.state)


async def withdraw_vacancy_of_suspended_host(
    tx: Transaction, vacancy_id: UUID, *, actor: Actor, now: Clock
) -> None:
    """One of those that end with their host's suspension."""
    because = VacancyWithdrawal.HOST_SUSPENDED
    command = WithdrawVacancy(vacancy_id, because, "The office has suspended this organisation.")
    await withdraw_vacancy(tx, command, actor=actor, now=now)


async def readvertise_vacancy(
    tx: Transaction, command: ReadvertiseVacancy, *, actor: Actor, now: Clock
) -> dict[str, str]:
    """Put a vacancy with free places into the second round (R74)."""
    vacancy = await _lock(tx, command.vacancy_id)
    taken, _ = await store.count_places(tx, vacancy.vacancy_id)
    decision = second_round.readvertise(
        vacancy,
        cycle=await get_cycle(tx, vacancy.cycle_id, otherwise=VacancyIsNotYours),
        actor=actor,
        places_taken=taken,
        now=await now(tx),
    )
    await store.save_vacancy(tx, decision.state)
    await outbox.record(tx, decision.events, actor=actor)
    return _told(decision.state)


async def count_places(tx: Transaction, vacancy_id: UUID, *, actor: Actor, now: Clock) -> None:
    """Draw what follows from the places taken: filled, free again, or completed."""
    vacancy = await _lock(tx, vacancy_id)
    taken, over = await store.count_places(tx, vacancy_id)
    decision = vacancies.count_places(vacancy, taken=taken, over=over, now=await now(tx))
    if decision.state is not vacancy:
        await store.save_vacancy(tx, decision.state)
        await outbox.record(tx, decision.events, actor=actor)


async def note_exhausted(tx: Transaction, vacancy_id: UUID, which: Round, *, now: Clock) -> None:
    """Keep that nobody is left to ask: it may be advertised again, or stays unfilled."""
    vacancy = await _lock(tx, vacancy_id)
    cycle = await get_cycle(tx, vacancy.cycle_id, otherwise=VacancyIsNotYours)
    decision = vacancies.note_exhausted(vacancy, which, cycle=cycle, now=await now(tx))
    await store.save_vacancy(tx, decision.state)


async def _lock(tx: Transaction, vacancy_id: UUID) -> Vacancy:
    vacancy = await store.lock_vacancy(tx, vacancy_id)
    if vacancy is None:
        raise VacancyIsNotYours
    return vacancy


async def _show(tx: Transaction, vacancy: Vacancy, *, now: Clock) -> None:
    current = vacancies.current(vacancy, now=await now(tx))
    await outbox.record_state(
        tx, current, kind="vacancies", key=vacancy.vacancy_id, university=vacancy.university
    )


async def _hide(tx: Transaction, vacancy: Vacancy) -> None:
    await outbox.record_state(
        tx, None, kind="vacancies", key=vacancy.vacancy_id, university=vacancy.university
    )


def _told(vacancy: Vacancy) -> dict[str, str]:
    return {"vacancy_id": str(vacancy.vacancy_id), "status": str(vacancy.status)}
