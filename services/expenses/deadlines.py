"""What time does to claims: ends what was not sent, reminds whoever is waited for."""

from datetime import timedelta

from chassis.actor import the_clock
from chassis.clock import Clock
from chassis.database import Database
from services.expenses.commands import claims as commands
from services.expenses.domain import lapsing
from services.expenses.store import claims as store


async def lapse_claims(database: Database, *, now: Clock) -> int:
    """The window closed on what was still a draft, or on changes that were asked for."""
    async with database.transaction() as tx:
        due = await store.list_claims_past_their_window(tx, now=await now(tx))
    for claim_id in due:
        async with database.attempt("claim.lapse", claim_id=claim_id) as tx:
            await commands.lapse_claim(tx, claim_id, actor=the_clock(), now=now)
    return len(due)


async def remind_of_claims(database: Database, *, now: Clock) -> int:
    """A claim waits for its intern, or for its host: say so, once for each."""
    async with database.transaction() as tx:
        at = await now(tx)
        due = await store.list_claims_to_remind_of(
            tx,
            closing=at + timedelta(days=lapsing.WINDOW_CLOSES_IN_DAYS),
            deciding=at + timedelta(days=lapsing.DECISION_IS_DUE_IN_DAYS),
            confirming=at + timedelta(days=lapsing.CONFIRMATION_IS_DUE_IN_DAYS),
            now=at,
        )
    for claim_id in due:
        async with database.attempt("claim.remind", claim_id=claim_id) as tx:
            await commands.remind_of_claim(tx, claim_id, actor=the_clock(), now=now)
    return len(due)


DEADLINES = (lapse_claims, remind_of_claims)
