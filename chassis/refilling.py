"""`rebuild-broker`: the broker's disk is gone, and what was published is published again.

Everything rests on the order of each case in the new log. So nobody publishes meanwhile; all rows
become unpublished in one transaction, however many they are; and the log is emptied behind it, with
what a hasty relay had already put there. Then the relay sends old and new alike, by id.

A log that was refilled does not begin at offset 0: one record is sent to each empty partition,
taken back and deleted. So it looks trimmed to every reader, ours and others', and it is: the outbox keeps 35
days, and a case that is older goes on at some later number. A reader that is new takes the first one
as it stands (`positions.born_late`); one that is not knows what it has heard, and drops the rest.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition  # pyright: ignore[reportMissingTypeStubs]
from aiokafka.admin import (  # pyright: ignore[reportMissingTypeStubs]
    AIOKafkaAdminClient,
    RecordsToDelete,
)

from chassis import audit, history, kafka, own_log, topics
from chassis.actor import Actor
from chassis.clock import real_now
from chassis.database import Database, Transaction
from chassis.decision import Refused
from chassis.failpoints import failpoint
from chassis.outbox import wire_time
from chassis.parts import Parts
from chassis.settings import Settings
from schemas.envelope import SPEC_VERSION, TYPE_PREFIX, Service, new_id
from schemas.topics import CONTACTS, Topic

AT_ONCE = 5000
BEGUN, DONE = "RebuildBroker", "BrokerRebuilt"

IS_UNFINISHED = "SELECT act = $1 FROM audit WHERE act IN ($1, $2) ORDER BY id DESC LIMIT 1"
ABSENT = """
    SELECT count(*)
      FROM outbox
     WHERE topic = ANY ($1::text[]) AND published_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM in_log WHERE in_log.event_id = outbox.event_id)
"""
# Of each case the rows that follow one another up to its newest: below a hole nothing is told again,
# since no reader would get past it. Of a state only the newest, and only where the log lacks it; its
# end only in a new log, for an old one forgets that by itself.
OWED = """
    CREATE TEMP TABLE owed AS
    WITH numbered AS (
        SELECT id, topic, key, sequence, event_id, published_at, value,
               sequence + row_number() OVER (PARTITION BY topic, key ORDER BY sequence DESC) AS run,
               max(sequence) OVER (PARTITION BY topic, key) AS newest
          FROM outbox
         WHERE topic = ANY ($1::text[] || $2::text[])
    )
    SELECT id, row_number() OVER (ORDER BY id) AS place
      FROM numbered
     WHERE published_at IS NOT NULL
       AND CASE WHEN topic = ANY ($1::text[])
                THEN run = newest + 1
                ELSE sequence = newest AND (value IS NOT NULL OR $1::text[] <> '{}') AND NOT EXISTS (
                    SELECT FROM in_log WHERE in_log.event_id = numbered.event_id)
           END
"""
UNMARK = """
    UPDATE outbox SET published_at = NULL
      FROM owed
     WHERE owed.id = outbox.id AND owed.place > $1 AND owed.place <= $2
