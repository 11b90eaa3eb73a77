"""The peers, each used as its own documentation recommends for many events in order.

What is theirs runs in processes and environments of its own; see `bench/peers/`.
"""

import json
import shutil
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from bench.delivery import servers
from bench.delivery.lanes import Lane, Outboxed, Told
from bench.delivery.trial import Trial, command
from bench.peers import environment
from chassis.database import connect

SLOT = "bench_debezium"


class Peer(Outboxed):
    """One with a table of its own, in the same database."""

    table: str
    insert: str  # one statement for many rows; how a row comes to stand there
    pending: str
    command: Sequence[str]

    @abstractmethod
    def columns(self, told: Sequence[Told]) -> Sequence[Sequence[Any]]:
        """What `insert` takes: the rows, column by column."""

    async def lay_out(self) -> None:
        await super().lay_out()
        await command(self.trial.dsn, self.table)
        self._connection: Any = await connect(self.trial.dsn, application=f"bench.{self.name}")

    async def fill(self, count: int) -> None:
        await self.keep([Told.of(event) for event in self.maker.events(count)])

    async def keep(self, told: Sequence[Told]) -> None:
        """Write these to its outbox in one transaction; returns when that is committed."""
        async with self._connection.transaction():
            await self.write(self._connection, told)

    async def write(self, connection: Any, told: Sequence[Told]) -> None:
        """Inside the transaction of whoever records; the peer's own bell is rung here."""
        await connection.execute(self.insert, *self.columns(told))

    async def empty(self) -> bool:
        return not await self._connection.fetchval(self.pending)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[servers.Running]:
        told = {
            "PEER_DSN": self.trial.dsn,
            "PEER_BOOTSTRAP": self.trial.bootstrap,
            "PEER_TOPIC": self.topic,
        }
        async with servers.process(self.command, told, name=self.name) as running:
            yield running


class TxOutbox(Peer):
    """txoutbox: leases, ordered groups of keys, a trigger that notifies."""

    # As `PostgresStorage(schema="peers", table="txoutbox", notify_channel=…).schema_sql()` has it;
    # the script prints it, so that it is theirs.
    insert = """
        INSERT INTO peers.txoutbox (topic, key, payload, headers)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::jsonb[])
    """
    pending = "SELECT EXISTS (SELECT FROM peers.txoutbox WHERE status = 'pending')"

    def __init__(self, trial: Trial) -> None:
        super().__init__(
            trial, "txoutbox", "txoutbox",
            options="strict_ordering (its default), notify_channel with listen(relay.wake), "
            "batch_size=1000, concurrency=500, aiokafka's producer idempotent with acks=all",
            version=environment.version("txoutbox"),
        )  # fmt: skip
        self.command = environment.script("txoutbox_relay")
        self.table = environment.output("txoutbox_relay", "schema")

    def columns(self, told: Sequence[Told]) -> Sequence[Sequence[Any]]:
        return (
            [self.topic] * len(told),
            [one.key for one in told],
            [one.value for one in told],
            [one.headers for one in told],
        )


class FastStreamOutbox(Peer):
    """faststream-outbox: rows leased by a subscriber, whose answer a Kafka publisher sends."""

    insert = """
        INSERT INTO faststream_outbox (queue, payload, headers)
        SELECT 'measures', * FROM unnest($1::bytea[], $2::jsonb[])
    """
    pending = "SELECT EXISTS (SELECT FROM faststream_outbox)"

    def __init__(self, trial: Trial) -> None:
        super().__init__(
            trial, "faststream-outbox", "faststream-outbox",
            options="relay by a stacked Kafka publisher, one worker (more would reorder a key), "
            "fetch_batch_size=100, terminal_flush_batch_size=100, min_fetch_interval=0.05, "
            "its NOTIFY, propagate by hand of headers and key, producer idempotent with acks=all",
            version=environment.version("faststream-outbox"),
        )  # fmt: skip
        self.command = environment.script("faststream_outbox_relay")
        self.table = environment.output("faststream_outbox_relay", "schema")

    def columns(self, told: Sequence[Told]) -> Sequence[Sequence[Any]]:
        return [one.value for one in told], [one.headers for one in told]

    async def write(self, connection: Any, told: Sequence[Told]) -> None:
        await super().write(connection, told)
        # As its `publish` does, once a transaction and queue.
        await connection.execute("SELECT pg_notify('outbox_faststream_outbox', 'measures')")


