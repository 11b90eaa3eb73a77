"""What there is to see, gathered while the house stands, and kept beside the history."""

import asyncio
import base64
import gzip
import json
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from confluent_kafka import Consumer, TopicPartition

from tests.promises.checker import breaches
from tests.promises.checker.table import COMMANDS, EFFECTS, SERVICES

KEPT = ("parked", "blocked", "waiting")
FILE = "evidence.json.gz"
WITHIN = 30.0
MAILS_AT_ONCE = 500
LOOKS = 20
STANDS_STILL = 1.5  # seconds

OUTBOX = """
    SELECT id, event_id::text, topic, key, sequence, type, headers::text, encode(value, 'base64') AS value,
           published_at IS NOT NULL AS is_published
      FROM {service}.outbox ORDER BY id
"""
SEQUENCES = "SELECT topic, key, last FROM {service}.sequences"
INBOX = "SELECT consumer, event_id::text FROM {service}.inbox"
HELD = """
    SELECT consumer, topic, encode(key, 'escape') AS key, status, headers::text FROM {service}.parked
     UNION ALL
    SELECT consumer, topic, encode(key, 'escape'), 'waiting', headers::text FROM {service}.waiting
"""
COMMANDS_KEPT = "SELECT actor, idempotency_key AS key, status FROM {service}.commands"
DELIVERIES = """
    SELECT delivery_id::text, cause_id::text, letter, person_ref::text, status, doubts,
           status = 'queued' AND next_try_at < clock_timestamp() - interval '1 minute'
               OR status = 'sending' AND leased_until < clock_timestamp() - interval '1 minute'
               AS is_late
      FROM notifications.deliveries
"""
CONTACTS = "SELECT host_id::text FROM proposals.host_contacts WHERE kind = 'contact'"

COUNTED = """
    SELECT (SELECT count(*) + count(published_at) FROM {service}.outbox)
         + (SELECT count(*) FROM {service}.inbox) + (SELECT count(*) FROM {service}.parked)
"""
MAIL_MOVES = """
    SELECT coalesce(sum(fence) + sum(attempts) + count(ended_at), 0)::bigint
      FROM notifications.deliveries
"""

Rows = list[dict[str, Any]]


class NotAtRest(Exception):
    """What is still on its way can be called neither lost nor stuck."""


