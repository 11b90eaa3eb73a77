"""The front desk alone, and a browser that carries its cookies: for the tests of signing in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import httpx2

from chassis import identity
from chassis.application import application
from chassis.clock import real_now
from chassis.database import Database
from services.proposals.settings import ProposalsSettings
from services.proposals.views.accounts import list_hosts_of
from services.proposals.web import account, sign_in
from services.proposals.web.api import accounts
from tests import doors

ROUTES = (sign_in.pages, account.pages, accounts.api)
OFFICER = "urn:mace:university.example:internships:officer"


class Browser:
    """Keeps cookies as a browser does, the Secure ones on loopback too."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self.cookies: dict[str, str] = {}

    async def get(self, address: str, **more: Any) -> httpx2.Response:
        return await self.send("GET", address, **more)

    async def post(self, address: str, fields: dict[str, str] | None = None) -> httpx2.Response:
        """Send a page's form, with the token of whoever is signed in."""
        sent = {"csrf": self.csrf, "command_key": str(uuid4())} | (fields or {})
        return await self.send("POST", address, data=sent)

    async def send(self, method: str, address: str, **more: Any) -> httpx2.Response:
        carried = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": carried} | more.pop("headers", {})
        answer = await self._client.request(method, address, headers=headers, **more)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer

    @property
    def signed_in(self) -> identity.SignIn | None:
        """Who is signed in here, by the cookie's own word."""
        value = self.cookies.get(identity.COOKIE)
        if value is None:
            return None
        return identity.open_cookie(value, keys=doors.KEYS, now=real_now()).sign_in

    @property
    def csrf(self) -> str:
        return identity.csrf_token(doors.KEYS, self.signed_in)


def settings(database: Database, **more: Any) -> ProposalsSettings:
    """Of the tests; the office's entitlement is known."""
    given = {
        **doors.OWN_SETTINGS,
        "environment": "test",
        "database_url": database.dsn,
        "cookie_secret": doors.COOKIE_SECRET,
        "signing_public_key": doors.PUBLIC_KEY,
        "universities": doors.UNIVERSITIES,
        "public_url": doors.ADDRESS,
        "office_entitlements": {"oxford": {OFFICER: "officer"}},
    }
    known = {name: value for name, value in given.items() if name in ProposalsSettings.model_fields}
    return ProposalsSettings(**known | more)


def app_of(database: Database, **more: Any) -> Any:
    """The front desk's application."""
    return application(
        service="proposals",
        settings=settings(database, **more),
        database=database,
        routes=ROUTES,
        hosts_of=list_hosts_of,
    )


@asynccontextmanager
async def opened(database: Database, **more: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A client at the front desk's door."""
    transport = httpx2.ASGITransport(app=app_of(database, **more))
    async with httpx2.AsyncClient(
        transport=transport, base_url=doors.ADDRESS, headers={"accept": "*/*"}, timeout=20
    ) as client:
        yield client
