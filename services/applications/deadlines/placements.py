"""What time does to placements: reminds a week and a day ahead, begins them, completes them."""

from contextlib import suppress

from chassis.actor import the_clock
from chassis.clock import Clock
from chassis.database import Database
from chassis.decision import Refused
from services.applications.commands import placements as commands
from services.applications.store import placements as store


async def remind_of_placements(database: Database, *, now: Clock) -> int:
    """It begins in a week, or tomorrow."""
    async with database.transaction() as tx:
        due = await store.list_placements_to_remind(tx, now=await now(tx))
    for placement_id, kind in due:
        async with database.attempt("placement.remind", placement_id=placement_id) as tx:
            await commands.remind_of_placement(tx, placement_id, kind, actor=the_clock(), now=now)
    return len(due)


async def start_placements(database: Database, *, now: Clock) -> int:
    """The first day has come."""
    async with database.transaction() as tx:
        due = await store.list_placements_to_start(tx, now=await now(tx))
    for placement_id in due:
        async with database.attempt("placement.start", placement_id=placement_id) as tx:
            with suppress(Refused):
                await commands.start_placement(tx, placement_id, actor=the_clock(), now=now)
    return len(due)


async def complete_placements(database: Database, *, now: Clock) -> int:
    """The day after the last day, unless somebody said otherwise."""
    async with database.transaction() as tx:
        due = await store.list_placements_to_complete(tx, now=await now(tx))
    for placement_id in due:
        async with database.attempt("placement.complete", placement_id=placement_id) as tx:
            with suppress(Refused):
                await commands.complete_placement(tx, placement_id, actor=the_clock(), now=now)
    return len(due)


DEADLINES = (remind_of_placements, start_placements, complete_placements)
