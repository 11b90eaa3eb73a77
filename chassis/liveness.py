"""Whether a process gets on with its work: judged by progress, since a ping proves nothing.

A loop notes what it did; the answer at `/livez`, beside the figures at `/metrics`, says what has come
to a stand. A process that knows what it waits for, Postgres, Kafka, an operator, gets on: starting it
anew would cure nothing.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app  # pyright: ignore[reportUnknownVariableType]

MOVES_WITHIN = 60.0
HEARD_WITHIN = 120.0

Clock = Callable[[], float]


@dataclass
class Progress:
    """What a process has done, and when. A process that notes nothing is never found at fault."""

    now: Clock = time.monotonic
    _behind: int = 0
    _behind_since: float = 0.0
    _moved_at: float = 0.0
    _assigned: int = 0
    _heard_at: float | None = None  # of the source of its work; none: it has not begun

    def moved(self) -> None:
        """Work was done, or put off knowingly."""
        self._moved_at = self.heard()

    def heard(self) -> float:
        """The source of the work was asked, whatever it said."""
        self._heard_at = self.now()
        return self._heard_at

    def behind(self, count: int) -> None:
        """So much lay ready when last looked."""
        if count and not self._behind:
            self._behind_since = self.now()
        self._behind = count

    def assigned(self, partitions: int) -> None:
        """So many partitions are ours."""
        self._assigned = partitions
        self.heard()

    def fault(self) -> str | None:
        """What has come to a stand; None while all gets on."""
        now = self.now()
        still = now - max(self._moved_at, self._behind_since)
        if self._behind and still > MOVES_WITHIN:
            return f"{self._behind} lie ready and nothing moved for {still:.0f} s"
        if self._heard_at is None or self._assigned:
            return None
        silent = now - self._heard_at
        if silent > HEARD_WITHIN:
            return f"no assignment and no poll for {silent:.0f} s"
        return None


PROGRESS = Progress()
"""This process's own: a process has one role."""


class _Server(ThreadingMixIn, WSGIServer):
    """Answers beside the loop, so that a loop that hangs is told of too."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Say nothing: it is asked every few seconds."""


def serve(host: str, port: int) -> None:
    """Answer on a thread of its own: figures, and at `/livez` 200 or 503 with the reason."""
    figures: Any = cast("Any", make_wsgi_app())

    def answer(environ: Any, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/livez":
            return figures(environ, start_response)
        fault = PROGRESS.fault()
        status = "503 Service Unavailable" if fault else "200 OK"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{fault or 'alive'}\n".encode()]

    server = make_server(host, port, answer, server_class=_Server, handler_class=_Quiet)
    Thread(target=server.serve_forever, name="figures", daemon=True).start()