class Debezium(Peer):
    """Debezium's engine with its EventRouter: it reads the log, and marks nothing."""

    HEADERS = (
        "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time",
        "ce_partitionkey", "ce_university", "ce_correlationid", "ce_dataclassification",
        "content-type", "ce_causationid", "traceparent", "ce_dataschema", "ce_sequence",
    )  # fmt: skip
    pending = "SELECT false"  # what is sent stands in its own offsets, not in the table

    def __init__(self, trial: Trial) -> None:
        super().__init__(
            trial, "debezium", "Debezium engine with EventRouter",
            options="pgoutput, one column a header, payload as bytes, poll.interval.ms=5 and offset.flush.interval.ms=0, a "
            "ChangeConsumer that waits for a batch's acknowledgements as Debezium Server's does, "
            "producer idempotent with acks=all and linger.ms=0, heap 512 MB",
            version=environment.debezium_version(),
        )  # fmt: skip
        self.table = _debezium_table(self.HEADERS)
        names = ", ".join(_column(name) for name in self.HEADERS)
        places = ", ".join(f"${n}::text[]" for n in range(4, 4 + len(self.HEADERS)))
        self.insert = f"""
            INSERT INTO peers.debezium (id, aggregatetype, aggregateid, payload, {names})
            SELECT id, 'measures', aggregateid, payload, {names}
              FROM unnest($1::uuid[], $2::text[], $3::bytea[], {places})
                AS given (id, aggregateid, payload, {names})
        """
        self.command = environment.debezium(servers.FOLDER / "debezium-offsets", self.HEADERS)

    def columns(self, told: Sequence[Told]) -> Sequence[Sequence[Any]]:
        return (
            [one.headers["ce_id"] for one in told],
            [one.key for one in told],
            [one.value for one in told],
            *([one.headers[name] for one in told] for name in self.HEADERS),
        )

    async def lay_out(self) -> None:
        await super().lay_out()
        await self.begin_again()

    async def begin_again(self) -> None:
        """As on the first day: no offsets, no slot, an empty table."""
        shutil.rmtree(servers.FOLDER / "debezium-offsets", ignore_errors=True)
        await self._connection.execute("TRUNCATE peers.debezium")
        await self._connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
            "WHERE slot_name = $1",
            SLOT,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[servers.Running]:
        where = urlsplit(self.trial.dsn)
        told = {
            "PEER_HOST": where.hostname or "",
            "PEER_PORT": str(where.port),
            "PEER_DATABASE": where.path.strip("/"),
            "PEER_SLOT": SLOT,
            "PEER_BOOTSTRAP": self.trial.bootstrap,
            "PEER_TOPIC": self.topic,
        }
        async with servers.process(self.command, told, name=self.name) as running:
            yield running


def _column(name: str) -> str:
    return name.replace("-", "_")


def _debezium_table(headers: Sequence[str]) -> str:
    columns = ", ".join(f"{_column(name)} text NOT NULL" for name in headers)
    return f"""
        CREATE TABLE peers.debezium (
            id uuid NOT NULL PRIMARY KEY, aggregatetype varchar(255) NOT NULL,
            aggregateid varchar(255) NOT NULL, payload bytea, {columns}
        )
    """


def all_of(trial: Trial) -> tuple[list[Peer], dict[str, str]]:
    """Those that can be had here, and why the others cannot."""
    there: list[Peer] = []
    absent: dict[str, str] = {}
    for kind in (TxOutbox, FastStreamOutbox, Debezium):
        try:
            there.append(kind(trial))
        except environment.NotToBeHad as why:
            absent[kind.__name__] = str(why)
    return there, absent


def told_of(lane: Lane) -> dict[str, str]:
    """What a reader must know to judge it."""
    return json.loads(json.dumps({"version": lane.version, "options": lane.options}))
