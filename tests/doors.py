"""Doors for tests: a service's application, and people who come in by it with a minted cookie.

    doors = await doors_of("proposals")
    office = doors.office()
    answer = await office.post("/api/proposals/v1/programmes", {"file": "…"})
    page = await doors.student(level="undergraduate").get("/applications")
    answer = await office.form("/office/proposals/hosts", {"reason": "…"})   # a page's form

Cookies are real ones, sealed with keys of the tests' own; nothing in the application is replaced. The
`__Host-` cookie is Secure, so every person sends it as a header of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import httpx2
from joserfc.jwk import ECKey, OKPKey

from chassis import clock, identity
from chassis.actor import Role
from chassis.database import Database, connect
from chassis.identity import COOKIE, Keys, SignIn
from schemas.envelope import new_id

COOKIE_SECRET = "the tests' own secret, of which nobody else knows"
SIGNING_KEY = OKPKey.generate_key("Ed25519")
PUBLIC_KEY = json.dumps(SIGNING_KEY.as_dict(private=False))
PRIVATE_KEY = json.dumps(SIGNING_KEY.as_dict(private=True))
KEYS = Keys.read(COOKIE_SECRET, PUBLIC_KEY)
CONTACTS_KEY = ECKey.generate_key("P-256")
OWN_SETTINGS = {  # those that only one service has, given to the service that asks for them
    "signing_private_key": PRIVATE_KEY,
    "contacts_public_key": json.dumps(CONTACTS_KEY.as_dict(private=False)),
    "contacts_private_key": json.dumps(CONTACTS_KEY.as_dict(private=True)),
    "person_key": "the tests' own key of persons, as long as it must be",
    "oidc_issuer": "http://localhost:1",  # nobody answers there
    "oidc_client_secret": "the tests' own client secret",
}
ADDRESS = "http://localhost"  # the host name decides the university: oxford
UNIVERSITIES = {"localhost": "oxford", "northfield.localhost": "northfield"}

Fields = Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Person:
    """Somebody at the door: a visitor, or a person with a sign-in. Every command has a fresh key."""

    client: httpx2.AsyncClient
    sign_in: SignIn | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seen_at: datetime | None = None  # when the cookie was last used; None: just now

    @property
    def person_ref(self) -> UUID:
        """Who it is."""
        assert self.sign_in is not None
        return self.sign_in.person_ref

    @property
    def csrf(self) -> str:
        """The token that this person's forms carry."""
        return identity.csrf_token(KEYS, self.sign_in)

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        """Look at a page, or read from the API."""
        return await self.send("GET", path, params=query or None)

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, version: Any = None
    ) -> httpx2.Response:
        """A command of the API. `version` is sent as If-Match."""
        return await self._command("POST", path, body, key=key, version=version)

    async def put(
        self, path: str, body: Any, *, key: str | None = None, version: Any = None
    ) -> httpx2.Response:
        """An edit by the API."""
        return await self._command("PUT", path, body, key=key, version=version)

    async def form(
        self, path: str, fields: Fields | None = None, *, key: str | None = None, files: Any = None
    ) -> httpx2.Response:
        """Send a page's form, as its browser would; a list sends the same name several times."""
        sent = {"csrf": self.csrf, "command_key": key or str(uuid4()), **(fields or {})}
        return await self.send("POST", path, data=sent, files=files)

    async def send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """A bare request with this person's cookie."""
        headers = self._cookie() | self.headers | dict(more.pop("headers", {}))
        return await self.client.request(method, path, headers=headers, **more)

    async def _command(
        self, method: str, path: str, body: Any, *, key: str | None, version: Any
    ) -> httpx2.Response:
        headers = {"x-csrf-token": self.csrf, "idempotency-key": key or str(uuid4())}
        if version is not None:
            headers["if-match"] = f'"{version}"'
        content = None if body is None else json.dumps(body, default=str).encode()
        if content is not None:
            headers["content-type"] = "application/json"
        return await self.send(method, path, content=content, headers=headers)

    def away(self, minutes: int = 31) -> "Person":
        """The same person with the same pages open, after so many minutes without a click."""
        return replace(self, seen_at=clock.real_now() - timedelta(minutes=minutes))

    def _cookie(self) -> dict[str, str]:
        if self.sign_in is None:
            return {}
        value = identity.mint(
            self.sign_in, signing_key=SIGNING_KEY, keys=KEYS, now=self.seen_at or clock.real_now()
        )
        return {"cookie": f"{COOKIE}={value}"}


