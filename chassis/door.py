"""The door a person or a machine comes in by: who they are, what they sent, the one transaction.

A route translates and calls; everything that is the same for every route stands here.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID, uuid4

import structlog
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match

from chassis import audit, clock, idempotency, identity, kept_forms, navigation
from chassis.actor import Actor
from chassis.database import (
    ROLLED_BACK_FOR_SURE,
    TRANSIENT,
    CommitUncertain,
    Database,
    Transaction,
)
from chassis.decision import Refused
from chassis.idempotency import Key
from chassis.pages import Frame, Person
from chassis.problems import Problem

log = structlog.get_logger()

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf"
KEY_FIELD = "command_key"
OURS = (CSRF_FIELD, KEY_FIELD)
Act = Callable[[Transaction], Awaitable[Any]]
Asked = TypeVar("Asked", contravariant=True)
HostsOf = Callable[[Database, UUID, str], Awaitable[Mapping[UUID, str]]]


class Command(Protocol[Asked]):
    """What the commands of every service look like."""

    def __call__(
        self, tx: Transaction, command: Asked, /, *, actor: Actor, now: clock.Clock
    ) -> Awaitable[Any]:
        """Lock, decide, save, record."""
        ...


def by(actor: Actor, command: Command[Asked], asked: Asked) -> Act:
    """A command as a door runs it: by this actor, at whatever time it is once the lock is held."""
    return lambda tx: command(tx, asked, actor=actor, now=clock.now)


@dataclass(slots=True, eq=False)
class Door:
    """One request: its actor (None for a visitor), and how it is answered."""

    request: Request
    actor: Actor | None
    sign_in: identity.SignIn | None
    form: FormData | None = None
    kept_is_shown: bool = False  # the page that was asked for shows what was kept for it

    @property
    def database(self) -> Database:
        """The service's own."""
        return self.request.app.state.database

    @property
    def settings(self) -> Any:
        """The service's own."""
        return self.request.app.state.settings

    @property
    def university(self) -> str:
        """Slug of the university whose pages these are, by the host name."""
        return self.request.state.university

    @property
    def who(self) -> Actor:
        """The actor; a visitor is an actor without roles."""
        return self.actor or Actor(None, self.university, frozenset())

    @property
    def is_api(self) -> bool:
        """Whether this is the API, which answers problem+json."""
        return is_api(self.request)

    # ---- acting ----

    async def run(self, act: Act) -> Any:
        """Run a command in the one transaction of this request, once however often it is sent.

        What `act` returns must be fit for JSON: it is stored under the command's key, and a second
        sending gets it back without running anything. A `Refused` rolls back and is audited. A
        deadlock is a known rollback and is tried once more; a lost commit is answered 503.
        """
        key = await self._key()
        try:
            return json.loads(await self._once(act, key, status=200))
        except Refused as refused:
            await audit.refused(
                self.database, refused, actor=self.who, act=self._act, subject=self.request.url.path
            )
            raise

    async def answer(
        self, act: Act, *, status: int = 200, location: Callable[[Any], str] | None = None
    ) -> Response:
        """Run a command of the API and answer its result; the same key gets the same bytes."""
        key = await self._key()
        try:
            body = await self._once(act, key, status=status)
        except Refused as refused:
            await audit.refused(
                self.database, refused, actor=self.who, act=self._act, subject=self.request.url.path
            )
            raise
        headers = {"location": location(json.loads(body))} if location else {}
        return Response(body, status_code=status, media_type="application/json", headers=headers)

    @property
    def _act(self) -> str:
        return getattr(self.request.scope.get("endpoint"), "__name__", "unknown")

    async def _once(self, act: Act, key: Key | None, *, status: int) -> bytes:
        try:
            return await self._try(act, key, status=status)
        except ROLLED_BACK_FOR_SURE:
            return await self._try(act, key, status=status)

    async def _try(self, act: Act, key: Key | None, *, status: int) -> bytes:
        async with self.database.transaction() as tx:
            if key and (
                earlier := await idempotency.earlier_answer(tx, key, waits=not self.is_api)
            ):
                return earlier
            result = await act(tx)
            body = json.dumps(result, ensure_ascii=False, default=_for_json).encode()
            if key:
                await idempotency.keep_answer(tx, key, status=status, response=body)
        return body

    async def _key(self) -> Key | None:
        if self.is_api:
            given = self.request.headers.get("idempotency-key")
            if not given:
                raise Problem(400, "key-required", "A command needs an Idempotency-Key header.")
            asked = await self.request.body()
        else:
            given = str((self.form or FormData()).get(KEY_FIELD) or "")
            asked = await self._form_bytes()
        if not given:
            return None
        path = f"{self.request.method} {self.request.url.path}?{self.request.url.query}\n".encode()
        # Machines with the same scopes are not the same machine: each has keys of its own.
        machine = f"machine:{self.who.university}:{self.who.name}" if self.who.scopes else ""
        who = str(self.who.person_ref or machine or "visitor")
        return Key.of(actor=who, key=given, asked=path + asked)

    async def _form_bytes(self) -> bytes:
        """The form as sent, whatever boundary the browser drew this time."""
        parts: list[str] = []
        for name, value in (self.form or FormData()).multi_items():
            if isinstance(value, UploadFile):
                parts.append(f"{name}={hashlib.sha256(await value.read()).hexdigest()}")
                await value.seek(0)
            elif name not in OURS:
                parts.append(f"{name}={value}")
        return "\n".join(parts).encode()

    # ---- answering ----

    async def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a page of this service for whoever asks."""
        if status == 200 and not self.kept_is_shown and (kept := await self.kept_pairs()):
            template = "csrf_form_with_typed_text.html"
            values = {"typed": kept, "action": self.address, "labels": {}, "kept": True}
        known: dict[str, Any] = await self._context() | {"status": status, "typed": {}}
        html = self.request.app.state.pages.render(template, known | values)
        return HTMLResponse(html, status_code=status)

    async def refusal(self, template: str, refused: Refused, **values: Any) -> HTMLResponse:
        """The same page with its sentence, and everything typed kept."""
        return await self.page(
            template, status=refused.status, refused=refused, typed=self.typed, **values
        )

    def see_other(self, path: str) -> RedirectResponse:
        """To the result, which is a page of its own that may be loaded again."""
        return RedirectResponse(path, status_code=303)

    @property
    def typed(self) -> dict[str, Any]:
        """What was typed, for showing it again: strings, and lists where a name came repeatedly."""
        kept: dict[str, Any] = {}
        for name in dict.fromkeys((self.form or FormData()).keys()):
            if name in OURS:
                continue
            given = [v for v in (self.form or FormData()).getlist(name) if isinstance(v, str)]
            if given:
                kept[name] = given if len(given) > 1 else given[0]
        return kept

    @property
    def typed_pairs(self) -> list[tuple[str, str]]:
        """What was typed, pair by pair as it was sent."""
        sent = (self.form or FormData()).multi_items()
        return [
            (name, value) for name, value in sent if isinstance(value, str) and name not in OURS
        ]

    @property
    def address(self) -> str:
        """Path and query of this page, without what is ours alone."""
        asked = [pair for pair in self.request.query_params.multi_items() if pair[0] != "kept"]
        return self.request.url.path + (f"?{urlencode(asked)}" if asked else "")

    async def keep_for_later(self, person_ref: UUID) -> str:
        """Keep what was typed, sealed and for this person alone; where to come back to for it (row 43).

        That is the page of the form; what is only ever sent, and has no page, leads to the one above.
        """
        here = _page_of(self.request)
        if here != self.request.url.path:
            return here
        if not self.typed:
            return self.address
        kept_id = await kept_forms.keep(
            self.database,
            self.typed,
            person_ref=person_ref,
            path=here,
            keys=self.request.app.state.keys,
        )
        return f"{self.address}{'&' if '?' in self.address else '?'}kept={kept_id}"

    async def kept_form(self) -> dict[str, Any] | None:
        """What this person typed here before they had to sign in, if the address says so (`?kept=`).

        The page that asks shows it in its form. Where a page does not ask, `page` shows it instead,
        with a button that sends it: so nothing typed is lost on any form.
        """
        kept_id = self.request.query_params.get("kept")
        if not kept_id or not self.sign_in or self.request.method not in SAFE:
            return None
        self.kept_is_shown = True
        return await kept_forms.take(
            self.database,
            kept_id,
            person_ref=self.sign_in.person_ref,
            path=self.request.url.path,
            keys=self.request.app.state.keys,
        )

    async def kept_pairs(self) -> list[tuple[str, str]] | None:
        """The same, pair by pair as it was sent."""
        pairs: list[tuple[str, str]] = []
        for name, value in (await self.kept_form() or {}).items():
            values: list[str] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
            pairs.extend((name, each) for each in values)
        return pairs or None

    async def _context(self) -> dict[str, Any]:
        state = self.request.app.state
        roles = self.who.roles
        audience = getattr(self.request.state, "bar", None)
        frame = Frame(
            university=state.universities[self.university],
            navigation=navigation.bar(roles, audience=audience),
            act_as=navigation.act_as(roles, audience=audience),
            person=Person(self.sign_in.name) if self.sign_in else None,
            csrf_token=identity.csrf_token(state.keys, self.sign_in),
            command_key=str(uuid4()),
            nonce=self.request.state.nonce,
            path=self.request.url.path,
        )
        return frame.values() | {
            "actor": self.who,
            "address": str(state.settings.public_url) + self.request.url.path,
            "now": await clock.shown(self.database),
        }


def is_api(request: Request) -> bool:
    """Whether an address is the API's."""
    return request.url.path.startswith("/api/")


