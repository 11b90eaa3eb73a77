"""Who comes in, and the cookie each comes in with.

Nobody signs in under load: a sign-in is minted with the stage's own key, as the front desk would. Who
people are and how to write to them is written into the front desk's table beforehand, and told by the
operator's command that tells contact cards anew.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from joserfc.jwk import OKPKey

from chassis import identity
from chassis.clock import real_now
from deploy.local.keys import Keys
from deploy.local.services import UNIVERSITY
from deploy.local.settings import ROOT

LONG_AGO = datetime.min.replace(tzinfo=UTC)
FRESH = timedelta(minutes=8)  # what needs a recent sign-in needs one of the last quarter of an hour
STUDENT = {
    "affiliation": ["student"],
    "is_matriculated": True,
    "level": "undergraduate",
    "course": "history",
}
ADDED = """
    INSERT INTO proposals.accounts (
        university, person_ref, origin, display_name, mail_address, language, facts, facts_at
    ) VALUES ($1, $2, 'provider', $3, $4, 'en', $5::text::jsonb, clock_timestamp())
"""


@dataclass
class Person:
    """Somebody with a name, a mailbox and a cookie."""

    person_ref: UUID
    name: str
    address: str
    roles: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    method: str = "oidc"
    sign_in_id: str = ""
    _cookie: str = ""
    _minted_at: datetime = LONG_AGO

    def heads(self, keys: Keys) -> dict[str, str]:
        """Cookie and token, as their requests carry them; a sign-in is renewed before it is old."""
        now = real_now()
        if now - self._minted_at > FRESH:
            self.sign_in_id = os.urandom(18).hex()
            self._minted_at = now
            self._cookie = identity.mint(
                self._sign_in(now),
                signing_key=OKPKey.import_key(json.loads(keys.signing_private_key)),
                keys=_keys(keys),
                now=now,
            )
        token = identity.csrf_token(_keys(keys), self._sign_in(self._minted_at))
        return {"cookie": f"{identity.COOKIE}={self._cookie}", "x-csrf-token": token}

    def signed_out(self) -> None:
        """The next request comes with a new sign-in."""
        self._minted_at = LONG_AGO

    def _sign_in(self, at: datetime) -> identity.SignIn:
        return identity.SignIn(
            sign_in_id=self.sign_in_id,
            person_ref=self.person_ref,
            university=UNIVERSITY,
            roles=self.roles,
            name=self.name,
            method=self.method,
            signed_in_at=at.replace(microsecond=0),
            facts=self.facts,
        )


def visitor_heads(keys: Keys) -> dict[str, str]:
    """The token of a form that somebody without a sign-in sends."""
    return {"x-csrf-token": identity.csrf_token(_keys(keys), None)}


def student(source: Random, number: int) -> Person:
    """One more student."""
    ref = UUID(int=source.getrandbits(128), version=4)
    return Person(
        ref, f"Student {number}", f"s{number}@students.example", ("applicant",), dict(STUDENT)
    )


def officer(source: Random, number: int) -> Person:
    """One more officer."""
    ref = UUID(int=source.getrandbits(128), version=4)
    return Person(ref, f"Officer {number}", f"o{number}@office.example", ("officer",))


def contact(person_ref: UUID, name: str, address: str) -> Person:
    """Who registered an organisation: roles are those that the services know of."""
    return Person(person_ref, name, address, method="mail")


async def settle_in(dsn: str, people: Sequence[Person]) -> None:
    """Make these people known to the front desk."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = [
            (UNIVERSITY, person.person_ref, person.name, person.address, json.dumps(person.facts))
            for person in people
        ]
        await connection.executemany(ADDED, rows)
    finally:
        await connection.close()


async def tell_cards(environment: dict[str, str]) -> None:
    """Let the front desk tell everybody's card, by the operator's own command."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.proposals", "restate", "contacts", "--anew"),
        *("--reason", "people of the load", "--as", "the load"),
        env=environment,
        cwd=ROOT,
    )
    assert await process.wait() == 0, "the contact cards were not told"


@cache
def _keys(keys: Keys) -> identity.Keys:
    return identity.Keys.read(keys.cookie_secret, keys.signing_public_key)
