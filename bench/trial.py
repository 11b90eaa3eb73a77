"""A throw-away installation of two services for measuring delivery: database, topics, one event."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis import clock, outbox, topics
from chassis.actor import the_clock
from chassis.clock import real_now
from chassis.database import Database, Transaction, connect
from chassis.migrate import migrate
from chassis.nudge import Nudger
from chassis.parts import Parts, project
from chassis.settings import Environment, Settings
from deploy.demo.patience import until
from deploy.local.postgres import as_login, lay_out
from deploy.local.settings import ROOT
from schemas.envelope import Event, Service, fact
from schemas.topics import PARTITIONS

DATABASE = "bench_delivery"
SERVICES: tuple[Service, ...] = ("proposals", "applications")
KEYS = 500  # cases that events are spread over
CHUNK = 500  # events recorded by one transaction while an outbox is filled
WORDS = "a sentence of the length that facts have on the wire, more or less " * 4
UNPUBLISHED = "SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"
EFFECTS = """
    CREATE TABLE applications.effects (
        id bigint GENERATED ALWAYS AS IDENTITY, case_id text NOT NULL, number integer NOT NULL,
        words text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(),
        taken_in xid8 NOT NULL DEFAULT pg_current_xact_id()
    );
    CREATE TABLE applications.copied (LIKE applications.effects INCLUDING ALL);
    GRANT ALL ON applications.effects, applications.copied TO applications;