@dataclass(slots=True, eq=False)
class Doors:
    """One service's application, and whoever wants in."""

    app: Any
    database: Database
    client: httpx2.AsyncClient

    def visitor(self) -> Person:
        """Anybody, not signed in."""
        return Person(self.client)

    def student(self, *, name: str = "Priya Raman", **facts: Any) -> Person:
        """A matriculated undergraduate, unless the facts say otherwise."""
        known = {
            "affiliation": ["student", "member"],
            "level": "undergraduate",
            "course": "BA History",
            "matriculated": True,
        }
        return self.person(Role.APPLICANT, name=name, facts=known | facts)

    def host(self, person_ref: UUID | None = None, *, name: str = "Tomos Price") -> Person:
        """Somebody with a mailed link: a host's rights follow from who acts for which host."""
        return self.person(person_ref=person_ref, name=name, method="mail")

    def office(self, *roles: Role, name: str = "Helen Marsh") -> Person:
        """An officer who may also manage programmes, unless other roles are named."""
        return self.person(*(roles or (Role.OFFICER, Role.PROGRAMME_MANAGER)), name=name)

    def person(
        self,
        *roles: Role,
        person_ref: UUID | None = None,
        name: str = "Alex Doe",
        facts: Fields | None = None,
        university: str = "oxford",
        method: str = "oidc",
        signed_in_at: datetime | None = None,
    ) -> Person:
        """Anybody with a sign-in."""
        sign_in = SignIn(
            sign_in_id=str(uuid4()),
            person_ref=person_ref or new_id(),
            university=university,
            roles=tuple(str(role) for role in roles),
            name=name,
            method=method,
            signed_in_at=signed_in_at or clock.real_now().replace(microsecond=0),
            facts=dict(facts or {}),
        )
        return Person(self.client, sign_in)


async def open_doors(service: str, database: Database, **settings: Any) -> Doors:
    """Build a service's application on a database of a test. Close `doors.client` at the end."""
    parts = import_module(f"services.{service}.main").SERVICE
    given = {
        "environment": "test",
        "database_url": database.dsn,
        "cookie_secret": COOKIE_SECRET,
        "signing_public_key": PUBLIC_KEY,
        "universities": UNIVERSITIES,
        "public_url": ADDRESS,
        **settings,
    }
    own = {
        name: value for name, value in OWN_SETTINGS.items() if name in parts.settings.model_fields
    }
    app = parts.app(parts.settings(**(own | given)), database)
    transport = httpx2.ASGITransport(app=app)
    client = httpx2.AsyncClient(
        transport=transport, base_url=ADDRESS, headers={"accept": "*/*"}, timeout=20
    )
    return Doors(app, database, client)


async def let_act_for(
    doors: Doors, person: Person, host_id: UUID, *, kind: str = "contact"
) -> None:
    """In a service that keeps copies: an approved host, and this person acting for it."""
    async with doors.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO known_hosts (host_id, university, public_name, status)
            VALUES ($1, 'oxford', 'Museum of the History of Weather', 'approved')
            ON CONFLICT DO NOTHING
            """,
            host_id,
        )
        await tx.execute(
            """
            INSERT INTO known_host_contacts (host_id, person_ref, kind, university)
            VALUES ($1, $2, $3, 'oxford')
            """,
            host_id,
            person.person_ref,
            kind,
        )


async def travel(admin: str, to: datetime) -> None:
    """Shift business time so that it is now this instant; it goes on from there.

    `admin` is the fixture `database_url`: no service's login may move the clock.
    """
    connection = await connect(admin, application="tests")
    try:
        await connection.execute(
            "UPDATE development.clock SET shift = $1::timestamptz - clock_timestamp()", to
        )
    finally:
        await connection.close()


async def events_recorded(database: Database, *, since: int = 0) -> list[str]:
    """Names of the events in a service's outbox, in order: `OfferAccepted`."""
    rows = await database.list_rows("SELECT type FROM outbox WHERE id > $1 ORDER BY id", since)
    return [row["type"].split(".")[2] for row in rows]
