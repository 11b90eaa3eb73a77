"""What time, or an operator, does with accounts: forget spent links and old sign-ins, tell cards anew."""

from datetime import timedelta
from uuid import UUID

from chassis.clock import Clock
from chassis.database import Database
from services.proposals.commands import accounts as commands
from services.proposals.contacts import Contacts
from services.proposals.store import accounts as store

LINKS_KEPT = timedelta(hours=1)  # past their ten minutes: a late click is told that it is late
SIGN_INS_KEPT = timedelta(days=30)
AT_ONCE = 100


async def forget_sign_ins(database: Database, *, now: Clock) -> None:  # noqa: ARG001 (real time)
    """Forget links nobody can use and sign-ins past their term; in real time, as they were made."""
    async with database.attempt("account.forget_sign_ins") as tx:
        await store.purge_links(tx, after=LINKS_KEPT)
        await store.purge_sign_ins(tx, after=SIGN_INS_KEPT)


async def restate_contacts(database: Database, *, contacts: Contacts, now: Clock) -> int:
    """Send every contact card anew, a hundred a transaction; how many there were.

    For the operator, after the contacts topic was lost, or was away for longer than it keeps.
    """
    told, last = 0, ("", UUID(int=0))
    while True:
        async with database.transaction() as tx:
            found = await commands.restate_cards(
                tx, after=last, most=AT_ONCE, contacts=contacts, now=now
            )
        told += len(found)
        if len(found) < AT_ONCE:
            return told
        last = found[-1]


DEADLINES = (forget_sign_ins,)
