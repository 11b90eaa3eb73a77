"""What a plain reader finds in a topic. It shares no code with anything that is measured."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

PATIENCE_MS = 1_000


@dataclass
class Found:
    """The records of one turn, judged by the headers that every contestant has to pass on."""

    records: int = 0
    repeated: int = 0
    out_of_order: int = 0  # first occurrences that are not the next of their case
    bare: int = 0  # that came with other than the whole set of headers, or without key or body
    first_at: int = 0  # milliseconds, by the broker's clock
    last_at: int = 0
    at_first: int = 0  # records of the first millisecond: nobody knows when they began
    ids: set[bytes] = field(default_factory=set[bytes], repr=False)

    @property
    def rate(self) -> float:
        """Records a second as the broker took them."""
        return 1000 * (self.records - self.at_first) / max(self.last_at - self.first_at, 1)

    def counts(self, expected: int) -> dict[str, int]:
        """What must all be nought."""
        return {
            "lost": expected - len(self.ids),
            "repeated": self.repeated,
            "out_of_order": self.out_of_order,
            "bare": self.bare,
        }


class Reader:
    """Reads one topic turn by turn, and remembers how far each case has come."""

    def __init__(self, bootstrap: str, topic: str, headers: Iterable[str]) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._headers = frozenset(headers)
        self._positions: dict[TopicPartition, int] = {}
        self._last: dict[bytes | None, int] = {}

    async def count(self) -> int:
        """How many records lie there that no turn has read."""
        async with self._consumer() as (consumer, places):
            ends = await consumer.end_offsets(places)
        return sum(ends[place] - self._positions.get(place, 0) for place in places)

    async def appended(self, count: int, *, within: float) -> None:
        """Wait until so many more lie there."""
        async with self._consumer() as (consumer, places), asyncio.timeout(within):
            while True:
                ends = await consumer.end_offsets(places)
                if sum(ends[one] - self._positions.get(one, 0) for one in places) >= count:
                    return
                await asyncio.sleep(0.1)

    async def read(self) -> Found:
        """Everything that was appended since the turn before."""
        found = Found()
        seen: list[Any] = []
        async with self._consumer() as (consumer, places):
            ends = await consumer.end_offsets(places)
            while any([await consumer.position(one) < ends[one] for one in places]):
                batches = await consumer.getmany(timeout_ms=PATIENCE_MS)
                seen += [record for batch in batches.values() for record in batch]
            self._positions = ends
        self._judge(seen, found)
        return found

    def _judge(self, seen: list[Any], found: Found) -> None:
        times = Counter(record.timestamp for record in seen)
        found.records = len(seen)
        if times:
            found.first_at, found.last_at = min(times), max(times)
            found.at_first = times[found.first_at]
        for record in seen:
            headers = dict(record.headers)
            found.bare += not (self._headers <= headers.keys() and record.key and record.value)
            identity = headers.get("ce_id", b"")
            if identity in found.ids:
                found.repeated += 1
                continue
            found.ids.add(identity)
            sequence = int(headers.get("ce_sequence", b"0"))
            found.out_of_order += sequence != self._last.get(record.key, 0) + 1
            self._last[record.key] = sequence

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[dict[str, float]]:
        """When each key and sequence was first seen, by this machine's clock."""
        seen: dict[str, float] = {}
        async with self._consumer() as (consumer, places):
            await consumer.seek_to_end(*places)
            for place in places:
                await consumer.position(place)

            async def watch() -> None:
                while True:
                    batches = await consumer.getmany(timeout_ms=PATIENCE_MS)
                    at = time.time()
                    for record in (record for batch in batches.values() for record in batch):
                        sequence = dict(record.headers)["ce_sequence"]
                        seen.setdefault(f"{record.key.decode()} {sequence.decode()}", at)

            task = asyncio.create_task(watch())
            try:
                yield seen
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[tuple[Any, list[TopicPartition]]]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=250
        )
        await consumer.start()
        try:
            partitions = await self._partitions(consumer)
            places = [TopicPartition(self._topic, one) for one in sorted(partitions)]
            consumer.assign(places)
            for place in places:
                consumer.seek(place, self._positions.get(place, 0))
            yield consumer, places
        finally:
            await consumer.stop()

    async def _partitions(self, consumer: Any) -> set[int]:
        """Of a topic that was made a moment ago, perhaps; there is no public way without a group."""
        async with asyncio.timeout(30):
            await consumer._client.add_topic(self._topic)
            while not (found := consumer.partitions_for_topic(self._topic)):
                await asyncio.sleep(0.1)
                await consumer._client.force_metadata_update()
        return found
