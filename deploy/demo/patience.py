"""A caller with patience: what a process that was killed did not answer is asked again.

A command keeps its Idempotency-Key from one try to the next, so that however often it is sent it is
done once. Whatever else the services answer is their answer.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

import httpx2

PATIENCE = 90.0  # real seconds: a broker and a process that start again need some
AWAY = frozenset({502, 503, 504})
PAUSE = 0.25
T = TypeVar("T")


class SaidNo(Exception):
    """A service has answered, and the answer is no."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.status = answer.status_code
        self.problem: dict[str, Any] = _problem(answer)
        self.sentence = str(self.problem.get("detail") or self.problem.get("title") or "")
        where = f"{answer.request.method} {answer.request.url.path}"
        super().__init__(f"{where} answered {self.status}: {self.problem}")

    @property
    def kind(self) -> str:
        """Which refusal it is, as problem+json names it."""
        return str(self.problem.get("type", "")).rpartition("/")[2]


class DidNotHappen(Exception):
    """Somebody waited for something in vain."""


async def until(
    look: Callable[[], Awaitable[T]], *, what: str, within: float = PATIENCE, pause: float = 0.1
) -> T:
    """Look again and again until there is something to see; it is the answer."""
    deadline = time.monotonic() + within
    while True:
        if seen := await look():
            return seen
        if time.monotonic() > deadline:
            raise DidNotHappen(f"{what}: not within {within:g} s")
        await asyncio.sleep(pause)


class Caller:
    """One person's connection to the front door: a cookie, its token, and patience."""

    def __init__(self, client: httpx2.AsyncClient, front_door: str) -> None:
        self._client = client
        self._front_door = front_door.rstrip("/")
        self._cookie = ""
        self._csrf = ""

    async def carry(self, cookie: str) -> None:
        """From now on come as whoever this cookie was given to."""
        self._cookie = f"__Host-signin={cookie}"
        self._csrf = ""

    @property
    def cookie(self) -> str:
        """What is carried, as a request's head has it; empty for a visitor."""
        return self._cookie

    async def get(self, path: str, **query: Any) -> Any:
        """Read from the API."""
        return (await self.send("GET", path, params=query or None)).json()

    async def post(self, path: str, body: Any = None) -> Any:
        """A command of the API; its result. Raises `SaidNo`."""
        return await self._command("POST", path, body)

    async def put(self, path: str, body: Any, *, version: Any = None) -> Any:
        """An edit by the API, of the version that was read."""
        more = {} if version is None else {"if-match": f'"{version}"'}
        return await self._command("PUT", path, body, more)

    async def upload(self, path: str, content: bytes) -> Any:
        """Send a PDF as it is."""
        headers = await self._heads() | {"content-type": "application/pdf"}
        return (await self.send("PUT", path, content=content, headers=headers)).json()

    async def upload_form(
        self, path: str, field: str, name: str, content: bytes, **more: Any
    ) -> Any:
        """Send a PDF as a field of a form, with the other fields beside it."""
        files = {field: (name, content, "application/pdf")}
        headers = await self._heads()
        return (
            await self.send("POST", path, files=files, data=more or None, headers=headers)
        ).json()

    async def send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """One request, until somebody answers it. Raises `SaidNo`."""
        headers = {"accept": "*/*", **more.pop("headers", {})}
        if self._cookie:
            headers["cookie"] = self._cookie
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = await self._try(method, path, headers, more)
            if answer is not None and not _is_nobodys(answer):
                break
            if time.monotonic() > deadline:
                raise DidNotHappen(f"{method} {path} was not answered")
            await asyncio.sleep(PAUSE)
        if answer.status_code >= 400:
            raise SaidNo(answer)
        return answer

    async def _try(
        self, method: str, path: str, headers: dict[str, str], more: dict[str, Any]
    ) -> httpx2.Response | None:
        try:
            return await self._client.request(
                method, f"{self._front_door}{path}", headers=headers, **more
            )
        except httpx2.TransportError:
            return None

    async def _command(
        self, method: str, path: str, body: Any, more: dict[str, str] | None = None
    ) -> Any:
        headers = await self._heads() | (more or {})
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body, default=str).encode()
        answer = await self.send(method, path, content=content, headers=headers)
        return answer.json() if answer.content else None

    async def _heads(self) -> dict[str, str]:
        if not self._csrf:
            self._csrf = (await self.get("/api/proposals/v1/sign-in"))["csrf_token"]
        return {"x-csrf-token": self._csrf, "idempotency-key": str(uuid4())}


def open_client() -> httpx2.AsyncClient:
    """Connections that all people of one run share."""
    limits = httpx2.Limits(max_connections=24, max_keepalive_connections=24)
    return httpx2.AsyncClient(timeout=30, follow_redirects=False, trust_env=False, limits=limits)


def _is_nobodys(answer: httpx2.Response) -> bool:
    """The process behind the front door is away, or the first sending of a command still runs."""
    in_flight = answer.status_code == 409 and _problem(answer).get("type", "").endswith(
        "key-in-flight"
    )
    return answer.status_code in AWAY or in_flight


def _problem(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {"title": answer.text[:200]}
    return found if isinstance(found, dict) else {"title": str(found)}
