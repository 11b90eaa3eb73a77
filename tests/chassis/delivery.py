"""A small trial of two services on a real broker: events, a copy table, and how to wait for things."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from chassis import outbox, relay, topics, worker
from chassis.actor import the_clock
from chassis.clock import real_now
from chassis.database import Database
from chassis.intake import Consumer
from chassis.parts import Parts, Reactions
from chassis.settings import Settings
from schemas.envelope import LARGEST_VALUE, Event, Service, fact, pseudonym
from schemas.topics import PARTITIONS

CLOCK = the_clock("oxford")
SERVICES: tuple[Service, ...] = ("proposals", "applications")
T = TypeVar("T")


class TrialBegun(Event):
    """A trial began; the tests' own."""

    service: ClassVar[Service] = "proposals"
    key_field: ClassVar[str] = "trial_id"

    trial_id: str = fact("The case")
    number: int = fact("Which of its events", default=0)
    words: str = fact("Anything", default="")


class TrialJudged(Event):
    """A trial was judged; it means nothing before its beginning is known."""

    service: ClassVar[Service] = "applications"
    key_field: ClassVar[str] = "trial_id"

    trial_id: str = fact("The case")


class TrialOfPerson(Event):
    """A trial of somebody."""

    service: ClassVar[Service] = "proposals"
    key_field: ClassVar[str] = "trial_id"

    trial_id: str = fact("The case")
    person_ref: UUID = pseudonym("Whose")


class TrialForgotten(Event):
    """Nobody listens to this one."""

    service: ClassVar[Service] = "proposals"
    key_field: ClassVar[str] = "trial_id"

    trial_id: str = fact("The case")


def begun(trial_id: str, number: int = 0, words: str = "") -> TrialBegun:
    return TrialBegun(
        university="oxford", occurred_at=real_now(), trial_id=trial_id, number=number, words=words
    )


def judged(trial_id: str) -> TrialJudged:
    return TrialJudged(university="oxford", occurred_at=real_now(), trial_id=trial_id)


def forgotten(trial_id: str) -> TrialForgotten:
    return TrialForgotten(university="oxford", occurred_at=real_now(), trial_id=trial_id)


async def effect(tx: Any, event: TrialBegun) -> None:
    """Write one row a delivery: what was applied twice shows twice."""
    await tx.execute(
        "INSERT INTO trial_effects (trial_id, number) VALUES ($1, $2)", event.trial_id, event.number
    )


async def record(database: Database, *events: Event) -> None:
    async with database.transaction() as tx:
        await outbox.record(tx, events, actor=CLOCK)


async def effects(database: Database) -> list[tuple[str, int]]:
    rows = await database.list_rows("SELECT trial_id, number FROM trial_effects ORDER BY id")
    return [(row["trial_id"], row["number"]) for row in rows]


async def until(
    look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool], *, within: float = 15
) -> T:
    """Look again and again until it is so; says what was seen last when it never was."""
    ends = time.monotonic() + within
    while True:
        seen = await look()
        if is_so(seen):
            return seen
        assert time.monotonic() < ends, f"after {within} s still {seen!r}"
        await asyncio.sleep(0.05)


