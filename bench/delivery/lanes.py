"""Who takes part: each brings an outbox of its own, and what moves it to a topic of its own.

All lanes send the same events, with the same keys and headers, to the same broker from the same
Postgres; all producers are idempotent and wait for every replica.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.delivery import servers
from bench.delivery.reader import Reader
from bench.delivery.trial import Maker, MeasureTaken, Trial
from chassis import kafka, outbox

IN_FLIGHT = 5_000  # of the bare producer


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it stands on the wire."""

    key: str
    headers: dict[str, str]
    value: bytes

    @classmethod
    def of(cls, event: MeasureTaken) -> "Told":
        """As our own outbox would write it; every lane sends the same."""
        _, _, key, _, headers, value = outbox._row(event)
        return cls(key, {**headers, "ce_sequence": str(event.number)}, value or b"")


@dataclass
class Lane:
    """One contestant."""

    trial: Trial
    name: str
    says: str  # what the table calls it
    options: str = ""  # how it was set up, and why it is fair
    version: str = ""
    topic: str = ""
    maker: Maker = field(default_factory=Maker)
    is_limit: bool = False

    async def lay_out(self) -> None:
        """Tables and topic."""
        self.topic = await self.trial.make_topic(self.name)

    def reader(self) -> Reader:
        """Reads its topic."""
        headers = Told.of(Maker().events(1)[0]).headers
        return Reader(self.trial.bootstrap, self.topic, headers)


class Outboxed(Lane, ABC):
    """One with an outbox in Postgres, and a relay."""

    @abstractmethod
    async def fill(self, count: int) -> None:
        """Leave so many events in its outbox, all committed at once."""

    @abstractmethod
    def running(self) -> AbstractAsyncContextManager[servers.Running]:
        """Its relay, in a process of its own."""

    @abstractmethod
    async def empty(self) -> bool:
        """Whether its outbox knows of nothing that is still to be sent."""


class Ours(Outboxed):
    """The chassis's own outbox and relay, as every service runs them."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(
            trial, "ours", "this platform's relay",
            options="the relay role as every service runs it; each process that records nudges it",
            maker=trial.maker,
        )  # fmt: skip
        self.topic = trial.topic

    async def lay_out(self) -> None:
        """The trial has done it."""

    async def fill(self, count: int) -> None:
        await self.trial.fill(count)

    async def record(self, event: MeasureTaken) -> None:
        """One event in a transaction of its own."""
        await self.trial.record([event])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[servers.Running]:
        async with self.trial.running("relay") as running:
            yield running

    async def empty(self) -> bool:
        return not await self.trial.here.value(
            "SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"
        )


class Bare(Lane):
    """No outbox at all: what is in memory, sent as fast as one producer can."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(
            trial, "bare", "bare pipelined idempotent producer, no outbox",
            options=f"the relay's own producer settings, single sends, {IN_FLIGHT} in flight",
            is_limit=True,
        )  # fmt: skip

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[Any]:
        """Connected, and acquainted with the topic."""
        producer = kafka.new_producer(self.trial.settings("proposals"))
        await producer.start()
        try:
            await producer.partitions_for(self.topic)
            yield producer
        finally:
            await producer.stop()

    async def send(self, count: int) -> tuple[float, float]:
        """So many: seconds from the first send to the last answer, and of processor time.

        The events are encoded before, as those of an outbox are.
        """
        told = [self.record_of(one) for one in map(Told.of, self.maker.events(count))]
        async with self.producer() as producer:
            began, used = time.perf_counter(), time.process_time()
            waiting: list[Any] = []
            for record in told:
                waiting.append(await producer.send(self.topic, **record))
                if len(waiting) == IN_FLIGHT:
                    await asyncio.gather(*waiting)
                    waiting.clear()
            await asyncio.gather(*waiting)
            return time.perf_counter() - began, time.process_time() - used

    @staticmethod
    def record_of(told: Told) -> dict[str, Any]:
        """As the producer takes it."""
        headers = [(name, text.encode()) for name, text in told.headers.items()]
        return {"key": told.key.encode(), "value": told.value, "headers": headers}
