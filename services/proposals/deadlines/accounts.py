"""What time does with accounts: forget spent links and old sign-ins."""

from datetime import timedelta

from chassis.clock import Clock
from chassis.database import Database
from services.proposals.store import accounts as store

LINKS_KEPT = timedelta(hours=1)  # past their ten minutes: a late click is told that it is late
SIGN_INS_KEPT = timedelta(days=30)


async def forget_sign_ins(database: Database, *, now: Clock) -> None:  # noqa: ARG001 (real time)
    """Forget links nobody can use and sign-ins past their term; in real time, as they were made."""
    async with database.attempt("account.forget_sign_ins") as tx:
        await store.purge_links(tx, after=LINKS_KEPT)
        await store.purge_sign_ins(tx, after=SIGN_INS_KEPT)


DEADLINES = (forget_sign_ins,)
