"""A lean HTTP client: one kept connection, nothing between the clock and the socket."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and when: `seconds` from the first byte sent to the last byte read."""

    status: int
    body: bytes
    seconds: float
    began_at: float  # of the wall's clock, to be compared with what other processes note
    ended_at: float


class Unexpected(Exception):
    """An answer that must not be timed: it is not the one that was asked for."""


class Wire:
    """Not for two threads at once."""

    def __init__(self, port: int, *, timeout: float = 30) -> None:
        self._host = f"localhost:{port}"
        self._connection = HTTPConnection("127.0.0.1", port, timeout=timeout)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Read a page. Raises `Unexpected` for anything but 200."""
        return self.send("GET", path, headers or {})

    def post(self, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a command. Raises `Unexpected` for anything but 200."""
        return self.send("POST", path, headers, body)

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """One request; the connection is made anew where the other side has closed it."""
        sent = {"Host": self._host, "Accept": "*/*", **headers}
        if self._connection.sock is None:
            self._connection.connect()
        began_at, began = time.time(), time.perf_counter()
        try:
            self._connection.request(method, path, body, sent)
            response = self._connection.getresponse()
            read = response.read()
        except (HTTPException, OSError):
            self._connection.close()
            raise
        seconds = time.perf_counter() - began
        if response.status != 200:
            raise Unexpected(f"{method} {path} answered {response.status}: {read[:300]!r}")
        return Answer(response.status, read, seconds, began_at, began_at + seconds)

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()