@dataclass
class Evidence:
    """Everything as it lay there, and nothing concluded from it."""

    outbox: dict[str, Rows] = field(default_factory=dict[str, Rows])
    sequences: dict[str, Rows] = field(default_factory=dict[str, Rows])
    inbox: dict[str, Rows] = field(default_factory=dict[str, Rows])
    held: dict[str, Rows] = field(default_factory=dict[str, Rows])
    commands: dict[str, Rows] = field(default_factory=dict[str, Rows])
    columns: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Every value of a column, by `service.table.column`."""
    deliveries: Rows = field(default_factory=Rows)
    contacts: list[str] = field(default_factory=list[str])
    mails: Rows = field(default_factory=Rows)
    records: Rows = field(default_factory=Rows)
    breaches: list[str] = field(default_factory=list[str])

    def keep(self, folder: Path) -> None:
        """Beside the history."""
        with gzip.open(folder / FILE, "wt") as file:
            json.dump(asdict(self), file)

    @classmethod
    def read(cls, folder: Path) -> "Evidence":
        """Of a finished run."""
        with gzip.open(folder / FILE, "rt") as file:
            return cls(**json.load(file))


async def gather(
    *,
    dsn: str,
    bootstrap: str,
    mails: str | None,
    topic_prefix: str = "micro-internships",
    services: Sequence[str] = SERVICES,
) -> Evidence:
    """Look at everything once, or at these services only. Nothing may be on its way any more."""
    for _ in range(LOOKS):
        before = await _moves(dsn, services)
        found = await _gather(dsn, bootstrap, mails, topic_prefix, services)
        await asyncio.sleep(STANDS_STILL)
        if await _moves(dsn, services) == before:
            return found
    raise NotAtRest("rows went on changing while they were looked at")


async def _moves(dsn: str, services: Sequence[str]) -> list[int]:
    """What changes as long as anything is on its way."""
    connection = await asyncpg.connect(dsn)
    try:
        there = await _schemas(connection, services)
        counted = [COUNTED.format(service=service) for service in sorted(there)]
        counted += [MAIL_MOVES] if "notifications" in there else []
        return [await connection.fetchval(sql) for sql in counted]
    finally:
        await connection.close()


async def _gather(
    dsn: str, bootstrap: str, mails: str | None, topic_prefix: str, services: Sequence[str]
) -> Evidence:
    found = Evidence()
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            there = await _schemas(connection, services)
            for service in there:
                await _look_at(connection, service, found)
            await _look_at_columns(connection, there, found)
            if "notifications" in there:
                found.deliveries = await _rows(connection, DELIVERIES)
            if "proposals" in there:
                found.contacts = [row["host_id"] for row in await _rows(connection, CONTACTS)]
            found.breaches = await breaches.look(connection, there)
    finally:
        await connection.close()
    found.records = list(_records(bootstrap, topic_prefix))
    found.mails = _mails(mails) if mails else []
    return found


async def _schemas(connection: Any, services: Sequence[str]) -> list[str]:
    rows = await connection.fetch(
        "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)", services
    )
    return [row["nspname"] for row in rows]


async def _look_at(connection: Any, service: str, found: Evidence) -> None:
    outbox = await _rows(connection, OUTBOX.format(service=service))
    found.outbox[service] = [_event(row) for row in outbox]
    found.sequences[service] = await _rows(connection, SEQUENCES.format(service=service))
    found.inbox[service] = await _rows(connection, INBOX.format(service=service))
    held = await _rows(connection, HELD.format(service=service))
    found.held[service] = [_held(row) for row in held if row["status"] in KEPT]
    found.commands[service] = await _rows(connection, COMMANDS_KEPT.format(service=service))


async def _look_at_columns(connection: Any, there: list[str], found: Evidence) -> None:
    wanted = {
        (effect.service, effect.table, effect.column)
        for rows in EFFECTS.values()
        for effect in rows
    }
    for leaves in COMMANDS.values():
        tables = [leaves.row] if leaves.row else []
        wanted |= {(service, *row) for row in tables for service in there}
    for service, table, column in sorted(wanted):
        exists = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM information_schema.columns"
            " WHERE table_schema = $1 AND table_name = $2 AND column_name = $3)",
            *(service, table, column),
        )
        if exists:
            sql = (
                f"SELECT {column}::text AS value FROM {service}.{table} WHERE {column} IS NOT NULL"
            )
            rows = await connection.fetch(sql)
            found.columns[f"{service}.{table}.{column}"] = [row["value"] for row in rows]


def _event(row: dict[str, Any]) -> dict[str, Any]:
    """A row of an outbox, with its headers and what it tells read."""
    value = None if row["value"] is None else base64.b64decode(row["value"])
    plain = None if value is None else base64.b64encode(value).decode()
    told: Any = json.loads(value) if value else {}
    name = row["type"].rsplit(".", 2)[-2]
    headers = json.loads(row["headers"])
    return row | {"value": plain, "told": told, "name": name, "headers": headers}


def _held(row: dict[str, Any]) -> dict[str, Any]:
    """A kept record, with the id that it says it has."""
    said = next((value for name, value in json.loads(row.pop("headers")) if name == "ce_id"), None)
    return row | {"event_id": base64.b64decode(said).decode("utf-8", "replace") if said else ""}


async def _rows(connection: Any, sql: str) -> Rows:
    return [dict(row) for row in await connection.fetch(sql)]


def _mails(page: str) -> Rows:
    """All that were caught, so many at a time: a long siege leaves tens of thousands."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    found, after = Rows(), 0
    while True:
        query = f"after={after}&limit={MAILS_AT_ONCE}"
        with opener.open(f"{page}/messages.json?{query}", timeout=WITHIN) as answer:
            caught = json.load(answer)
        if not caught:
            return found
        after = caught[-1]["number"]
        found += [
            {
                "message_id": mail["message_id"],
                "to": mail["to"],
                "letter": next((v for n, v in mail["headers"] if n == "X-Letter"), ""),
            }
            for mail in caught
        ]


def _records(bootstrap: str, prefix: str) -> Iterator[dict[str, Any]]:
    """Every record of every partition, raw, in the order of each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"checker-{uuid4()}",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        topics = consumer.list_topics(timeout=WITHIN).topics
        places = [
            TopicPartition(name, partition, 0)
            for name, topic in topics.items()
            if name.startswith(f"{prefix}.")
            for partition in topic.partitions
        ]
        consumer.assign(places)
        open_ends = len(places)
        while open_ends:
            message = consumer.poll(WITHIN)
            if message is None:
                raise TimeoutError("the broker does not answer")
            if message.error():
                open_ends -= 1
                continue
            value = message.value()
            yield {
                "topic": (message.topic() or "").removeprefix(f"{prefix}."),
                "partition": message.partition(),
                "offset": message.offset(),
                "key": (message.key() or b"").decode("utf-8", "replace"),
                "headers": {
                    name: value.decode("utf-8", "replace") if isinstance(value, bytes) else None
                    for name, value in message.headers() or []
                },
                "value": None if value is None else base64.b64encode(value).decode(),
            }
    finally:
        consumer.close()
