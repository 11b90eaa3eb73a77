"""What has been kept long enough goes, a little at a time, in the relay that is active."""

import asyncio
from datetime import timedelta

import structlog

from chassis.database import Database
from chassis.loops import rest
from chassis.metrics import RETENTION_FAILURES
from chassis.settings import Settings

log = structlog.get_logger()

EVERY = 60.0
AT_ONCE = 1000
COMMANDS_KEPT = timedelta(days=7)
SIGN_INS_KEPT = timedelta(hours=12)

# Rows are found by their physical place: no join back, and no key is needed.
DELETE = """
    DELETE FROM {table}
     WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {table} WHERE {column} < clock_timestamp() - $1::interval LIMIT $2
     ))
"""


async def run(settings: Settings, database: Database, stop: asyncio.Event) -> None:
    """Once a minute, delete what is older than its term."""
    while not stop.is_set():
        try:
            await delete_old_rows(settings, database)
        except Exception as error:
            RETENTION_FAILURES.labels(database.service).inc()
            log.warning("retention.failed", error=type(error).__name__)
        await rest(stop, EVERY)


async def delete_old_rows(settings: Settings, database: Database) -> None:
    """Delete in batches of a thousand, a transaction each, until nothing old is left.

    A row whose instant is null is still needed: not published, not resolved.
    """
    for table, column, kept in (
        ("outbox", "published_at", settings.outbox_retention),
        ("inbox", "processed_at", settings.inbox_retention),
        ("parked", "resolved_at", settings.inbox_retention),
        ("commands", "created_at", COMMANDS_KEPT),
        ("ended_sign_ins", "recorded_at", SIGN_INS_KEPT),
    ):
        sql = DELETE.format(table=table, column=column)
        while True:
            async with database.transaction() as tx:
                deleted = await tx.execute(sql, kept, AT_ONCE)
            if deleted < AT_ONCE:
                break
