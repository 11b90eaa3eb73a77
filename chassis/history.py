"""What the broker still keeps of a topic, read from one offset to another, outside any group.

For the operator's commands that look back: they keep no position and disturb no reader.
"""

import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import (  # pyright: ignore[reportMissingTypeStubs]
    AIOKafkaConsumer,
    TopicPartition,
)
from aiokafka.errors import KafkaTimeoutError  # pyright: ignore[reportMissingTypeStubs]

from chassis import kafka
from chassis.records import Record
from chassis.settings import Settings
from schemas.topics import PARTITIONS, Topic

AT_ONCE = 1000
STANDS_STILL = 60.0  # seconds without a record: the broker has gone away

Place = tuple[str, int]
"""A topic, without the installation's prefix, and a partition."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of each partition: the first offset that is kept, and the one that comes next."""

    first: Mapping[Place, int]
    end: Mapping[Place, int]

    def is_trimmed(self, topic: str) -> bool:
        """Whether a log has lost its beginning: by age, or because it was made to look so."""
        return any(first > 0 for place, first in self.first.items() if place[0] == topic)


class History:
    """One look at the broker."""

    def __init__(self, consumer: Any, prefix: str) -> None:
        self._consumer = consumer
        self._prefix = prefix

    async def bounds(self, topics: Iterable[Topic]) -> Bounds:
        """Where the logs of these topics begin and end now."""
        places = [self._named((t.name, number)) for t in topics for number in range(PARTITIONS)]
        first: dict[Any, int] = await self._consumer.beginning_offsets(places)
        end: dict[Any, int] = await self._consumer.end_offsets(places)
        return Bounds(
            {self._place(each): offset for each, offset in first.items()},
            {self._place(each): offset for each, offset in end.items()},
        )

    async def offsets_at(self, places: Iterable[Place], at: datetime) -> dict[Place, int | None]:
        """The first record of each partition that was sent at or after an instant, if there is one."""
        asked = {self._named(place): int(at.timestamp() * 1000) for place in places}
        found: dict[Any, Any] = await self._consumer.offsets_for_times(asked)
        return {self._place(each): one and one.offset for each, one in found.items()}

    async def read(
        self, begin: Mapping[Place, int], end: Mapping[Place, int]
    ) -> AsyncGenerator[list[Record]]:
        """Every record from `begin` up to, not including, `end`; in order within a partition."""
        left = {self._named(place) for place, offset in end.items() if offset > begin[place]}
        if not left:
            return
        self._consumer.assign(list(left))
        for each in left:
            self._consumer.seek(each, begin[self._place(each)])
        moved_at = time.monotonic()
        while left:
            found = await self._consumer.getmany(*left, timeout_ms=200, max_records=AT_ONCE)
            records = [
                Record.of(raw, prefix=self._prefix)
                for each, several in found.items()
                for raw in several
                if raw.offset < end[self._place(each)]
            ]
            if records:
                moved_at = time.monotonic()
                yield records
            for each in list(left):  # not by the last record: offsets may have holes
                if await self._consumer.position(each) >= end[self._place(each)]:
                    left.discard(each)
                    self._consumer.pause(each)
                    moved_at = time.monotonic()
            if time.monotonic() - moved_at > STANDS_STILL:
                raise KafkaTimeoutError

    def _named(self, place: Place) -> Any:
        return TopicPartition(f"{self._prefix}.{place[0]}", place[1])

    def _place(self, named: Any) -> Place:
        topic: str = named.topic
        return topic.removeprefix(f"{self._prefix}."), named.partition


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[History]:
    """Connect, look, and let go."""
    consumer: Any = AIOKafkaConsumer(
        **kafka.client_options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_bytes=8 * 1024 * 1024,
    )
    await consumer.start()
    try:
        yield History(consumer, settings.topic_prefix)
    finally:
        await consumer.stop()