"""
SEALED = "SELECT count(DISTINCT key) FROM outbox WHERE topic = $1 AND value IS NULL"


class LogKnowsMore(Refused):
    """The log holds events that this database has lost. Run `recover` first, or they are lost for good."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What the outbox has sent and the broker does not hold."""

    events: int  # to be sent again
    cards: int  # sealed and gone: only their owner can tell them anew
    logs: tuple[str, ...] = ()  # of events, which therefore begin anew
    is_unfinished: bool = False  # an earlier run was cut off

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing to do."""
        return not self.events and not self.is_unfinished


async def look(parts: Parts, settings: Settings, database: Database) -> Gap:
    """What would be sent again; nothing is changed, and the relay goes on."""
    session = await own_log.connect(database.dsn, application=f"{parts.name}.operator")
    try:
        return await _compare(session, settings, parts.name)
    finally:
        session.terminate()


async def refill(
    parts: Parts, settings: Settings, database: Database, *, actor: Actor, reason: str
) -> AsyncIterator[tuple[int, Gap]]:
    """Make the topics, and everything in the outbox that they lack unpublished: how many so far.

    Run again after it was cut off, it begins anew; run again when it is done, it does nothing.
    """
    async with own_log.right_to_publish(database, parts.name) as session:
        await topics.apply(settings, parts.name)
        gap = await _compare(session, settings, parts.name)
        if gap.is_closed:
            yield 0, gap
            return
        if await session.fetchval(f"SELECT EXISTS ({own_log.LOST})"):
            raise LogKnowsMore
        async with session.transaction():
            tx = Transaction(session, database)
            await audit.done(tx, actor=actor, act=BEGUN, subject=parts.name, reason=reason)
            for done in range(0, gap.events, AT_ONCE):
                await session.execute(UNMARK, done, done + AT_ONCE)
                failpoint("rebuild.half")
                yield min(done + AT_ONCE, gap.events), gap
        failpoint("rebuild.unmarked")
        await _empty(settings, parts.name, gap.logs)
        async with session.transaction():
            tx = Transaction(session, database)
            await audit.done(tx, actor=actor, act=DONE, subject=parts.name, reason=reason)
        yield gap.events, gap


async def _compare(session: Any, settings: Settings, service: Service) -> Gap:
    """Tell what is owed, and leave it in the session's table `owed`.

    A log that is trimmed lacks what is old, and owes nothing. A new one that lacks anything is owed
    all, because order matters.
    """
    events, states = own_log.event_topics(service), own_log.state_topics(service)
    is_unfinished = bool(await session.fetchval(IS_UNFINISHED, BEGUN, DONE))
    bounds = await _load(session, settings, [*events, *states])
    new = [topic.name for topic in events if not bounds.is_trimmed(topic.name)]
    is_lacking = await session.fetchval(ABSENT, new) > 0
    owed = [topic.name for topic in events] if is_unfinished else new if is_lacking else []
    await session.execute("DROP TABLE IF EXISTS owed")
    await session.execute(OWED, owed, [topic.name for topic in states])
    return Gap(
        events=await session.fetchval("SELECT count(*) FROM owed"),
        logs=tuple(owed),
        cards=await session.fetchval(SEALED, CONTACTS.name) if service == CONTACTS.owner else 0,
        is_unfinished=is_unfinished,
    )


async def _load(session: Any, settings: Settings, wanted: list[Topic]) -> history.Bounds:
    """What the logs hold; of topics that are not there yet, nothing."""
    absent = await topics.missing(settings, wanted)
    there = [topic for topic in wanted if topic.under(settings.topic_prefix) not in absent]
    return await own_log.load(session, settings, there)


async def _empty(settings: Settings, service: Service, logs: tuple[str, ...]) -> None:
    """Let these logs begin anew, above 0: what they held is about to be sent again."""
    emptied = [topic for topic in own_log.event_topics(service) if topic.name in logs]
    if not emptied:
        return
    async with history.opened(settings) as past:
        ends = (await past.bounds(emptied)).end
    await _take_offset_0(settings, service, [place for place, end in ends.items() if end == 0])
    admin = AIOKafkaAdminClient(**kafka.client_options(settings), request_timeout_ms=30_000)
    await admin.start()
    try:
        await admin.delete_records(
            {
                TopicPartition(f"{settings.topic_prefix}.{topic}", partition): RecordsToDelete(-1)
                for topic, partition in ends
            },
            timeout_ms=30_000,
        )
    finally:
        await admin.close()


async def _take_offset_0(
    settings: Settings, service: Service, places: Iterable[history.Place]
) -> None:
    """Send a record to each of these partitions, and take it back: no reader of ours ever sees it."""
    name = f"{settings.topic_prefix}.{service}.rebuild"
    async with kafka.new_producer(settings, transactional_id=name) as producer:
        await producer.begin_transaction()
        for topic, partition in places:
            full = f"{settings.topic_prefix}.{topic}"
            await producer.send_and_wait(full, partition=partition, **_beginning(service))
        await producer.abort_transaction()


def _beginning(service: Service) -> dict[str, Any]:
    """A record that is no event: who reads what was never committed knows its type for a stranger's."""
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(new_id()),
        "ce_type": f"{TYPE_PREFIX}.{service}{own_log.BEGINNING}",
        "ce_source": f"/services/{service}",
        "ce_time": wire_time(real_now()),
        "ce_partitionkey": "log",
        "ce_sequence": "1",
        "content-type": "application/json",
    }
    wire = [(name, value.encode()) for name, value in headers.items()]
    return {"key": b"log", "value": b"{}", "headers": wire}
