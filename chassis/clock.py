"""Business time: the database's clock, read once the lock is held.

Never `now()`, which is the start of the transaction and may lie before a deadline that a wait for a
lock has crossed; never Python's clock, which differs between processes (P11). In development one
row, in a schema of its own, shifts business time for all four services, so that the demo and the
tests can travel; production never looks at it.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from chassis.database import Reader, Transaction
from chassis.failpoints import failpoint

Clock = Callable[[Transaction], Awaitable[datetime]]
"""Handed to commands as a function, called after the lock."""

TRUE_TIME = "SELECT clock_timestamp()"
SHIFTED_TIME = "SELECT clock_timestamp() + (SELECT shift FROM development.clock)"


def sql(*, production: bool) -> str:
    """The query that tells business time in this environment."""
    return TRUE_TIME if production else SHIFTED_TIME


async def now(tx: Transaction) -> datetime:
    """The instant to judge by. Call it when every row the judgement reads is locked."""
    read: datetime = await tx.value(tx.now_sql)
    failpoint("command.locked")
    return read


async def shown(reader: Reader) -> datetime:
    """The instant a page is made at, in business time: for "time left", never for a decision."""
    return await reader.value(reader.now_sql)


def real_now() -> datetime:
    """Real time, for sign-ins, tokens, leases and retries, which a shifted clock must not touch."""
    return datetime.now(UTC)  # noqa: TID251 (the one place)
