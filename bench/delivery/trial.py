"""A throw-away installation of two services for measuring delivery: database, topics, its events."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from bench.delivery import servers
from chassis import clock, logs, outbox, topics
from chassis.actor import the_clock
from chassis.clock import Clock, real_now
from chassis.database import Database, Transaction, connect
from chassis.migrate import migrate
from chassis.nudge import Nudger
from chassis.parts import Parts, copying, project, react
from chassis.settings import Environment, Settings
from deploy.demo.patience import until
from deploy.local.postgres import as_login, lay_out
from schemas.envelope import Event, Service, fact
from schemas.topics import PARTITIONS

DATABASE = "bench_delivery"
SERVICES: tuple[Service, ...] = ("proposals", "applications")
KEYS = 500  # cases that events are spread over
CHUNK = 500  # events recorded by one transaction while an outbox is filled
CLOSE_WITHIN = 30.0
BYTES = 600  # of an event's value
APPENDED = {"message.timestamp.type": "LogAppendTime"}
"""Of each topic: the broker says when it took a record, whoever has sent it."""

UNPUBLISHED = "SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"
TABLES = """
    CREATE TABLE proposals.acts (
        case_id text NOT NULL, number integer NOT NULL, PRIMARY KEY (case_id, number)
    );
    CREATE TABLE proposals.writers (
        writer integer PRIMARY KEY, acts bigint NOT NULL
    );
    INSERT INTO proposals.writers SELECT generate_series(0, 999), 0;
    GRANT ALL ON proposals.acts, proposals.writers TO proposals;

    CREATE TABLE applications.effects (
        id bigint GENERATED ALWAYS AS IDENTITY, case_id text NOT NULL, number integer NOT NULL,
        words text NOT NULL
    );
    CREATE TABLE applications.copied (LIKE applications.effects INCLUDING ALL);
    CREATE TABLE applications.obeyed (
        id bigint GENERATED ALWAYS AS IDENTITY, case_id text NOT NULL, number integer NOT NULL
    );
    CREATE TABLE applications.cases (case_id text PRIMARY KEY, number integer NOT NULL);
    INSERT INTO applications.cases SELECT 'case-' || n, 0 FROM generate_series(0, {keys} - 1) AS n;
    GRANT ALL ON ALL TABLES IN SCHEMA applications TO applications;
    CREATE SCHEMA peers;
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


class MeasureAnswered(Event):
    """What a command of the other service says when it has obeyed."""

    service: ClassVar[Service] = "applications"
    key_field: ClassVar[str] = "case_id"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "university": "oxford",
            "occurred_at": "2024-02-09T16:12:00Z",
            "case_id": "case-1",
            "number": 1,
        },
    )

    case_id: str = fact("The case, which events stay in order of")
    number: int = fact("Which of its case's events was answered")


@copying("INSERT INTO effects (case_id, number, words) VALUES ($1, $2, $3)")
def keep_effect(event: MeasureTaken) -> list[tuple[str, int, str]]:
    """A copy of a fact: one row for each time it is applied."""
    return [(event.case_id, event.number, event.words)]


async def obey(tx: Transaction, event: MeasureTaken, *, now: Clock) -> None:
    """An ordinary command: lock its case, read the clock, save, record what was decided."""
    await tx.get_row("SELECT number FROM cases WHERE case_id = $1 FOR UPDATE", event.case_id)
    at = await now(tx)
    await tx.execute(
        """
        WITH saved AS (UPDATE cases SET number = $2 WHERE case_id = $1)
        INSERT INTO obeyed (case_id, number) VALUES ($1, $2)
        """,
        event.case_id,
        event.number,
    )
    answer = MeasureAnswered(
        university=event.university, occurred_at=at, case_id=event.case_id, number=event.number
    )
    await outbox.record(tx, [answer], actor=the_clock(event.university))


def _parts(name: Service, consumer: str = "", reaction: Any = None) -> Parts:
    return Parts(
        name=name,
        settings=Settings,
        paths=(),
        app=lambda *_: None,
        reactions={MeasureTaken: reaction} if reaction else {},
        consumer=consumer,
    )


PARTS: dict[str, Parts] = {
    "relay": _parts("proposals"),
    "copies": _parts("applications", "applications.copies", project(keep_effect)),
    "commands": _parts("applications", "applications.commands", react(obey)),
}


