"""What time does to offers: reminds, lets lapse, and takes back what has lost its ground."""

from contextlib import suppress

from chassis.actor import the_clock
from chassis.clock import Clock
from chassis.database import Database
from chassis.decision import Refused
from schemas.applications import OfferWithdrawal
from services.applications.commands import offers as commands
from services.applications.domain.intervention import ExpireOffer, RemindOfOffer, WithdrawOffer
from services.applications.store import offers as store


async def expire_offers(database: Database, *, now: Clock) -> int:
    """Nobody answered in time: let the offer lapse, so that a reserve can be asked today."""
    async with database.transaction() as tx:
        due = await store.list_offers_past_their_time(tx, now=await now(tx))
    for offer_id in due:
        # A transaction each; one that fails is logged and stops no other. The command locks and
        # looks again: an answer given since the list was read still stands.
        async with database.attempt("offer.expire", offer_id=offer_id) as tx:
            with suppress(Refused):
                await commands.expire_offer(tx, ExpireOffer(offer_id), actor=the_clock(), now=now)
    return len(due)


async def remind_of_offers(database: Database, *, now: Clock) -> int:
    """An offer waits: say so half-way, and in the last hours."""
    async with database.transaction() as tx:
        due = await store.list_offers_to_remind(tx, now=await now(tx))
    for offer_id, kind in due:
        async with database.attempt("offer.remind", offer_id=offer_id) as tx:
            await commands.remind_of_offer(
                tx, RemindOfOffer(offer_id, kind), actor=the_clock(), now=now
            )
    return len(due)


async def withdraw_groundless_offers(database: Database, *, now: Clock) -> int:
    """The vacancy is gone, or the application: an offer of it cannot stand."""
    async with database.transaction() as tx:
        due = await store.list_offers_without_ground(tx)
    for row in due:
        command = WithdrawOffer(row["offer_id"], reason="", because=OfferWithdrawal(row["because"]))
        async with database.attempt("offer.withdraw", offer_id=row["offer_id"]) as tx:
            with suppress(Refused):
                await commands.withdraw_offer(tx, command, actor=the_clock(), now=now)
    return len(due)


DEADLINES = (remind_of_offers, expire_offers, withdraw_groundless_offers)