@dataclass
class Trial:
    """One test's installation: a prefix of its own on the broker, its own database."""

    bootstrap: str
    prefix: str
    databases: dict[str, Database] = field(default_factory=dict[str, Database])

    def settings(self, service: str, *, bootstrap: str | None = None) -> Settings:
        return Settings(
            environment="test",
            database_url=self.databases[service].dsn,
            kafka_bootstrap=bootstrap or self.bootstrap,
            topic_prefix=self.prefix,
            cookie_secret="not a secret, but long enough for one",
            signing_public_key="{}",
            _env_file=None,
        )

    def parts(self, service: Service, reactions: Reactions | None = None, **more: Any) -> Parts:
        return Parts(
            name=service,
            settings=Settings,
            paths=(),
            app=lambda *_: None,
            reactions=reactions or {},
            consumer=f"{service}.trials",
            **more,
        )

    @asynccontextmanager
    async def relay(
        self, service: Service = "proposals", *, bootstrap: str | None = None, **more: Any
    ) -> AsyncGenerator[None, None]:
        settings = self.settings(service, bootstrap=bootstrap)
        async with running(
            relay.run, self.parts(service, **more), settings, self.databases[service]
        ):
            yield

    @asynccontextmanager
    async def worker(
        self,
        reactions: Reactions,
        service: Service = "applications",
        *,
        bootstrap: str | None = None,
        **more: Any,
    ) -> AsyncGenerator[None, None]:
        settings = self.settings(service, bootstrap=bootstrap)
        parts = self.parts(service, reactions, **more)
        async with running(worker.run, parts, settings, self.databases[service]):
            yield

    def consumer(self, reactions: Reactions, service: str = "applications") -> Consumer:
        return Consumer(f"{service}.trials", reactions)

    async def log(self, service: str = "proposals", *, count: int, within: float = 15) -> list[Any]:
        """What a reader that is not ours finds in a service's topic, when it has so many records."""
        reader = AIOKafkaConsumer(
            f"{self.prefix}.{service}.events",
            bootstrap_servers=self.bootstrap,
            auto_offset_reset="earliest",
            group_id=None,
        )
        await reader.start()
        found: list[Any] = []
        ends = time.monotonic() + within
        try:
            while len(found) < count:
                assert time.monotonic() < ends, f"after {within} s only {len(found)} records"
                for records in (await reader.getmany(timeout_ms=200)).values():
                    found += records
        finally:
            await reader.stop()
        return found

    async def trim(self, *, before: int) -> None:
        """Have the broker forget what lies before an offset, as retention does."""
        async with topics._admin(self.settings("proposals")) as admin:
            name = f"{self.prefix}.proposals.events"
            reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=None)
            await reader.start()
            places = [TopicPartition(name, partition) for partition in range(PARTITIONS)]
            ends = await reader.end_offsets(places)
            await reader.stop()
            await admin.delete_records(
                {place: RecordsToDelete(before) for place, end in ends.items() if end > before}
            )

    async def send(
        self,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Mapping[str, bytes | None],
        service: str = "proposals",
        partition: int | None = None,
    ) -> None:
        """Put any record on a topic, as a careless or hostile producer would."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, max_request_size=4 * LARGEST_VALUE
        )
        await producer.start()
        try:
            await producer.send_and_wait(
                f"{self.prefix}.{service}.events",
                key=key,
                value=value,
                headers=[*headers.items()],
                partition=partition,
            )
        finally:
            await producer.stop()


def wire(event: Event, *, sequence: int) -> dict[str, Any]:
    """An event as the relay would send it, to be spoilt by a test."""
    event_id, _, key, _, headers, value = outbox._row(event)
    assert headers["ce_id"] == str(event_id)
    encoded = {name: text.encode() for name, text in headers.items()}
    encoded["ce_sequence"] = str(sequence).encode()
    return {"key": key.encode(), "value": value, "headers": encoded}


@asynccontextmanager
async def running(
    role: Callable[..., Awaitable[None]], parts: Parts, settings: Settings, database: Database
) -> AsyncGenerator[None, None]:
    """A role of a service, in this process, stopped in good order."""
    stop = asyncio.Event()
    task = asyncio.ensure_future(role(parts, settings, database, stop))
    try:
        yield
        assert not task.done(), task
    finally:
        stop.set()
        await asyncio.wait_for(task, 40)


async def make_trial(bootstrap: str, database_of: Any) -> Trial:
    trial = Trial(bootstrap, f"trial-{uuid4().hex[:12]}")
    for service in SERVICES:
        trial.databases[service] = await database_of(service)
    for service in SERVICES:
        await topics.apply(trial.settings(service), service)
    return trial


async def remove_topics(trial: Trial) -> None:
    """Leave the broker as it was; not by its list, which tells of new topics a little late."""
    made = [topic for owner in SERVICES for topic in topics.owned_by(owner)]
    async with topics._admin(trial.settings("proposals")) as admin:
        await admin.delete_topics([topic.under(trial.prefix) for topic in made])
