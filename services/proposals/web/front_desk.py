"""What the pages of the front desk share: keys, the identity provider, the brakes on guessing.

Made from the settings when it is first needed. The brakes are kept in this process's memory: with
several replicas each has its own, and the tries of a code are counted in the database anyway.
"""

import json
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import OKPKey
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from chassis.door import Door
from services.proposals.contacts import Contacts
from services.proposals.domain.account import TooManyFailures, TooManyLinks
from services.proposals.domain.assertion import Trust
from services.proposals.provider import Provider


class FrontDesk:
    """One for each application."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self.contacts = Contacts(settings.contacts_public_key)

    @cached_property
    def provider(self) -> Provider:
        """The university's identity provider."""
        return Provider(
            self._settings.oidc_issuer,
            self._settings.oidc_client_id,
            self._settings.oidc_client_secret.get_secret_value(),
            plain_http=not self._settings.is_production,
        )

    @cached_property
    def signing_key(self) -> OKPKey:
        """Signs the cookie; no other service has it."""
        return OKPKey.import_key(json.loads(self._settings.signing_private_key.get_secret_value()))

    @property
    def person_key(self) -> bytes:
        """Makes a person's name among us out of the provider's."""
        return self._settings.person_key.get_secret_value().encode()

    def trust(self, university: str) -> Trust:
        """What the provider's word is worth on this university's pages."""
        read = self._settings
        return Trust(
            university=university,
            scopes=read.affiliation_scopes.get(university, frozenset()),
            home_organisations=read.home_organisations.get(university, frozenset()),
            entitlements=read.office_entitlements.get(university, {}),
            second_factors=read.office_second_factors,
        )

    async def let_ask(self, door: Door, address: str) -> None:
        """Brake whoever asks for many links. Raises `TooManyLinks`, whether or not we know the address."""
        of_address = ("links", door.university, address.lower())
        may = await self._hit(self._settings.links_per_ip, "links", _ip(door))
        if not (await self._hit(self._settings.links_per_address, *of_address) and may):
            raise TooManyLinks

    async def let_try(self, door: Door) -> None:
        """Refuse for a while where signing in has failed too often. Raises `TooManyFailures`."""
        rate = parse(self._settings.failed_sign_ins_per_ip)
        if not await self._limiter.test(rate, "failures", _ip(door)):
            raise TooManyFailures

    async def note_failure(self, door: Door) -> None:
        """Count a sign-in that failed."""
        await self._hit(self._settings.failed_sign_ins_per_ip, "failures", _ip(door))

    async def _hit(self, rate: str, *names: str) -> bool:
        return await self._limiter.hit(parse(rate), *names)


def front_desk(door: Door) -> FrontDesk:
    """The one of this application."""
    state = door.request.app.state
    if getattr(state, "front_desk", None) is None:
        state.front_desk = FrontDesk(door.settings)
    return state.front_desk


def origin(door: Door) -> str:
    """Where these pages are, for addresses that come back to us from outside.

    The host name is one that the door knows; scheme and port are the deployment's, whatever the
    request claims (S16).
    """
    public = urlsplit(door.settings.public_url)
    port = f":{public.port}" if public.port else ""
    return f"{public.scheme}://{door.request.url.hostname}{port}"


def _ip(door: Door) -> str:
    client = door.request.client
    return client.host if client else "unknown"
