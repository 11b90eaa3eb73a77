"""One process a stable membership: of two with the same, the earlier leaves (`bad_input[151]`).

Kafka fences the earlier of two static members, and our client answers that by joining anew, which
fences the later, for ever. So who holds a membership stands in Postgres, and the earlier ends with 75.
"""

import asyncio
from uuid import uuid4

import structlog

from chassis.database import Database
from chassis.isolating import PASSES
from chassis.loops import rest

log = structlog.get_logger()

LOOK_EVERY = 1.0
HOLD = """
    INSERT INTO memberships (member, holder) VALUES ($1, $2)
        ON CONFLICT (member) DO UPDATE SET holder = excluded.holder, since = clock_timestamp()
"""


class Replaced(Exception):
    """Another process has the membership we were started with."""


async def keep(member: str | None, database: Database, stop: asyncio.Event) -> None:
    """Take a membership, and watch over it. Raises `Replaced` when another process takes it."""
    if member is None:
        await stop.wait()
        return
    holder, is_held = uuid4(), False
    while not stop.is_set():
        try:
            if not is_held:
                async with database.transaction() as tx:
                    await tx.execute(HOLD, member, holder)
                is_held = True
            now = await database.value("SELECT holder FROM memberships WHERE member = $1", member)
        except PASSES as error:
            log.warning("membership.unknown", error=type(error).__name__)
        else:
            if now != holder:
                raise Replaced(f"{member} is held by another process now")
        await rest(stop, LOOK_EVERY)
