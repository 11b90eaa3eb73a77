"""Which records are taken in when: positions, pauses, and hand-overs between workers.

The transport only polls and calls; offsets, seeks and pauses are decided here. Where reading goes on
stands in Postgres, beside the effects: Kafka's own offsets are told late and looked at by nobody but
lag tools.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import structlog
from aiokafka import (  # pyright: ignore[reportMissingTypeStubs]
    ConsumerRebalanceListener,
    TopicPartition,
)

from chassis import positions
from chassis.database import Database
from chassis.failpoints import failpoint
from chassis.intake import Consumer, TooManyFaults
from chassis.isolating import PASSES, Taker
from chassis.liveness import PROGRESS
from chassis.metrics import CONSUMER_LAG, PARTITION_PAUSES
from chassis.positions import Place, Position
from chassis.records import Record, read

log = structlog.get_logger()

OFFSETS_EVERY = 0.25
SHORTEST_PAUSE = 0.2
LONGEST_PAUSE = 30.0


@dataclass
class Partition:
    """One partition of ours: whether we may go on, and what Kafka was told."""

    of_client: TopicPartition
    is_checked: bool = True  # the record before was seen, and is the one we know
    paused_until: float | None = None
    pauses: int = 0
    told: int = 0  # the offset last committed to Kafka
    sought: int = 0  # the number of the last seek, of all there were


class Engine(ConsumerRebalanceListener):
    """Owns positions. One batch at a time; whoever revokes waits for it."""

    def __init__(self, consumer: Consumer, *, prefix: str, database: Database) -> None:
        self.consumer = consumer
        self.find_client: Callable[[], Any] = lambda: None  # told by the shell
        self._prefix = prefix
        self._database = database
        self._lock = asyncio.Lock()
        self._partitions: dict[Place, Partition] = {}
        self._is_drained = False
        self._seeks = 0
        self._polled: dict[Place, int] = {}  # the last seek before the batch in hand was fetched
        self._taker = Taker(consumer, database)
        self._told_at = 0.0
        self._look_again_at = 0.0

    @property
    def client(self) -> Any:
        """The connected consumer, None before the start and after the stop."""
        return self.find_client()

    # What the group coordinator calls.

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        revoked: Iterable[TopicPartition],  # noqa: ARG002 - all are, each time
    ) -> None:
        """Awaited before the group rejoins: the batch in hand ends, offsets go out."""
        failpoint("worker.revoked")
        async with self._lock:
            await self._tell_offsets()
            self._partitions.clear()
            self._taker.at.clear()
            PROGRESS.assigned(0)

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        """Stand still until each position was read from Postgres; nothing is fetched here."""
        async with self._lock:
            self._partitions = {self._place(each): Partition(each) for each in assigned}
            self._taker.at.clear()
            self.client.pause(*(ours.of_client for ours in self._partitions.values()))
            PROGRESS.assigned(len(self._partitions))
            await self._find_positions()

    # What the shell calls.

    def polled(self) -> None:
        """Called right behind each poll, before anything else can happen.

        The batch then waits for its turn, and meanwhile a partition may be sent elsewhere: what was
        fetched before is not what stands there.
        """
        self._polled = {place: ours.sought for place, ours in self._partitions.items()}

    async def run(self, raw: Sequence[Any]) -> None:
        """Take in what one poll brought.

        What was fetched under an older assignment, or before its partition was sent elsewhere, is
        dropped: it is fetched again.
        """
        async with self._lock:
            if self._is_drained:
                return
            failpoint("worker.polled")
            try:
                await self._take_or_pause(await self._of_known_logs(self._wanted(raw)))
            except Exception as error:
                # The client refused, in the middle of a hand-over: find out anew where we are.
                log.warning("batch.dropped", error=type(error).__name__)
                self._taker.at.clear()
            PROGRESS.moved()  # an outage we wait for is none of ours: being started anew cures nothing
            await self._tell_offsets_if_due()

    async def tend(self) -> None:
        """Called a few times a second: resume what may go on, find positions, tell offsets."""
        async with self._lock:
            if self.client is None:
                return
            await self._find_positions()
            for place, ours in self._partitions.items():
                is_over = ours.paused_until is not None and time.monotonic() >= ours.paused_until
                if is_over and place in self._taker.at:
                    ours.paused_until = None
                    self.client.resume(ours.of_client)
            await self._tell_offsets_if_due()

    async def measure(self) -> None:
        """Ask the broker how far its logs have come: what is fetched tells nothing if nothing is."""
        partitions = dict(self._partitions)
        if self.client is None or not partitions:
            return
        async with asyncio.timeout(10):
            ends = await self.client.end_offsets([each.of_client for each in partitions.values()])
        behind = 0
        for place, ours in partitions.items():
            position = self._taker.at.get(place, Position(ours.told)).next_position
            lag = max(0, ends[ours.of_client] - position)
            CONSUMER_LAG.labels(self.consumer.name, place[0], str(place[1])).set(lag)
            behind += lag
        PROGRESS.behind(behind)

    async def drain(self) -> None:
        """The last offsets go out; every later batch is refused."""
        async with self._lock:
            await self._tell_offsets()
            self._is_drained = True

    # Positions.

    async def _find_positions(self) -> None:
        """Seek to where Postgres says we are: one before, to see whether it is the same log still.

        Offset 0 of a trimmed log, or an offset beyond a shorter one, is out of range, and `earliest`
        answers from the beginning.
        """
        lost = self._partitions.keys() - self._taker.at.keys()
        if not lost or time.monotonic() < self._look_again_at:
            return
        for place in lost:
            self.client.pause(self._partitions[place].of_client)
        try:
            found = await positions.load(self._database, self.consumer.name, sorted(lost))
        except PASSES as error:
            log.warning("positions.unknown", error=type(error).__name__)
            PROGRESS.moved()
            self._look_again_at = time.monotonic() + random.uniform(0.5, 1)  # noqa: S311 - jitter
            return
        for place, position in found.items():
            ours = self._partitions[place]
            ours.is_checked = position.last_record_at is None or position.next_position == 0
            ours.told = position.next_position
            self._seek(ours, position.next_position - (not ours.is_checked))
            self._taker.at[place] = position
            if ours.paused_until is None:
                self.client.resume(ours.of_client)

    def _seek(self, ours: Partition, position: int) -> None:
        self.client.seek(ours.of_client, position)
        self._seeks += 1
        ours.sought = self._seeks

    def _wanted(self, raw: Sequence[Any]) -> list[Record]:
        """What is ours and may be taken in now."""
        records = [Record.of(one, prefix=self._prefix) for one in raw]
        return [record for record in records if self._is_wanted(record.place)]

    def _is_wanted(self, place: Place) -> bool:
        ours = self._partitions.get(place)
        return (
            ours is not None
            and place in self._taker.at
            and ours.paused_until is None
            and ours.sought == self._polled.get(place)
        )

    async def _of_known_logs(self, records: list[Record]) -> list[Record]:
        """Leave out what lies in another log under the same name: that is read from its beginning."""
        first = {record.place: record for record in reversed(records)}
        for place, record in first.items():
            if self._partitions[place].is_checked:
                continue
            self._partitions[place].is_checked = True
            if not self._is_the_one_before(record):
                await self._begin_again(place)
                records = [one for one in records if one.place != place]
        return self._taker.left(records)

    def _is_the_one_before(self, record: Record) -> bool:
        at = self._taker.at[record.place]
        return (at.next_position - 1, at.last_record_at, at.last_event_id) == (
            record.position,
            record.record_at,
            read(record, known=self.consumer.known).event_id,
        )

    async def _begin_again(self, place: Place) -> None:
        """Read another log from its beginning; the inbox makes that harmless."""
        log.warning("log.is_another", topic=place[0], partition=place[1])
        before = self._taker.at.pop(place)
        try:
            await positions.forget(self._database, self.consumer.name, place, before)
        except PASSES as error:
            log.warning("positions.unknown", error=type(error).__name__)
        await self._find_positions()

    # Taking in.

    async def _take_or_pause(self, records: list[Record]) -> None:
        """Take in; where that fails, pause what is left, partition by partition."""
        before = dict(self._taker.at)
        try:
            await self._taker.take(records)
        except Exception as error:
            left = sorted(self._taker.left(records), key=lambda one: one.place)
            parts = [list(each) for _, each in groupby(left, key=lambda one: one.place)]
            if len(parts) > 1 and await self._database_answers():
                for part in parts:
                    await self._take_or_pause(part)
            elif parts:
                self._pause(parts, error)
        finally:
            for place, position in self._taker.at.items():
                if position is not before.get(place):
                    self._partitions[place].pauses = 0

    async def _database_answers(self) -> bool:
        try:
            await self._database.value("SELECT 1")
        except Exception:
            return False
        return True

    def _pause(self, parts: list[list[Record]], error: Exception) -> None:
        """Let these partitions rest, and have what was not taken in fetched again."""
        shortest, cause = SHORTEST_PAUSE, "transient"
        if isinstance(error, TooManyFaults):
            log.error("breaker.open", consumer=self.consumer.name)
            shortest, cause = LONGEST_PAUSE, "breaker"
        elif isinstance(error, PASSES):
            log.warning("batch.postponed", error=type(error).__name__)
        else:
            log.error("batch.stuck", error=type(error).__name__, exc_info=error)
            cause = "stuck"
        for place in (part[0].place for part in parts):
            ours = self._partitions[place]
            longest = min(LONGEST_PAUSE, shortest * 2**ours.pauses)
            rest = longest * random.uniform(0.5, 1)  # noqa: S311 - jitter
            ours.paused_until = time.monotonic() + rest
            ours.pauses = min(ours.pauses + 1, 10)
            self.client.pause(ours.of_client)
            self._seek(ours, self._taker.at[place].next_position)
            PARTITION_PAUSES.labels(self.consumer.name, cause).inc()

    # Offsets for onlookers.

    async def _tell_offsets_if_due(self) -> None:
        if time.monotonic() - self._told_at >= OFFSETS_EVERY:
            await self._tell_offsets()

    async def _tell_offsets(self) -> None:
        """Kafka's copy of the positions; a commit that is late or lost costs nothing."""
        self._told_at = time.monotonic()
        news = {
            place: at.next_position
            for place, at in self._taker.at.items()
            if at.next_position > self._partitions[place].told
        }
        if not news or self.client is None:
            return
        try:
            async with asyncio.timeout(5):
                await self.client.commit(
                    {self._partitions[place].of_client: offset for place, offset in news.items()}
                )
        except Exception as error:
            log.info("offsets.not_told", error=type(error).__name__)
            return
        for place, offset in news.items():
            self._partitions[place].told = offset

    def _place(self, partition: TopicPartition) -> Place:
        return partition.topic.removeprefix(f"{self._prefix}."), partition.partition