"""


class MeasureTaken(Event):
    """Something was measured; told while delivery itself is measured, and at no other time."""

    service: ClassVar[Service] = "proposals"
    key_field: ClassVar[str] = "case_id"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "university": "oxford",
            "occurred_at": "2024-02-09T16:12:00Z",
            "case_id": "case-1",
            "number": 1,
            "words": "anything",
        },
    )

    case_id: str = fact("The case, which events stay in order of")
    number: int = fact("Which of its case's events")
    words: str = fact("As long as facts are")


async def keep_effect(tx: Transaction, event: MeasureTaken) -> None:
    """One row for each time it is applied."""
    await tx.execute(
        "INSERT INTO effects (case_id, number, words) VALUES ($1, $2, $3)",
        event.case_id,
        event.number,
        event.words,
    )


PARTS: dict[str, Parts] = {
    "relay": Parts(
        name="proposals", settings=Settings, paths=(), app=lambda *_: None, reactions={}
    ),
    "worker": Parts(
        name="applications",
        settings=Settings,
        paths=(),
        app=lambda *_: None,
        reactions={MeasureTaken: project(keep_effect)},
        consumer="applications.measures",
    ),
}


@dataclass
class Trial:
    """One installation, until it is thrown away."""

    dsn: str  # the administrator's, of the trial's own database
    bootstrap: str
    prefix: str
    here: Database  # proposals, who tell
    there: Database  # applications, who listen
    told: int = 0

    @property
    def topic(self) -> str:
        """Where the events go."""
        return f"{self.prefix}.proposals.events"

    @property
    def limit_topic(self) -> str:
        """Where the bare producer writes."""
        return f"{self.prefix}.limit"

    def settings(self, service: str) -> Settings:
        """As a service of this installation is told."""
        return Settings(
            environment=Environment.TEST,
            database_url=as_login(self.dsn, service),  # pyright: ignore[reportArgumentType]
            kafka_bootstrap=self.bootstrap,
            topic_prefix=self.prefix,
            cookie_secret="not a secret, but long enough for one",  # pyright: ignore[reportArgumentType]
            signing_public_key="{}",
        )

    def events(self, count: int) -> list[MeasureTaken]:
        """The next so many events, case after case."""
        first, self.told = self.told, self.told + count
        at = real_now()
        return [
            MeasureTaken(
                university="oxford",
                occurred_at=at,
                case_id=f"case-{n % KEYS}",
                number=n // KEYS + 1,
                words=WORDS,
            )
            for n in range(first, first + count)
        ]

    async def record(self, events: Iterable[MeasureTaken]) -> None:
        """Write them to the outbox in one transaction, as a command does."""
        async with self.here.transaction() as tx:
            await outbox.record(tx, events, actor=the_clock("oxford"))

    async def fill(self, count: int) -> None:
        """Leave so many events in the outbox."""
        events = self.events(count)
        for start in range(0, count, CHUNK):
            await self.record(events[start : start + CHUNK])

    async def drained(self) -> None:
        """Wait until everything is published."""

        async def is_empty() -> bool:
            return not await self.here.value(UNPUBLISHED)

        await until(is_empty, what="an empty outbox", within=300, pause=0.2)

    @asynccontextmanager
    async def running(self, role: str) -> AsyncIterator[None]:
        """A relay or a worker in a process of its own; stopped in good order."""
        told = {
            "ENVIRONMENT": "test",
            "DATABASE_URL": as_login(self.dsn, PARTS[role].name),
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "TOPIC_PREFIX": self.prefix,
            "COOKIE_SECRET": "not a secret, but long enough for one",
            "SIGNING_PUBLIC_KEY": json.dumps({}),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.role", role, cwd=ROOT, env={**os.environ, **told},
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield
            if process.returncode is not None:
                raise RuntimeError(f"the {role} ended with {process.returncode}")
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await process.wait()

    async def out_of_order(self) -> dict[str, int]:
        """What a plain reader finds in the topic: first occurrences that are not next of their case."""
        reader = AIOKafkaConsumer(
            self.topic, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest"
        )
        last: dict[bytes | None, int] = {}
        seen = set[bytes]()
        violations = repeated = 0
        await reader.start()
        try:
            while len(seen) < self.told:
                batches = await reader.getmany(timeout_ms=5_000)
                if not batches:
                    break
                for record in (record for batch in batches.values() for record in batch):
                    headers = dict(record.headers)
                    if headers["ce_id"] in seen:
                        repeated += 1
                        continue
                    seen.add(headers["ce_id"])
                    sequence = int(headers["ce_sequence"])
                    violations += sequence != last.get(record.key, 0) + 1
                    last[record.key] = sequence
        finally:
            await reader.stop()
        return {
            "recorded": self.told,
            "lost": self.told - len(seen),
            "repeated": repeated,
            "out of order": violations,
        }


@asynccontextmanager
async def installed(admin: str, bootstrap: str) -> AsyncIterator[Trial]:
    """A database and topics of its own; dropped at the end."""
    dsn = urlunsplit(urlsplit(admin)._replace(path=f"/{DATABASE}"))
    await _command(admin, f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await _command(admin, f"CREATE DATABASE {DATABASE}")
    await lay_out(dsn)
    for service in SERVICES:
        await asyncio.to_thread(migrate, service, as_login(dsn, f"{service}_owner"))
    await _command(dsn, EFFECTS)
    here, there = await _open(dsn, "proposals"), await _open(dsn, "applications")
    trial = Trial(dsn, bootstrap, f"bench-{uuid4().hex[:8]}", here, there)
    limit = NewTopic(trial.limit_topic, PARTITIONS, 1)
    nudger = Nudger(here.dsn, "proposals")
    here.on_record(nudger.nudge)  # as every process that records does
    nudger.start()
    try:
        for service in SERVICES:
            await topics.apply(trial.settings(service), service)
        await _admin(bootstrap, lambda admin: admin.create_topics([limit]))
        yield trial
    finally:
        await nudger.close()
        await here.close()
        await there.close()
        await _command(admin, f"DROP DATABASE {DATABASE} WITH (FORCE)")
        owned = [topic for service in SERVICES for topic in topics.owned_by(service)]
        names = [topic.under(trial.prefix) for topic in owned]
        await _admin(bootstrap, lambda admin: admin.delete_topics([*names, trial.limit_topic]))


async def _open(dsn: str, service: str) -> Database:
    return await Database.open(
        as_login(dsn, service), service=service, now_sql=clock.sql(production=False), role="bench"
    )


async def _command(dsn: str, sql: str) -> None:
    connection = await connect(dsn, application="bench")
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def _admin(bootstrap: str, act: Any) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        await act(client)
    finally:
        await client.close()
