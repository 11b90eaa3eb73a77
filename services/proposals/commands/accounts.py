"""Open accounts, sign people in and out, and tell notifications how to write to them."""

from uuid import UUID, uuid4

from chassis import outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.universities import university as university_of
from services.proposals.contacts import Contacts
from services.proposals.domain import account as accounts
from services.proposals.domain.account import Account, Origin
from services.proposals.store import accounts as store


async def open_account(
    tx: Transaction,
    *,
    university: str,
    display_name: str,
    mail_address: str,
    language: str = "en",
    contacts: Contacts,
    now: Clock,
    actor: Actor | None = None,
) -> UUID:
    """Open an account that signs in by links mailed to this address, and send its contact card.

    An account that already has the address at this university is returned as it is: whoever names
    somebody else's address changes nothing about them. The name of the person is assigned, never
    derived from the address. `actor` is who asks for it; by default the person themselves.
    """
    known = await store.find_mail_account(tx, university=university, mail_address=mail_address)
    if known:
        return known.person_ref
    opened = Account(uuid4(), university, Origin.MAIL, display_name, mail_address, language)
    if not await store.add_mail_account(tx, opened):  # somebody was quicker: theirs stands
        return await open_account(
            tx,
            university=university,
            display_name=display_name,
            mail_address=mail_address,
            language=language,
            contacts=contacts,
            now=now,
            actor=actor,
        )
    await send_card(tx, opened, contacts=contacts, now=now, actor=actor or _themselves(opened))
    return opened.person_ref


async def send_card(
    tx: Transaction, account: Account, *, contacts: Contacts, now: Clock, actor: Actor
) -> None:
    """Tell notifications how to write to a person; nobody else can read it."""
    sealed = contacts.seal(
        {
            "name": account.display_name,
            "address": account.mail_address,
            "language": account.language,
            "zone": university_of(account.university).zone,
        }
    )
    card = accounts.contact_card(account, sealed, at=await now(tx))
    await outbox.record(tx, (card,), actor=actor)


def _themselves(account: Account) -> Actor:
    return Actor(account.person_ref, account.university, frozenset())
