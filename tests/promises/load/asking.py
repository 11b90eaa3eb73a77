"""How a client asks: with one key until it has an answer, on whichever instance it comes to.

No answer is no knowledge (P2): a client whose answer is lost, or is a fault of ours, asks again with
the same key and body, five times at most and each time later. One command in ten is asked again
although it was answered: half of these hear the whole answer and throw it away, so that the two can
be compared; the others hang up before it comes.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx2

from deploy.local.keys import Keys
from tests.promises.history import Command, History, hash_of
from tests.promises.load.people import Person, visitor_heads

TRIES = 6
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 8.0
PATIENCE = 20.0  # seconds for one answer
DROPPED = 0.1  # of all commands
HANGS_UP_WITHIN = 0.05
FAULTS_OF_OURS = frozenset({429, 500, 502, 503, 504})


class Unanswered(Exception):
    """A client has given up: whoever goes on must not think that it was done."""


class SaidNo(Exception):
    """The answer is no."""

    def __init__(self, name: str, status: int, body: bytes) -> None:
        self.status = status
        self.slug = _slug_of(body)
        super().__init__(f"{name}: {status} {body[:300]!r}")


@dataclass(frozen=True)
class Door:
    """What all clients of a run share."""

    history: History
    client: httpx2.AsyncClient
    front_door: str
    webs: Mapping[str, Sequence[str]]
    keys: Keys
    endings: dict[str, int] = field(default_factory=lambda: {"ok": 0, "fail": 0, "unknown": 0})

    @property
    def asked(self) -> int:
        """How many commands have come to an end."""
        return sum(self.endings.values())


@dataclass(frozen=True)
class Client:
    """One client: its name in the history, and its own luck."""

    name: str
    door: Door
    source: Random

    async def command(
        self,
        who: Person | None,
        service: str,
        path: str,
        body: Any = None,
        *,
        name: str,
        method: str = "POST",
        version: Any = None,
        subjects: Sequence[str] = (),
        told: Mapping[str, Any] | None = None,
        may_drop: bool = True,
    ) -> Any:
        """Ask by the API. Raises `SaidNo`, or `Unanswered`."""
        content = b"" if body is None else json.dumps(body).encode()
        address = f"/api/{service}/v1{path}"
        command = self._meant(who, service, address, content, name, method, subjects, told)
        heads = {"content-type": "application/json"} if content else {}
        if version is not None:
            heads["if-match"] = f'"{version}"'
        request = {"content": content or None}
        drop = self._drop() if may_drop else ""
        return await self._until_answered(command, who, heads, request, drop)

    async def form(
        self,
        who: Person,
        service: str,
        path: str,
        fields: Mapping[str, str],
        *,
        name: str,
        subjects: Sequence[str] = (),
    ) -> None:
        """Send a page's form twice in one moment, as a double click does, and again if need be."""
        content = json.dumps(dict(fields)).encode()
        command = self._meant(who, service, path, content, name, "POST", subjects, None)
        heads = who.heads(self.door.keys)
        fields = {**fields, "csrf": heads["x-csrf-token"], "command_key": command.key}
        more = {"cookie": heads["cookie"], "accept": "text/html"}
        self.door.history.invoke(command)
        seen: list[int | None] = []
        for attempt in range(1, TRIES + 1):
            clicks = 2 if attempt == 1 else 1
            answers = await asyncio.gather(
                *(self._once(command, attempt, more, {"data": fields}) for _ in range(clicks))
            )
            seen += [answer and answer.status_code for answer in answers]
            if any(status and status not in FAULTS_OF_OURS for status in seen):
                break
            await self._pause(attempt)
        refusals = [status for status in seen if status and status not in FAULTS_OF_OURS]
        if 303 in seen:
            self._ends("ok", command, status=303)
        elif len(refusals) == len(seen):
            self._ends("fail", command, status=refusals[-1])
            raise SaidNo(name, refusals[-1], b"")
        else:
            self._ends("unknown", command, why=f"answers {seen}")
            raise Unanswered(name)

    async def look(self, who: Person | None, service: str, path: str, **query: Any) -> Any:
        """Read by the API; asked again while nobody answers."""
        for attempt in range(12):
            try:
                heads = self._heads(who)
                answer = await self.door.client.get(
                    f"{self._somewhere(service)}/api/{service}/v1{path}",
                    params=query or None,
                    headers=heads,
                    timeout=PATIENCE,
                )
            except httpx2.TransportError:
                answer = None
            if answer is not None and answer.status_code not in FAULTS_OF_OURS:
                if answer.status_code >= 400:
                    raise SaidNo(path, answer.status_code, answer.content)
                return answer.json()
            await self._pause(attempt)
        raise Unanswered(path)

    # ---- one command ----

    async def _until_answered(
        self,
        command: Command,
        who: Person | None,
        heads: dict[str, str],
        request: dict[str, Any],
        drop: str,
    ) -> Any:
        heads = {**heads, "idempotency-key": command.key}
        self.door.history.invoke(command)
        is_clean = True  # whether every try so far was answered, and not by a fault of ours
        answer: httpx2.Response | None = None
        for attempt in range(1, TRIES + 1):
            hangs_up = drop == "hang up" and attempt == 1
            throws_away = drop == "throw away" and attempt == 1
            answer = await self._once(
                command, attempt, {**self._heads(who), **heads}, request,
                hangs_up=hangs_up, heard=not throws_away,
            )  # fmt: skip
            if throws_away and answer is not None and answer.status_code < 300:
                is_clean = False
                continue
            if answer is not None and not _is_no_answer(answer):
                break
            is_clean = False
            answer = None
            await self._pause(attempt)
        return self._end_of(command, answer, is_clean=is_clean)

    def _end_of(self, command: Command, answer: httpx2.Response | None, *, is_clean: bool) -> Any:
        if answer is None:
            self._ends("unknown", command, why="never answered")
            raise Unanswered(command.name)
        if answer.status_code < 300:
            result: Any = answer.json() if answer.content else None
            self._ends("ok", command, status=answer.status_code, subjects=_ids(result))
            return result
        if not is_clean:
            # An earlier try that was not answered may still be under way, and be done after this no.
            self._ends("unknown", command, why=f"{answer.status_code} after silence")
        else:
            self._ends("fail", command, status=answer.status_code, why=_slug(answer))
        raise SaidNo(command.name, answer.status_code, answer.content)

    async def _once(
        self,
        command: Command,
        attempt: int,
        heads: dict[str, str],
        request: dict[str, Any],
        *,
        hangs_up: bool = False,
        heard: bool = True,
    ) -> httpx2.Response | None:
        patience = self.source.uniform(0.001, HANGS_UP_WITHIN) if hangs_up else PATIENCE
        asked = self.door.client.request(
            command.method,
            f"{self._somewhere(command.service)}{command.path}",
            headers={**heads, "x-correlation-id": command.key, "host": self._host},
            timeout=PATIENCE,
            **request,
        )
        try:
            answer = await asyncio.wait_for(asked, patience)
        except (httpx2.TransportError, TimeoutError) as why:
            self.door.history.silence(command, attempt=attempt, why=type(why).__name__)
            return None
        self.door.history.answer(
            command, attempt=attempt, status=answer.status_code, body=answer.content, heard=heard
        )
        return answer

    def _meant(
        self, who: Person | None, service: str, path: str, content: bytes, name: str, method: str, subjects: Sequence[str], told: Mapping[str, Any] | None,
    ) -> Command:  # fmt: skip
        return Command(
            key=str(UUID(int=self.source.getrandbits(128), version=4)),
            name=name,
            client=self.name,
            service=service,
            actor=str(who.person_ref) if who else "",
            path=path,
            body_hash=hash_of(content),
            method=method,
            subjects=tuple(subjects),
            told=dict(told or {}),
        )

    def _ends(self, ending: str, command: Command, **told: Any) -> None:
        self.door.endings[ending] += 1
        getattr(self.door.history, ending)(command, **told)

    def _drop(self) -> str:
        drawn = self.source.random()
        return "throw away" if drawn < DROPPED / 2 else "hang up" if drawn < DROPPED else ""

    def _heads(self, who: Person | None) -> dict[str, str]:
        own = who.heads(self.door.keys) if who else visitor_heads(self.door.keys)
        return {**own, "accept": "*/*", "host": self._host}

    @property
    def _host(self) -> str:
        return urlsplit(self.door.front_door).netloc

    def _somewhere(self, service: str) -> str:
        """The front door, or one of the instances behind it."""
        return self.source.choice([self.door.front_door, *self.door.webs[service]])

    async def _pause(self, attempt: int) -> None:
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
        await asyncio.sleep(self.source.uniform(longest / 2, longest))


def open_client(clients: int) -> httpx2.AsyncClient:
    """Connections for so many clients."""
    limits = httpx2.Limits(max_connections=2 * clients, max_keepalive_connections=clients)
    return httpx2.AsyncClient(follow_redirects=False, trust_env=False, limits=limits)


def _is_no_answer(answer: httpx2.Response) -> bool:
    in_flight = answer.status_code == 409 and _slug(answer) == "key-in-flight"
    return answer.status_code in FAULTS_OF_OURS or in_flight


def _slug(answer: httpx2.Response) -> str:
    return _slug_of(answer.content)


def _slug_of(body: bytes) -> str:
    """Which refusal it is, as problem+json names it."""
    try:
        return str(json.loads(body).get("type", "")).rpartition("/")[2]
    except (ValueError, AttributeError):
        return ""


def _ids(result: Any) -> list[str]:
    """Every id that an answer names."""
    if not isinstance(result, dict):
        return []
    return [str(value) for name, value in result.items() if name.endswith("_id") and value]
