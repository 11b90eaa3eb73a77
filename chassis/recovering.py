"""`recover`: the database came back from a dump, and is older than what it had told others.

Its copies of others' facts need nothing: positions and inbox came back with it, so what was read since
is read again. Its own events since then are in the log, and in others' tables, and here they are
unknown. The number each case had reached there is raised here, before anything new is recorded: else
others would take what follows for what they have heard. The events go back into the outbox, and are
listed as orphans: nobody but a person can say what is to become of what they told.
"""

from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient  # pyright: ignore[reportMissingTypeStubs]

from chassis import audit, kafka, own_log
from chassis.actor import Actor
from chassis.database import Database, Row, Transaction
from chassis.decision import Refused
from chassis.failpoints import failpoint
from chassis.parts import Parts
from chassis.settings import Settings

CONFLICTS = """
    SELECT count(*)
      FROM in_log
      JOIN outbox USING (topic, key, sequence)
     WHERE outbox.event_id <> in_log.event_id
"""
KEEP_ORPHANS = f"""
    INSERT INTO orphans (
        event_id, topic, key, sequence, type, subject, university, occurred_at, partition, position
    )
    SELECT event_id, topic, key, sequence, type, coalesce(headers::jsonb ->> 'ce_subject', key),
           coalesce(headers::jsonb ->> 'ce_university', ''), (headers::jsonb ->> 'ce_time')::timestamptz,
           partition, position
      FROM ({own_log.LOST}) AS lost
        ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant of ours
TAKE_BACK = f"""
    INSERT INTO outbox (
        event_id, topic, key, sequence, type, headers, value, recorded_at, published_at
    )
    SELECT event_id, topic, key, sequence, type, headers::jsonb,
           CASE WHEN topic = ANY ($1::text[]) THEN NULL ELSE value END, record_at, record_at
      FROM ({own_log.LOST}) AS lost
     ORDER BY topic, key, sequence
"""  # noqa: S608
RAISE = """
    INSERT INTO sequences (topic, key, last)
    SELECT topic, key, max(sequence) FROM in_log GROUP BY topic, key ORDER BY topic, key
        ON CONFLICT (topic, key) DO UPDATE SET last = excluded.last
     WHERE sequences.last < excluded.last
"""
# Sent after the dump was taken, and unpublished in it: to send it again would be harmless, and idle.
MARK = """
    UPDATE outbox
       SET published_at = in_log.record_at,
           value = CASE WHEN outbox.topic = ANY ($1::text[]) THEN NULL ELSE outbox.value END
      FROM in_log
     WHERE in_log.event_id = outbox.event_id AND outbox.published_at IS NULL
"""


class NumbersWereUsedTwice(Refused):
    """This database has recorded events since it was restored, under numbers that the log holds for others."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How far the log is ahead of the database."""

    orphans: int
    cases: int  # whose number was raised
    sent: int  # rows that had left already


async def look(parts: Parts, settings: Settings, database: Database) -> Recovered:
    """What would be done; nothing is changed."""
    session = await own_log.connect(database.dsn, application=f"{parts.name}.operator")
    try:
        async with session.transaction():
            found = await _recover(session, parts, settings)
            raise _OnlyLooked(found)
    except _OnlyLooked as looked:
        return looked.found
    finally:
        session.terminate()


async def recover(
    parts: Parts, settings: Settings, database: Database, *, actor: Actor, reason: str
) -> Recovered:
    """Bring sequences and outbox up to the log, in one transaction, while nobody publishes.

    Raises `NumbersWereUsedTwice` where the service was opened too early: that cannot be undone.
    """
    async with own_log.right_to_publish(database, parts.name) as session, session.transaction():
        found = await _recover(session, parts, settings)
        if found != Recovered(0, 0, 0):
            tx = Transaction(session, database)
            await audit.done(tx, actor=actor, act="Recover", subject=parts.name, reason=reason)
        failpoint("recover.raised")
    return found


class _OnlyLooked(Exception):
    def __init__(self, found: Recovered) -> None:
        self.found = found


async def _recover(session: Any, parts: Parts, settings: Settings) -> Recovered:
    topics = own_log.all_topics(parts.name)
    await own_log.load(session, settings, topics)
    if await session.fetchval(CONFLICTS):
        raise NumbersWereUsedTwice
    orphans = _count(await session.execute(KEEP_ORPHANS))
    sealed = [topic.name for topic in topics if topic.restricted_to]
    await session.execute(TAKE_BACK, sealed)
    cases = _count(await session.execute(RAISE))
    return Recovered(orphans, cases, sent=_count(await session.execute(MARK, sealed)))


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])


async def list_orphans(settings: Settings, database: Database) -> list[Row]:
    """Every event found in the log alone, with the groups that have read past it, oldest first."""
    rows = await database.list_rows(
        "SELECT * FROM orphans ORDER BY occurred_at, topic, key, sequence"
    )
    if not rows:
        return []
    read = await _read_by(settings)
    for row in rows:
        place = f"{settings.topic_prefix}.{row['topic']}", row["partition"]
        readers = [
            group for group, offsets in read.items() if offsets.get(place, 0) > row["position"]
        ]
        row["read_by"] = ", ".join(sorted(readers))
    return rows


async def _read_by(settings: Settings) -> dict[str, dict[tuple[str, int], int]]:
    """How far each group on the broker says it has read: late by a moment, never ahead."""
    admin = AIOKafkaAdminClient(**kafka.client_options(settings), request_timeout_ms=10_000)
    await admin.start()
    try:
        found: dict[str, dict[tuple[str, int], int]] = {}
        for group, *_ in await admin.list_consumer_groups():
            offsets: dict[Any, Any] = await admin.list_consumer_group_offsets(group)
            name = group.removeprefix(f"{settings.topic_prefix}.")
            found[name] = {(at.topic, at.partition): held.offset for at, held in offsets.items()}
        return found
    finally:
        await admin.close()
