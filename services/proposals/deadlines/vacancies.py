"""What time makes of vacancies; and what an act on many left to do."""

from chassis.actor import the_clock
from chassis.clock import Clock
from chassis.database import Database
from services.proposals.commands import vacancies as commands
from services.proposals.domain.vacancy import CloseVacancy, OpenVacancy
from services.proposals.store import hosts as host_store
from services.proposals.store import vacancies as store


async def open_vacancies(database: Database, *, now: Clock) -> int:
    """Rounds whose instant has come take applications; pages compare the instant themselves."""
    async with database.transaction() as tx:
        due = await store.list_vacancies_to_open(tx, now=await now(tx))
    for vacancy_id in due:
        async with database.attempt("vacancy.open", vacancy_id=vacancy_id) as tx:
            await commands.open_vacancy(tx, OpenVacancy(vacancy_id), actor=the_clock(), now=now)
    return len(due)


async def close_vacancies(database: Database, *, now: Clock) -> int:
    """Rounds whose instant has come take no more applications."""
    async with database.transaction() as tx:
        due = await store.list_vacancies_to_close(tx, now=await now(tx))
    for vacancy_id in due:
        async with database.attempt("vacancy.close", vacancy_id=vacancy_id) as tx:
            await commands.close_vacancy(tx, CloseVacancy(vacancy_id), actor=the_clock(), now=now)
    return len(due)


async def withdraw_vacancies_of_suspended_hosts(database: Database, *, now: Clock) -> int:
    """The office suspended a host and ended its vacancies: one after the other."""
    async with database.transaction() as tx:
        due = await host_store.list_vacancies_to_end(tx)
    for vacancy_id in due:
        async with database.attempt("vacancy.withdraw", vacancy_id=vacancy_id) as tx:
            await commands.withdraw_vacancy_of_suspended_host(
                tx, vacancy_id, actor=the_clock(), now=now
            )
    return len(due)


DEADLINES = (open_vacancies, close_vacancies, withdraw_vacancies_of_suspended_hosts)
