"""Open accounts, sign people in and out, and tell notifications how to write to them."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from chassis import audit, identity, outbox
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.identity import SignIn
from chassis.universities import university as university_of
from schemas.proposals import ContactCard
from services.proposals.contacts import Contacts
from services.proposals.domain import account as accounts
from services.proposals.domain.account import Account, Link, LinkIsSpent, Origin
from services.proposals.domain.assertion import Assertion
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
    await send_card(tx, opened, contacts=contacts, now=now, actor=actor or themselves(opened))
    return opened.person_ref


async def send_card(
    tx: Transaction, account: Account, *, contacts: Contacts, now: Clock, actor: Actor
) -> None:
    """Tell notifications how to write to a person; nobody else can read it."""
    card = sealed_card(account, contacts=contacts, at=await now(tx))
    await outbox.record(tx, (card,), actor=actor)


def sealed_card(account: Account, *, contacts: Contacts, at: datetime) -> ContactCard:
    """How to write to a person, for notifications alone."""
    sealed = contacts.seal(
        {
            "name": account.display_name,
            "address": account.mail_address,
            "language": account.language,
            "zone": university_of(account.university).zone,
        }
    )
    return accounts.contact_card(account, sealed, at=at)


async def sign_in_from_provider(
    tx: Transaction, assertion: Assertion, *, contacts: Contacts, now: Clock
) -> SignIn:
    """Let in whom the provider vouches for; keep name, address and facts as it says them today.

    The contact card goes out when it is new or says something else than the last one.
    """
    held = await store.lock_account(
        tx, university=assertion.university, person_ref=assertion.person_ref
    )
    account = Account(
        person_ref=assertion.person_ref,
        university=assertion.university,
        origin=Origin.PROVIDER,
        display_name=assertion.display_name or (held.display_name if held else ""),
        mail_address=assertion.mail_address or (held.mail_address if held else None),
        language=held.language if held else "en",
        facts=assertion.facts,
        facts_at=await store.real_now(tx),
    )
    await store.save_account(tx, account)
    sign_in = await _sign_in(
        tx, account, method="oidc", roles=tuple(str(role) for role in assertion.roles)
    )
    if account.mail_address and (held is None or held.card != account.card):
        await send_card(tx, account, contacts=contacts, now=now, actor=themselves(account))
    return sign_in


@dataclass(frozen=True, slots=True)
class AskForLink:
    """A link to sign in by, for whoever reads mail at an address; `browser` is the asker's secret."""

    university: str
    mail_address: str
    browser: str
    origin: str  # of the pages: the link must lead to the address that was asked from


async def ask_for_link(
    tx: Transaction, command: AskForLink, *, contacts: Contacts, now: Clock
) -> None:
    """Mail a link to sign in by, if somebody here has that address; tell the asker nothing.

    For an address that nobody has, the same is done up to the letter: a link whose secret nobody
    holds, and a sealing thrown away, so that neither words nor time tell the two apart (S17).
    """
    secret = secrets.token_urlsafe(32)
    account = await store.find_mail_account(
        tx, university=command.university, mail_address=command.mail_address
    )
    await store.add_link(
        tx,
        link_hash=accounts.hashed(secret),
        browser_hash=accounts.hashed(command.browser),
        university=command.university,
        person_ref=account.person_ref if account else None,
        lives=accounts.LINK_LIVES,
    )
    sealed = contacts.seal(
        {
            "address": account.mail_address if account else command.mail_address,
            "name": account.display_name if account else "",
            "language": account.language if account else "en",
            "link": f"{command.origin}/sign-in/link?token={secret}",
        }
    )
    if account:
        letter = accounts.sealed_letter(account, sealed, at=await now(tx))
        await outbox.record(tx, (letter,), actor=themselves(account))


async def use_link(tx: Transaction, *, university: str, secret: str, browser: str) -> SignIn:
    """Sign in by a link, once, in the browser that asked for it. Raises `LinkIsSpent`."""
    link = await store.lock_link(tx, university=university, link_hash=accounts.hashed(secret))
    if link and not hmac.compare_digest(link.browser_hash, accounts.hashed(browser)):
        raise LinkIsSpent
    return await _spend(tx, link)


async def use_code(
    tx: Transaction, *, university: str, code: str, browser: str, key: bytes
) -> SignIn | None:
    """Sign in by the code that a link shows in another browser; None where it is another code.

    A wrong code is counted, so it is no refusal: that would roll the count back. Raises
    `LinkIsSpent` after the fifth, and where there is no open link of this browser.
    """
    links = await store.lock_links_of_browser(
        tx, university=university, browser_hash=accounts.hashed(browser)
    )
    now = await store.real_now(tx)
    still_open = [link for link in links if accounts.link_is_open(link, now=now)]
    if not still_open:
        raise LinkIsSpent
    for link in still_open:
        if accounts.code_is_right(link, code, key=key):
            return await _spend(tx, link)
    for link in still_open:
        await store.save_link(tx, accounts.tried(link))
    return None


async def _spend(tx: Transaction, link: Link | None) -> SignIn:
    spent = accounts.use(link, now=await store.real_now(tx))
    await store.save_link(tx, spent)
    if spent.person_ref is None:
        raise LinkIsSpent
    account = await store.lock_account(tx, university=spent.university, person_ref=spent.person_ref)
    if account is None:
        raise LinkIsSpent
    return await _sign_in(tx, account, method="mail", roles=())


async def _sign_in(
    tx: Transaction, account: Account, *, method: str, roles: tuple[str, ...]
) -> SignIn:
    """A sign-in with a new id: none is ever continued (S13)."""
    at = await store.real_now(tx)
    sign_in = SignIn(
        sign_in_id=secrets.token_urlsafe(32),
        person_ref=account.person_ref,
        university=account.university,
        roles=roles,
        name=account.display_name,
        method=method,
        signed_in_at=at.replace(microsecond=0),
        facts=account.facts if method == "oidc" else {},
    )
    await store.add_sign_in(
        tx,
        signin_hash=sign_in.hash,
        university=account.university,
        person_ref=account.person_ref,
        method=method,
        signed_in_at=at,
    )
    await audit.done(
        tx, actor=themselves(account), act="SignedIn", subject=account.person_ref, reason=method
    )
    return sign_in


async def sign_out(tx: Transaction, sign_in: SignIn, *, actor: Actor, now: Clock) -> None:
    """End one sign-in: here at once, elsewhere when the event arrives."""
    ended = accounts.sign_in_ended(
        university=sign_in.university,
        person_ref=sign_in.person_ref,
        signin_hash=sign_in.hash,
        at=await now(tx),
    )
    await identity.note_end(tx, ended)
    await store.end_sign_in(tx, signin_hash=sign_in.hash)
    await outbox.record(tx, (ended,), actor=actor)


async def end_all_sign_ins(tx: Transaction, sign_in: SignIn, *, actor: Actor, now: Clock) -> None:
    """End everything this person has open, here and elsewhere: a lost telephone, a public computer."""
    ended = accounts.sign_in_ended(
        university=sign_in.university,
        person_ref=sign_in.person_ref,
        all_before=await store.real_now(tx),
        at=await now(tx),
    )
    await identity.note_end(tx, ended)
    await store.end_all_sign_ins(tx, university=sign_in.university, person_ref=sign_in.person_ref)
    await outbox.record(tx, (ended,), actor=actor)


def themselves(account: Account) -> Actor:
    """The person as who acts, where nobody is signed in yet."""
    return Actor(account.person_ref, account.university, frozenset())
