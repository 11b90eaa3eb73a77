"""Which records are taken in when: positions, pauses, culprits, and hand-overs between workers.

The transport only polls and calls; offsets, seeks and pauses are decided here. Where reading goes on
stands in Postgres, beside the effects: Kafka's own offsets are told late and looked at by nobody but
lag tools.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from aiokafka import (  # pyright: ignore[reportMissingTypeStubs]
    ConsumerRebalanceListener,
    TopicPartition,
)

from chassis import positions
from chassis.breaker import Breaker
from chassis.database import TRANSIENT, CommitUncertain, Database
from chassis.failpoints import failpoint
from chassis.inbox import take_in
from chassis.intake import (
    Consumer,
    Culprit,
    Intake,
    Park,
    TooManyFaults,
    Verdict,
    Wait,
    verdict_on,
)
from chassis.metrics import (
    CONSUMER_LAG,
    EVENTS_HANDLED,
    EVENTS_PARKED,
    PARTITION_PAUSES,
    PROGRESS_AT,
)
from chassis.records import Record, read

log = structlog.get_logger()

OFFSETS_EVERY = 0.25
TRIES_ALONE = (0.0, 0.05, 0.15)  # seconds before each: within one second, so that neighbours go on
SHORTEST_PAUSE = 0.2
LONGEST_PAUSE = 30.0

PASSES = (*TRANSIENT, CommitUncertain)
"""What is tried again for as long as it takes, and never parks (P6)."""


@dataclass
class Partition:
    """One partition of ours: where we are, and whether we may go on."""

    next_position: int = 0
    is_positioned: bool = False
    fingerprint: tuple[datetime, UUID | None] | None = (
        None  # of the record before, until it was seen
    )
    told: int = 0  # the offset last committed to Kafka
    paused_until: float | None = None
    pauses: int = 0


class Engine(ConsumerRebalanceListener):
    """Owns positions. One batch at a time; whoever revokes waits for it."""

    def __init__(self, consumer: Consumer, *, prefix: str, database: Database) -> None:
        self.consumer = consumer
        self.epoch: float = 0
        self.find_client: Callable[[], Any] = lambda: None  # told by the shell
        self._prefix = prefix
        self._database = database
        self._lock = asyncio.Lock()
        self._partitions: dict[TopicPartition, Partition] = {}
        self._breaker = Breaker()
        self._told_at = 0.0

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
        self.epoch += 1
        failpoint("worker.revoked")
        async with self._lock:
            await self._tell_offsets()
            self._partitions.clear()

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        """Stand still until each position was read from Postgres; nothing is fetched here."""
        async with self._lock:
            self._partitions = {partition: Partition() for partition in assigned}
            self.client.pause(*self._partitions)
            self.epoch += 1
            await self._find_positions()

    # What the shell calls.

    async def run(self, raw: Sequence[Any], epoch: float) -> None:
        """Take in what one poll brought; what was fetched under an older assignment is dropped."""
        async with self._lock:
            if epoch != self.epoch:
                return
            failpoint("worker.polled")
            try:
                await self._take_what_is_ours(raw)
            except Exception as error:
                # The client refused, in the middle of a hand-over: find out anew where we are.
                log.warning("batch.dropped", error=type(error).__name__)
                for ours in self._partitions.values():
                    ours.is_positioned = False
            await self._tell_offsets_if_due()

    async def _take_what_is_ours(self, raw: Sequence[Any]) -> None:
        records = self._wanted(raw)
        other_logs = self._other_logs(records)
        for partition in other_logs:
            await self._begin_again(partition)
        records = [one for one in records if self._place(one) not in other_logs]
        if records:
            await self._take_or_pause(records)

    async def tend(self) -> None:
        """Called a few times a second: resume what may go on, find positions, tell offsets."""
        async with self._lock:
            if self.client is None:
                return
            await self._find_positions()
            for partition, ours in self._partitions.items():
                if ours.paused_until is not None and time.monotonic() >= ours.paused_until:
                    ours.paused_until = None
                    self.client.resume(partition)
            await self._tell_offsets_if_due()
            self._measure_lag()

    async def drain(self) -> None:
        """The last offsets go out; every later batch is refused."""
        async with self._lock:
            await self._tell_offsets()
            self.epoch = float("nan")  # equal to nothing, not even itself

    # Positions.

    async def _find_positions(self) -> None:
        """Seek to where Postgres says we are: one before, to see whether it is the same log still.

        Offset 0 of a trimmed log, or an offset beyond a shorter one, is out of range, and `earliest`
        answers from the beginning.
        """
        lost = {p: ours for p, ours in self._partitions.items() if not ours.is_positioned}
        if not lost:
            return
        try:
            rows = await positions.load(
                self._database, self.consumer.name, [(self._topic(p), p.partition) for p in lost]
            )
        except PASSES as error:
            log.warning("positions.unknown", error=type(error).__name__)
            return
        for partition, ours in lost.items():
            row = rows[self._topic(partition), partition.partition]
            ours.next_position = ours.told = row["next_position"]
            if row["last_record_at"] is not None and row["next_position"] > 0:
                ours.fingerprint = row["last_record_at"], row["last_event_id"]
            self.client.seek(partition, max(0, row["next_position"] - bool(ours.fingerprint)))
            ours.is_positioned = True
            self.client.resume(partition)

    def _wanted(self, raw: Sequence[Any]) -> list[Record]:
        """What is ours and may be taken in now."""
        return [
            Record.of(one, prefix=self._prefix)
            for one in raw
            if (ours := self._partitions.get(TopicPartition(one.topic, one.partition)))
            and ours.is_positioned
            and ours.paused_until is None
        ]

    def _other_logs(self, records: list[Record]) -> set[TopicPartition]:
        """Partitions whose first record is not the one we know: another log under the same name."""
        others = set[TopicPartition]()
        for record in list(records):
            partition = self._place(record)
            ours = self._partitions[partition]
            if ours.fingerprint is None:
                continue
            is_known = record.position == ours.next_position - 1 and ours.fingerprint == (
                record.record_at,
                read(record, known=self.consumer.known).event_id,
            )
            ours.fingerprint = None
            if is_known:
                records.remove(record)
            else:
                others.add(partition)
        return others

    async def _begin_again(self, partition: TopicPartition) -> None:
        """Read another log from its beginning; the inbox makes that harmless."""
        log.warning("log.is_another", topic=partition.topic, partition=partition.partition)
        ours = self._partitions[partition]
        try:
            await positions.forget(
                self._database, self.consumer.name, self._topic(partition), partition.partition
            )
        except PASSES:
            ours.is_positioned = False  # the fingerprint is read, and compared, once more
            self.client.pause(partition)
            return
        ours.next_position = ours.told = 0
        self.client.seek(partition, 0)

    # Taking in.

    async def _take_or_pause(self, records: list[Record]) -> None:
        """Take in; where that fails for a reason that passes, pause what is left."""
        try:
            await self._take(records)
        except TooManyFaults:
            log.error("breaker.open", consumer=self.consumer.name)
            self._pause(records, cause="breaker", seconds=LONGEST_PAUSE)
        except PASSES as error:
            partitions = {self._place(record) for record in records}
            if len(partitions) > 1 and await self._database_answers():
                for partition in partitions:
                    await self._take_or_pause([r for r in records if self._place(r) == partition])
                return
            log.warning("batch.postponed", error=type(error).__name__, count=len(records))
            self._pause(records, cause="transient")
        except Exception as error:
            log.exception("batch.stuck", error=type(error).__name__, count=len(records))
            self._pause(records, cause="stuck")

    async def _take(self, records: list[Record]) -> None:
        """One transaction for all; a culprit is taken out and tried alone, the others go on."""
        while records:
            try:
                await self._commit(records)
                return
            except Culprit as culprit:
                if isinstance(culprit.__cause__, PASSES):
                    raise culprit.__cause__ from None
                if len(records) == 1:
                    await self._take_alone(records[0], culprit.__cause__)
                    return
                at = records.index(culprit.record)
                await self._take(records[:at])
                await self._take([culprit.record])
                records = records[at + 1 :]
            except PASSES:
                raise
            except Exception as error:
                # Too many to park at once, or one that fails only when it is written.
                if len(records) == 1:
                    if isinstance(error, TooManyFaults):
                        raise
                    await self._take_alone(records[0], error)
                    return
                await self._take(records[: len(records) // 2])
                records = records[len(records) // 2 :]

    async def _take_alone(self, record: Record, cause: BaseException | None) -> None:
        """Three tries in all, each in a transaction of its own; then park it, or let it wait."""
        verdict = verdict_on(cause)
        for pause in TRIES_ALONE[1:]:
            if isinstance(verdict, Wait):
                break
            await asyncio.sleep(pause)
            try:
                await self._commit([record])
                return
            except Culprit as culprit:
                if isinstance(culprit.__cause__, PASSES):
                    raise culprit.__cause__ from None
                verdict = verdict_on(culprit.__cause__)
            except (*PASSES, TooManyFaults):
                raise
            except Exception as error:
                verdict = verdict_on(error)
        await self._commit([record], verdict)
        if isinstance(verdict, Park):
            log.error(
                "event.parked",
                topic=record.topic,
                partition=record.partition,
                position=record.position,
                reason=str(verdict.reason),
                error=verdict.error,
            )

    async def _commit(self, records: list[Record], verdict: Verdict | None = None) -> None:
        verdicts = {records[0]: verdict} if verdict else None
        async with self._database.transaction() as tx:
            intake = await take_in(
                tx, self.consumer, records, verdicts, may_park=self._breaker.allowance
            )
        failpoint("worker.committed")
        for record in records:
            ours = self._partitions[self._place(record)]
            ours.next_position = record.position + 1
            ours.pauses = 0
        self._count(intake)

    def _count(self, intake: Intake) -> None:
        name = self.consumer.name
        failed = intake.parked.total()
        self._breaker.note(failed=failed, passed=intake.counts.total() - failed)
        for (kind, outcome), count in intake.counts.items():
            EVENTS_HANDLED.labels(name, kind, outcome).inc(count)
        for reason, count in intake.parked.items():
            EVENTS_PARKED.labels(name, reason).inc(count)
        PROGRESS_AT.labels(name).set_to_current_time()

    async def _database_answers(self) -> bool:
        try:
            await self._database.value("SELECT 1")
        except PASSES:
            return False
        return True

    def _pause(self, records: list[Record], *, cause: str, seconds: float | None = None) -> None:
        """Let these partitions rest, and have what was not taken in fetched again."""
        for partition in {self._place(record) for record in records}:
            ours = self._partitions[partition]
            longest = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2**ours.pauses)
            rest = seconds or longest * random.uniform(0.5, 1)  # noqa: S311 - jitter
            ours.paused_until = time.monotonic() + rest
            ours.pauses = min(ours.pauses + 1, 10)
            self.client.pause(partition)
            self.client.seek(partition, ours.next_position)
            PARTITION_PAUSES.labels(self.consumer.name, cause).inc()

    # Offsets and figures for onlookers.

    async def _tell_offsets_if_due(self) -> None:
        if time.monotonic() - self._told_at >= OFFSETS_EVERY:
            await self._tell_offsets()

    async def _tell_offsets(self) -> None:
        """Kafka's copy of the positions; a commit that is late or lost costs nothing."""
        self._told_at = time.monotonic()
        news = {
            partition: ours.next_position
            for partition, ours in self._partitions.items()
            if ours.is_positioned and ours.next_position > ours.told
        }
        if not news or self.client is None:
            return
        try:
            async with asyncio.timeout(5):
                await self.client.commit(news)
        except Exception as error:
            log.info("offsets.not_told", error=type(error).__name__)
            return
        for partition, position in news.items():
            self._partitions[partition].told = position

    def _measure_lag(self) -> None:
        for partition, ours in self._partitions.items():
            end = self.client.highwater(partition)
            if end is not None:
                labels = self.consumer.name, self._topic(partition), str(partition.partition)
                CONSUMER_LAG.labels(*labels).set(max(0, end - ours.next_position))

    def _topic(self, partition: TopicPartition) -> str:
        name: str = partition.topic
        return name.removeprefix(f"{self._prefix}.")

    def _place(self, record: Record) -> TopicPartition:
        return TopicPartition(f"{self._prefix}.{record.topic}", record.partition)
