"""What time does to letters: leases of dead senders, receipts that are late, words that are kept no more."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from chassis.clock import Clock
from chassis.database import Database, Transaction
from services.notifications.commands import deliveries as commands
from services.notifications.domain.delivery import BODIES_KEPT, KEPT, NO_CARD_AFTER
from services.notifications.store import deliveries as store

Act = Callable[[Transaction, UUID], Awaitable[None]]


async def recover_letters(database: Database, *, now: Clock) -> bool:  # noqa: ARG001
    """A sender died with a letter in hand: put it back, or lose sight of it (P19)."""
    async with database.transaction() as tx:
        lapsed = await store.list_lapsed_leases(tx)
    return await _each(database, "letter.recover", lapsed, commands.recover_letter)


async def tell_overdue_receipts(database: Database, *, now: Clock) -> bool:
    """The receipt of an application is not out in the promised time (R83)."""

    async def tell(tx: Transaction, delivery_id: UUID) -> None:
        await commands.tell_overdue(tx, delivery_id, now=now)

    async with database.transaction() as tx:
        overdue = await store.list_overdue(tx)
    return await _each(database, "receipt.tell_overdue", overdue, tell)


async def give_up_without_address(database: Database, *, now: Clock) -> bool:
    """Nobody has told how to write to this person: the office must find another way."""

    async def give_up(tx: Transaction, delivery_id: UUID) -> None:
        await commands.give_up_without_address(tx, delivery_id, now=now)

    async with database.transaction() as tx:
        found = await store.list_without_address(tx, waited=NO_CARD_AFTER)
    return await _each(database, "letter.give_up", found, give_up)


async def forget_old_words(database: Database, *, now: Clock) -> bool:  # noqa: ARG001
    """Words go after 30 days, the rest after twelve months; in real time, like every retention."""
    async with database.transaction() as tx:
        emptied = await store.forget_bodies(tx, kept=BODIES_KEPT)
        deleted = await store.delete_old_deliveries(tx, kept=KEPT)
    return bool(emptied or deleted)


async def _each(database: Database, what: str, found: list[UUID], act: Act) -> bool:
    for delivery_id in found:
        async with database.attempt(what, delivery_id=delivery_id) as tx:
            await act(tx, delivery_id)
    return bool(found)


DEADLINES = (recover_letters, tell_overdue_receipts, give_up_without_address, forget_old_words)