def _for_json(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


async def enter(request: Request) -> Door:
    """Read who is there, and check that what they sent comes from our own page. For `Depends`."""
    bearer = request.headers.get("authorization", "")
    if bearer:
        actor = await request.app.state.machines.actor(bearer, university=request.state.university)
        return Door(request, actor, None)
    sign_in = await _sign_in(request)
    actor = await _actor(request, sign_in) if sign_in else None
    door = Door(request, actor, sign_in)
    if request.method not in SAFE:
        await _take_form(door)
    return door


async def _sign_in(request: Request) -> identity.SignIn | None:
    value = request.cookies.get(identity.COOKIE)
    if not value:
        return None
    state = request.app.state
    try:
        opened = identity.open_cookie(value, keys=state.keys, now=clock.real_now())
    except identity.NotSignedIn as why:
        request.state.cookie_is_stale = True
        request.state.was = why.person_ref
        return None
    sign_in = opened.sign_in
    is_here = sign_in.university == request.state.university
    if not is_here or await identity.has_ended(state.database, sign_in):
        request.state.cookie_is_stale = is_here
        return None
    request.state.renewed_cookie = opened.renewed
    return sign_in


async def _actor(request: Request, sign_in: identity.SignIn) -> Actor:
    state = request.app.state
    hosts = await state.hosts_of(state.database, sign_in.person_ref, sign_in.university)
    return identity.actor_of(sign_in, hosts=hosts)


async def _take_form(door: Door) -> None:
    """Read a page's form and check its token; the API sends the token as a header."""
    request = door.request
    if door.is_api:
        token = request.headers.get("x-csrf-token", "")
    else:
        door.form = await request.form(max_files=4, max_fields=500, max_part_size=64 * 1024)
        token = str(door.form.get(CSRF_FIELD, ""))
    keys: identity.Keys = request.app.state.keys
    holds = identity.csrf_holds(token, keys=keys, sign_in=door.sign_in)
    is_ours = _is_our_own_page(request)
    if not (holds and is_ours):
        was: UUID | None = getattr(request.state, "was", None)
        if is_ours and was and door.actor is None and not door.is_api:
            raise sign_in_first(await door.keep_for_later(was))  # it ran out while they typed
        request.state.door = door
        raise Problem(403, "csrf", "This form did not come from a page of your present sign-in.")


def _is_our_own_page(request: Request) -> bool:
    """`Sec-Fetch-Site`, or `Origin` where a browser does not send it; a program sends neither."""
    site = request.headers.get("sec-fetch-site")
    if site:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def sign_in_first(address: str, *, again: bool = False) -> Problem:
    """To sign-in, and from there to this address; `again` where the sign-in is only too old."""
    target = f"/sign-in?next={quote(address, safe='')}" + ("&again=yes" if again else "")
    return Problem(303, "sign-in", "Sign in first.", headers={"location": target})


def _page_of(request: Request) -> str:
    """The nearest address that shows a page: that of the form itself, or one above it."""
    path = request.url.path
    while path and not _is_a_page(request, path):
        path = path.rpartition("/")[0]
    return path or "/"


def _is_a_page(request: Request, path: str) -> bool:
    asked = {**request.scope, "path": path, "method": "GET"}
    routes = request.app.state.every_route
    return any(route.matches(asked)[0] is Match.FULL for route in routes)


NOBODYS_FAULT = (*TRANSIENT, CommitUncertain)
