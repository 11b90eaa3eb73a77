"""Whether schema and code suit each other: judged at the start, and for as long as `/readyz` is asked.

Code may be younger than its schema for the minutes of a migration, and then waits. It may be older,
after going back to the version before: that is meant to work, until a migration has taken away what
the older code needs, which that migration says in `compatibility` (`bad_input[150]`).
"""

import asyncio
from enum import StrEnum

import structlog

from chassis import migrate
from chassis.database import TRANSIENT, Database, UndefinedTable
from chassis.loops import rest
from chassis.settings import IsMisconfigured

log = structlog.get_logger()

SAYS_WHAT_IT_NEEDS = "0006"
LOOK_AGAIN = 1.0


class Schema(StrEnum):
    """What a service finds, in the words of `/readyz`."""

    READY = "ready"
    MISSING = "schema missing"
    OLDER = "schema too old"
    NEWER = "schema too new"
    AWAY = "database away"


class SchemaIsTooNew(IsMisconfigured):
    """This code would find things gone that it needs."""


async def judge(database: Database, service: str) -> Schema:
    """Compare what was applied with what this code brings."""
    known = migrate.versions(service)
    try:
        rows = await database.list_rows("SELECT version FROM schema_migrations")
        applied = {row["version"] for row in rows}
        if SAYS_WHAT_IT_NEEDS in applied:
            needs = await database.value("SELECT needs FROM compatibility")
            if needs not in known:
                return Schema.NEWER
    except UndefinedTable:
        return Schema.MISSING
    except TRANSIENT:
        return Schema.AWAY
    return Schema.READY if known <= applied else Schema.OLDER


async def start(database: Database, service: str, stop: asyncio.Event, *, waits: bool) -> None:
    """Return once a process may begin. A web process need not wait: it says that it is not ready.

    Raises `SchemaIsTooNew`.
    """
    while not stop.is_set():
        schema = await judge(database, service)
        if schema is Schema.NEWER:
            raise SchemaIsTooNew(
                f"the schema of {service} has lost what this version needs; "
                "run the version it was migrated for"
            )
        if schema is Schema.READY or (not waits and schema is not Schema.AWAY):
            return
        log.warning("schema.awaited", reason=str(schema))
        await rest(stop, LOOK_AGAIN)
