"""What HTTP itself must get right before any route sees a request (`bad-input.md` rows 9, 28 to 36).

One ASGI wrapper: correlation id, host, path, header and body limits, security headers, the time and
outcome of every request for logs and metrics.
"""

import re
import secrets
import time
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import logs, metrics
from chassis.problems import Problem, not_found
from schemas.envelope import new_id

log = structlog.get_logger()

MOST_HEADERS = 100
LARGEST_HEADER = 16 * 1024
LARGEST_JSON = 1024 * 1024
WITH_FILES = ("multipart/form-data", "application/pdf", "image/")
_CORRELATION = re.compile(r"^[A-Za-z0-9-]{8,64}$")
_TRACE = re.compile(r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")


class Protocol:
    """Wraps the application. `largest_form` is the most bytes a page's form may send, files included."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: str,
        universities: Mapping[str, str],
        largest_form: int,
        is_https: bool,
    ) -> None:
        self._app = app
        self._service = service
        self._universities = universities
        self._largest_form = largest_form
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _first_of_each(scope)
        self._begin(scope, headers)
        answer = _Answer(scope, send, is_https=self._is_https)
        fault = self._fault(scope, headers)
        if fault:
            await _say(fault, scope, receive, answer)
        else:
            await self._pass_on(scope, receive, answer, headers)
        self._end(scope, answer)

    def _begin(self, scope: Scope, headers: Mapping[str, str]) -> None:
        given = headers.get("x-correlation-id", "")
        logs.correlation_id.set(given if _CORRELATION.match(given) else str(new_id()))
        logs.causation_id.set("")
        trace = headers.get("traceparent", "")
        logs.trace_parent.set(trace if _TRACE.match(trace) else "")
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["nonce"] = secrets.token_urlsafe(16)
        state["began"] = time.perf_counter()
        host = headers.get("host", "").rsplit(":", 1)[0].lower()
        state["university"] = self._university(host)

    def _university(self, host: str) -> str | None:
        """A university by its host name; locally also `<slug>.localhost`."""
        if host in self._universities:
            return self._universities[host]
        slug = host.removesuffix(".localhost")
        return slug if slug in self._universities.values() and slug != host else None

    def _fault(self, scope: Scope, headers: Mapping[str, str]) -> Problem | None:
        raw = scope.get("raw_path") or scope["path"].encode()
        plain = unquote_to_bytes(raw)
        if scope["path"] in ("/healthz", "/readyz"):
            return None
        if len(scope["headers"]) > MOST_HEADERS or any(
            len(value) > LARGEST_HEADER for _, value in scope["headers"]
        ):
            return Problem(431, "headers-too-large", "The request's headers are too large.")
        hosts = sum(name == b"host" for name, _ in scope["headers"])
        if scope["state"]["university"] is None or hosts != 1:
            return Problem(400, "unknown-host", "No university is served under this host name.")
        if scope["method"] in ("TRACE", "CONNECT", "TRACK"):
            return Problem(
                405, "method-not-allowed", "This method is not used here.", headers={"Allow": "GET"}
            )
        if b"\0" in plain or b"//" in plain or b"/../" in plain + b"/" or b"/./" in plain + b"/":
            return not_found()
        return self._size_fault(headers)

    def _limit(self, headers: Mapping[str, str]) -> int:
        has_file = headers.get("content-type", "").startswith(WITH_FILES)
        return self._largest_form if has_file else LARGEST_JSON

    def _size_fault(self, headers: Mapping[str, str]) -> Problem | None:
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._limit(headers):
            return _too_large()
        return None

    async def _pass_on(
        self, scope: Scope, receive: Receive, answer: "_Answer", headers: Mapping[str, str]
    ) -> None:
        left = self._limit(headers)

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:  # it came in chunks, without saying how long it would be
                    raise _too_large()
            return message

        try:
            await self._app(scope, counted, answer)
        except Problem as problem:  # read by nobody who could answer it
            if not answer.has_begun:
                await _say(problem, scope, receive, answer)

    def _end(self, scope: Scope, answer: "_Answer") -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        seconds = time.perf_counter() - scope["state"]["began"]
        metrics.REQUESTS.labels(self._service, scope["method"], route, str(answer.status)).observe(
            seconds
        )
        if route not in ("unmatched", "/static") and scope["path"] not in ("/healthz", "/readyz"):
            log.info(
                "request.answered", method=scope["method"], route=route, status=answer.status,
                seconds=round(seconds, 4),
            )  # fmt: skip


class _Answer:
    """The sending side: adds the headers that every answer of ours carries (S14)."""

    def __init__(self, scope: Scope, send: Send, *, is_https: bool) -> None:
        self._scope = scope
        self._send = send
        self._is_https = is_https
        self.has_begun = False
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            self.status = message["status"]
            self._add_headers(MutableHeaders(scope=message))
        await self._send(message)

    def _add_headers(self, headers: MutableHeaders) -> None:
        nonce = self._scope["state"]["nonce"]
        headers.setdefault(
            "content-security-policy",
            f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        )
        headers.setdefault("x-content-type-options", "nosniff")
        headers.setdefault("referrer-policy", "same-origin")
        headers.setdefault("cross-origin-opener-policy", "same-origin")
        headers.setdefault("cache-control", "no-store")
        headers["x-correlation-id"] = logs.correlation_id.get()
        if self._is_https:
            headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        if self.status == 413:
            headers["connection"] = "close"


def _first_of_each(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found


def _too_large() -> Problem:
    return Problem(413, "too-large", "This is larger than can be taken here.")


async def _say(problem: Problem, scope: Scope, receive: Receive, send: Any) -> None:
    await problem.response()(scope, receive, send)
