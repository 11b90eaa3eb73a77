"""One command, however often it is sent: the same key is answered with the first answer (P2).

The lock, the look-up, the command and its stored answer share one transaction. Only what committed
is stored: a refusal is judged afresh.
"""

import hashlib
import re
from dataclasses import dataclass

from chassis.database import Transaction
from chassis.problems import Problem

KEY = re.compile(r"^[\x21-\x7e]{1,200}$")


@dataclass(frozen=True, slots=True)
class Key:
    """Whose command, under which key, and a hash of everything asked."""

    actor: str
    key: str
    request_hash: bytes

    @classmethod
    def of(cls, *, actor: str, key: str, asked: bytes) -> "Key":
        """Raises `Problem` 400 key-malformed where the key is no key (`bad_input[25]`)."""
        if not KEY.match(key):
            raise Problem(
                400, "key-malformed", "An Idempotency-Key is 1 to 200 visible characters."
            )
        return cls(actor, key, hashlib.sha256(asked).digest())


async def earlier_answer(tx: Transaction, key: Key, *, waits: bool = False) -> bytes | None:
    """Hold the key, and find what was answered before.

    A page `waits` for a first click that is still running, so that both clicks of a double click see
    the same result (row 41); the API is told at once.

    Raises `Problem`: 409 key-in-flight while the first is still running, 422 key-reused when the
    same key comes with another request.
    """
    name = f"{tx.service}.command:{key.actor}:{key.key}"
    if waits:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
    elif not await tx.value("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", name):
        running = "The first request with this key is still running."
        raise Problem(409, "key-in-flight", running, headers={"Retry-After": "1"})
    # A statement of its own: one that also takes the lock would read as before the wait.
    found = await tx.find_row(
        "SELECT request_hash, response FROM commands WHERE actor = $1 AND idempotency_key = $2",
        key.actor,
        key.key,
    )
    if found is None:
        return None
    if found["request_hash"] != key.request_hash:
        raise Problem(422, "key-reused", "This Idempotency-Key was used for another request.")
    return found["response"]


async def keep_answer(tx: Transaction, key: Key, *, status: int, response: bytes) -> None:
    """Store the answer beside what it answers."""
    await tx.execute(
        """
        INSERT INTO commands (actor, idempotency_key, request_hash, status, response)
        VALUES ($1, $2, $3, $4, $5)
        """,
        key.actor,
        key.key,
        key.request_hash,
        status,
        response,
    )