@dataclass
class Maker:
    """Makes one lane's events: case after case, numbered from 1 in each."""

    made: int = 0

    def events(self, count: int) -> list[MeasureTaken]:
        """The next so many."""
        first, self.made = self.made, self.made + count
        at = real_now()
        return [_event(f"case-{n % KEYS}", n // KEYS + 1, at) for n in range(first, first + count)]


def _event(case_id: str, number: int, at: Any) -> MeasureTaken:
    facts = {"university": "oxford", "occurred_at": at, "case_id": case_id, "number": number}
    return MeasureTaken(**facts, words=words_of(case_id, number))


def words_of(case_id: str, number: int) -> str:
    """So many that the event is `BYTES` long on the wire."""
    return ("as long as facts are on the wire " * 20)[
        : BYTES - 101 - len(case_id) - len(str(number))
    ]


@dataclass
class Trial:
    """One installation, until it is thrown away."""

    dsn: str  # the administrator's, of the trial's own database
    bootstrap: str
    prefix: str
    here: Database  # proposals, who tell
    there: Database  # applications, who listen
    maker: Maker = field(default_factory=Maker)

    @property
    def topic(self) -> str:
        """Where the events go."""
        return f"{self.prefix}.proposals.events"

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

    async def record(self, events: Iterable[MeasureTaken]) -> None:
        """Write them to the outbox in one transaction, as a command does."""
        async with self.here.transaction() as tx:
            await outbox.record(tx, events, actor=the_clock("oxford"))

    async def fill(self, count: int) -> None:
        """Leave so many events in the outbox."""
        events = self.maker.events(count)
        for start in range(0, count, CHUNK):
            await self.record(events[start : start + CHUNK])

    async def drained(self) -> None:
        """Wait until everything is published."""

        async def is_empty() -> bool:
            return not await self.here.value(UNPUBLISHED)

        await until(is_empty, what="an empty outbox", within=300, pause=0.2)

    def running(self, role: str) -> AbstractAsyncContextManager[servers.Running]:
        """One of `PARTS`, or `nudge`, in a process of its own; stopped in good order."""
        return servers.process(
            [sys.executable, "-m", "bench.delivery.role", role],
            self.environment("proposals" if role == "nudge" else PARTS[role].name),
            name=f"ours-{role}",
        )

    def environment(self, service: str) -> dict[str, str]:
        """What a process of this service is told."""
        return {
            "ENVIRONMENT": "test",
            "DATABASE_URL": as_login(self.dsn, service),
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "TOPIC_PREFIX": self.prefix,
            "COOKIE_SECRET": "not a secret, but long enough for one",
            "SIGNING_PUBLIC_KEY": json.dumps({}),
        }

    async def make_topic(self, name: str) -> str:
        """One more topic, like the events' own; its whole name."""
        topic = NewTopic(f"{self.prefix}.{name}", PARTITIONS, 1, topic_configs=APPENDED)
        await administer(self.bootstrap, lambda admin: admin.create_topics([topic]))
        return topic.name


@asynccontextmanager
async def installed(admin: str, bootstrap: str) -> AsyncIterator[Trial]:
    """A database and topics of its own, on servers that are thrown away afterwards."""
    dsn = urlunsplit(urlsplit(admin)._replace(path=f"/{DATABASE}"))
    await command(admin, f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await command(admin, f"CREATE DATABASE {DATABASE}")
    await lay_out(dsn)
    for service in SERVICES:
        await asyncio.to_thread(migrate, service, as_login(dsn, f"{service}_owner"))
    await command(dsn, TABLES.format(keys=KEYS))
    here, there = await _open(dsn, "proposals"), await _open(dsn, "applications")
    trial = Trial(dsn, bootstrap, f"bench-{uuid4().hex[:8]}", here, there)
    nudger = Nudger(here.dsn, "proposals")
    here.on_record(nudger.nudge)  # as every process that records does
    nudger.start()
    # As behind a front door that traces: the headers are those of a real event, all of them.
    logs.causation_id.set(str(uuid4()))
    logs.trace_parent.set(f"00-{uuid4().hex}-{uuid4().hex[:16]}-01")
    try:
        for service in SERVICES:
            await topics.apply(trial.settings(service), service)
        told = ConfigResource(ConfigResourceType.TOPIC, trial.topic, configs=APPENDED)
        await administer(bootstrap, lambda client: client.alter_configs([told]))
        yield trial
    finally:
        async with asyncio.timeout(CLOSE_WITHIN):
            await nudger.close()
            await here.close()
            await there.close()


async def _open(dsn: str, service: str) -> Database:
    return await Database.open(
        as_login(dsn, service), service=service, now_sql=clock.sql(production=True), role="bench"
    )


async def command(dsn: str, sql: str) -> None:
    """One statement, or several, on a connection of its own."""
    connection = await connect(dsn, application="bench")
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def administer(bootstrap: str, act: Any) -> Any:
    """Something only an administrator of the broker does."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        return await act(client)
    finally:
        await client.close()
