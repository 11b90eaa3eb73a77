"""Telling outcomes and filling places, one person a transaction; and saying when nobody is left."""

from contextlib import suppress

from chassis.clock import Clock
from chassis.database import Database
from chassis.decision import Refused
from schemas.rules import Round
from services.applications.commands import outcomes as commands
from services.applications.store import places, selections

MOST_TURNS = 100  # of one run; what is left is done in the next


async def fill_free_places(database: Database, *, now: Clock) -> int:
    """A place is free and somebody would take it: ask whoever is next in the host's order.

    The same whether the office has just given its word, or somebody declined, ran out of time or
    cancelled. One offer a vacancy in each turn, until no free place has anybody left to ask.
    """
    made = 0
    for _ in range(MOST_TURNS):
        async with database.transaction() as tx:
            next_ones = await places.list_next_to_ask(tx, now=await now(tx))
        before = made
        for application_id in next_ones:
            async with database.attempt("offer.make", application_id=application_id) as tx:
                with suppress(Refused):
                    await commands.make_next_offer(tx, application_id, now=now)
                    made += 1
        if made == before:
            break
    return made


async def carry_out_telling(database: Database, *, now: Clock) -> int:
    """The office gave its word: offers first, in the host's order, then everyone else."""
    async with database.transaction() as tx:
        words = await selections.list_outcome_releases_to_do(tx)
    if words:
        await fill_free_places(database, now=now)
    for word in words:
        vacancy_id, which = word["vacancy_id"], Round(word["round"])
        async with database.transaction() as tx:
            untold = await selections.list_untold(tx, vacancy_id, which)
        for application_id in untold:
            async with database.attempt("outcome.tell", application_id=application_id) as tx:
                await commands.tell_outcome(tx, application_id, word=word, now=now)
        async with database.attempt("selection.tell", vacancy_id=vacancy_id) as tx:
            await commands.finish_telling(tx, vacancy_id, which, now=now)
    return len(words)


async def announce_exhausted_reserves(database: Database, *, now: Clock) -> int:
    """Places are free, no offer is out and nobody is left to ask: said once (R74)."""
    async with database.transaction() as tx:
        due = await places.list_exhausted(tx, now=await now(tx))
    for row in due:
        async with database.attempt("reserve.exhaust", vacancy_id=row["vacancy_id"]) as tx:
            await commands.exhaust_reserve(tx, row["vacancy_id"], Round(row["round"]), now=now)
    return len(due)


DEADLINES = (carry_out_telling, fill_free_places, announce_exhausted_reserves)
