"""From rows to the broker: one batch a partition at a time, and an honest account of what arrived.

A partition never has two batches on their way. Where the first is lost and the second is not, a
broker that has not heard of this producer yet takes the second as its beginning, and readers see the
later events first.

After any error an idempotent producer has a hole in its numbers, and its sends may wait for ever: so
every send has a deadline, and after a failure only a new producer goes on.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka.errors import (  # pyright: ignore[reportMissingTypeStubs]
    InvalidTopicError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)

from chassis import kafka, topics
from chassis.database import Row
from chassis.failpoints import failpoint
from chassis.settings import Settings
from schemas.envelope import Service

log = structlog.get_logger()

SEND_DEADLINE = 30.0
STOP_DEADLINE = 5.0
REFUSALS = (
    InvalidTopicError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
"""What the broker says to this very batch, and will say again."""

Place = tuple[str, int]


@dataclass(slots=True)
class Batch:
    """What goes to one partition together, in id order."""

    place: Place
    builder: Any
    rows: list[Row] = field(default_factory=list[Row])
    is_full: bool = False
    answer: "asyncio.Future[Any] | None" = None

    def add(self, row: Row, key: bytes) -> None:
        """Take a row, or be full: then it and what follows it wait for the next round."""
        headers = [(name, value.encode()) for name, value in row["headers"].items()]
        added = self.builder.append(timestamp=None, key=key, value=row["value"], headers=headers)
        if added is None:
            self.is_full = True
        else:
            self.rows.append(row)

    @property
    def has_arrived(self) -> bool:
        """Whether the broker has all of it."""
        answer = self.answer
        return bool(answer and answer.done() and not answer.cancelled() and not answer.exception())

    @property
    def refusal(self) -> str | None:
        """What the broker has against this very batch, if that is why it failed."""
        if not self.answer or not self.answer.done() or self.answer.cancelled():
            return None
        said = self.answer.exception()
        return type(said).__name__ if isinstance(said, REFUSALS) else None


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a round."""

    arrived: list[int]
    """Ids of the rows the broker has; each partition's from its first on, without a hole."""
    refused: list[tuple[Row, str]]
    """Rows the broker will not have, each refused alone, and what it said."""
    failure: BaseException | None


class Courier:
    """Holds the producer, and throws it away at its first error."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service: Service = service
        self._settings = settings
        self._producer: Any = None
        self._partitions: dict[str, int] = {}
        self._alone: dict[Place, int] = {}  # up to which id a partition's rows go one by one

    async def meet_the_broker(self) -> None:
        """Look for our topics at once, so that a misspelt prefix is told before the first event."""
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                await self._ready()
        except topics.TopicsAreMissing:
            raise
        except Exception as error:
            log.warning("relay.broker_away", error=type(error).__name__)
            await self.drop()

    async def send(self, rows: Sequence[Row]) -> Sent:
        """Send what fits into a batch for each partition. Raises `TopicsAreMissing`, nothing else."""
        batches: dict[Place, Batch] = {}
        failure: BaseException | None = None
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                await self._fill(rows, batches)
                await self._hand_over(batches)
                failpoint("relay.sent")
                await _all_answered([one.answer for one in batches.values() if one.answer])
        except topics.TopicsAreMissing:
            raise
        except Exception as error:
            failure = error
        arrived = [one for one in batches.values() if one.has_arrived]
        ids = [row["id"] for one in arrived for row in one.rows]
        return Sent(ids, self._refused([*batches.values()]), failure)

    async def drop(self) -> None:
        """Throw the producer away: what it had in hand is still unmarked."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), STOP_DEADLINE)
        except Exception:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(producer.client.close(), STOP_DEADLINE)

    async def _ready(self) -> Any:
        if self._producer is None:
            producer = kafka.new_producer(self._settings)
            self._producer = producer
            self._partitions = {}
            await producer.start()
            missing = await topics.missing(self._settings, topics.owned_by(self._service))
            if missing:
                raise topics.TopicsAreMissing(missing)
        return self._producer

    async def _fill(self, rows: Sequence[Row], batches: dict[Place, Batch]) -> None:
        producer = await self._ready()
        for row in rows:
            topic = f"{self._settings.topic_prefix}.{row['topic']}"
            key = row["key"].encode()
            if topic not in self._partitions:
                self._partitions[topic] = len(await producer.partitions_for(topic))
            place = (topic, kafka.partition_of(key, self._partitions[topic]))
            batch = batches.get(place)
            if batch is None:
                batch = batches[place] = Batch(place, producer.create_batch())
            if not batch.is_full:
                batch.add(row, key)
                batch.is_full |= row["id"] <= self._alone.get(place, 0)

    def _refused(self, batches: Sequence[Batch]) -> list[tuple[Row, str]]:
        """Of a refused batch of several, nobody knows the culprit: they go one by one from now on."""
        culprits: list[tuple[Row, str]] = []
        for batch in batches:
            if batch.refusal and len(batch.rows) > 1:
                self._alone[batch.place] = batch.rows[-1]["id"]
            elif batch.refusal:
                culprits.append((batch.rows[0], batch.refusal))
        return culprits

    async def _hand_over(self, batches: dict[Place, Batch]) -> None:
        for (topic, partition), batch in batches.items():
            batch.builder.close()
            answer = await self._producer.send_batch(batch.builder, topic, partition=partition)
            answer.add_done_callback(_looked_at)
            batch.answer = answer


def _looked_at(answer: "asyncio.Future[Any]") -> None:
    """Or asyncio would report an error that nobody has asked for."""
    if not answer.cancelled():
        answer.exception()


async def _all_answered(answers: Sequence["asyncio.Future[Any]"]) -> None:
    """Wait for the broker's answers; raises the first failure and cancels none of the others."""
    _, pending = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
    if pending:
        failpoint("relay.part_acknowledged")
        await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
    for answer in answers:
        if answer.done():
            answer.result()
