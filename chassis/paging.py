"""Long lists in pages: a cursor says where the next page begins, sealed so that nobody edits it.

    position = cursors.opened(cursor, of="vacancies")      # None: the first page
    nxt = cursors.sealed([last.closes_at, last.id], of="vacancies")

A cursor is bound to its list and to what was asked of it; another's, or an edited one, is 400 (row 32).
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from chassis.identity import Keys
from chassis.problems import Problem

MOST = 100
USUAL = 25


class Cursors:
    """Made from the deployment's keys."""

    def __init__(self, keys: Keys) -> None:
        self._key = keys.derived("cursors")

    def sealed(self, position: Any, *, of: str) -> str:
        """A position in a list as a cursor; `position` must be fit for JSON."""
        body = json.dumps(position, separators=(",", ":"), default=str).encode()
        return base64.urlsafe_b64encode(self._mark(body, of) + body).decode().rstrip("=")

    def opened(self, cursor: str | None, *, of: str) -> Any:
        """The position, or None without a cursor. Raises `Problem` 400 bad-cursor."""
        if not cursor:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except ValueError:
            raise _bad() from None
        mark, body = raw[:16], raw[16:]
        if not hmac.compare_digest(mark, self._mark(body, of)):
            raise _bad()
        return json.loads(body)

    def _mark(self, body: bytes, of: str) -> bytes:
        return hmac.new(self._key, of.encode() + b"\0" + body, hashlib.sha256).digest()[:16]


def _bad() -> Problem:
    return Problem(400, "bad-cursor", "This cursor is not of this list. Begin with the first page.")
