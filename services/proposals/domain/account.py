"""An account: who can sign in here, and how to write to them; and the link that a host signs in by.

Sign-ins, links and codes live in real time: a shifted clock signs nobody in or out. Two accounts are
never joined because they have the same address.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from chassis.decision import Refused
from schemas.proposals import ContactCard, SealedLetter, SignInEnded

LINK_LIVES = timedelta(minutes=10)
MOST_TRIES = 5
CODE_DIGITS = 8
SIGN_IN_LINK = "sign_in_link"


class Origin(StrEnum):
    """How the person is known: by the university's provider, or by an address that answers."""

    PROVIDER = auto()
    MAIL = auto()


@dataclass(frozen=True, slots=True)
class Account:
    """One person at one university. `facts` are what the provider asserted last, at `facts_at`."""

    person_ref: UUID
    university: str
    origin: Origin
    display_name: str
    mail_address: str | None
    language: str = "en"
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    facts_at: datetime | None = None

    @property
    def card(self) -> tuple[str, str | None, str]:
        """What the contact card says: a new one is sent when any of it has changed."""
        return self.display_name, self.mail_address, self.language


@dataclass(frozen=True, slots=True)
class Link:
    """A link to sign in by, as stored: hashes, its times, and how often a code was tried."""

    link_hash: bytes
    browser_hash: bytes
    university: str
    person_ref: UUID | None  # None: asked for with an address that nobody has here
    expires_at: datetime
    used_at: datetime | None = None
    tries: int = 0


class LinkIsSpent(Refused):
    """This link has been used or is too old. Ask for a new one."""

    status = 410


class CodeIsWrong(Refused):
    """This code is not right. Look at the page that the link opened and type it again."""

    status = 422
    field = "code"


class TooManyLinks(Refused):
    """You have asked for several links in a short time. Wait a quarter of an hour and try again."""

    status = 429


class TooManyFailures(Refused):
    """Signing in has failed too often from here. Wait a quarter of an hour and try again."""

    status = 429


class NobodySignedIn(Refused):
    """The sign-in at your university was not completed, so nobody is signed in. Try again."""

    status = 403


def link_is_open(link: Link, *, now: datetime) -> bool:
    """Whether a link's time is not over, and it is neither used nor guessed at too often."""
    return link.used_at is None and now < link.expires_at and link.tries < MOST_TRIES


def use(link: Link | None, *, now: datetime) -> Link:
    """Spend a link. Raises `LinkIsSpent` for one that is used, too old, tried too often, or none."""
    if link is None or link.person_ref is None or not link_is_open(link, now=now):
        raise LinkIsSpent
    return replace(link, used_at=now)


def code_is_right(link: Link, code: str, *, key: bytes) -> bool:
    """Whether this is the code that the link shows; a link of nobody's has none."""
    right = code_of(link.link_hash, key=key)
    return hmac.compare_digest(right.encode(), code.encode()) and link.person_ref is not None


def tried(link: Link) -> Link:
    """One more code was typed that is not the link's."""
    return replace(link, tries=min(link.tries + 1, MOST_TRIES))


def code_of(link_hash: bytes, *, key: bytes) -> str:
    """The code shown where a link is opened in another browser than the one that asked.

    Computed from the link, so that showing it stores nothing; without the key no one who reads the
    table can compute it.
    """
    number = int.from_bytes(hmac.new(key, link_hash, hashlib.sha256).digest())
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def hashed(secret: str) -> bytes:
    """What is stored of a secret of 256 bits."""
    return hashlib.sha256(secret.encode()).digest()


def contact_card(account: Account, sealed: str, *, at: datetime) -> ContactCard:
    """The card for notifications, already sealed."""
    return ContactCard(
        university=account.university, occurred_at=at, person_ref=account.person_ref, sealed=sealed
    )


def sealed_letter(account: Account, sealed: str, *, at: datetime) -> SealedLetter:
    """The letter that carries a link, already sealed."""
    return SealedLetter(
        university=account.university,
        occurred_at=at,
        person_ref=account.person_ref,
        letter=SIGN_IN_LINK,
        sealed=sealed,
    )


def sign_in_ended(
    *,
    university: str,
    person_ref: UUID,
    at: datetime,
    signin_hash: str | None = None,
    all_before: datetime | None = None,
) -> SignInEnded:
    """One sign-in is over, or all of a person: the other services refuse its cookie from now on."""
    return SignInEnded(
        university=university,
        occurred_at=at,
        person_ref=person_ref,
        signin_hash=signin_hash,
        all_before=all_before,
    )
