"""What time does to selections: opens them at release, reminds hosts, warns the office."""

from chassis.actor import the_clock
from chassis.clock import Clock
from chassis.database import Database
from services.applications.commands import selections as commands
from services.applications.store import selections as store


async def open_selections(database: Database, *, now: Clock) -> int:  # noqa: ARG001 (a deadline)
    """What was released is there to be chosen from."""
    async with database.transaction() as tx:
        return await store.open_selections(tx)


async def watch_selections(database: Database, *, now: Clock) -> int:
    """Remind hosts, say what is overdue, and warn the office while there is time left (R73)."""
    async with database.transaction() as tx:
        due = await store.list_selections_to_watch(tx, now=await now(tx))
    for vacancy_id, which in due:
        async with database.attempt("selection.watch", vacancy_id=vacancy_id) as tx:
            await commands.watch_selection(tx, vacancy_id, which, actor=the_clock(), now=now)
    return len(due)


DEADLINES = (open_selections, watch_selections)
