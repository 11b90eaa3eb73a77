"""A batch in one transaction; where that fails, its culprit alone, so that its neighbours go on.

What fails for a reason that passes is never blamed on an event (P6); what fails three times by itself
is parked; and what would park too much is a bad deploy, which stops instead.
"""

import asyncio
from collections.abc import Sequence

import structlog

from chassis.breaker import Breaker
from chassis.database import FROM_POSTGRES, CommitUncertain, Database
from chassis.failpoints import failpoint
from chassis.inbox import Taken, take_in
from chassis.intake import Consumer, Culprit, TooManyFaults
from chassis.judging import Park, Verdict, Wait, verdict_on
from chassis.metrics import EVENTS_HANDLED, EVENTS_PARKED, PROGRESS_AT, RECORDS_REFUSED
from chassis.positions import Place, Position
from chassis.records import Record

log = structlog.get_logger()

TRIES_AGAIN = (0.05, 0.15)  # seconds before each: three in all, within one second
PASSES = (OSError, TimeoutError, CommitUncertain, *FROM_POSTGRES)
"""What our own part of a transaction may fail of, and is tried again for as long as it takes."""


class Taker:
    """Takes records in. `at` moves on with each commit; what somebody else has moved leaves it."""

    def __init__(self, consumer: Consumer, database: Database) -> None:
        self.at: dict[Place, Position] = {}
        self._consumer = consumer
        self._database = database
        self._breaker = Breaker()

    def left(self, records: Sequence[Record]) -> list[Record]:
        """Those of partitions that are ours, and not taken in yet."""
        return [
            record
            for record in records
            if (at := self.at.get(record.place)) and record.position >= at.next_position
        ]

    async def take(self, records: Sequence[Record]) -> None:
        """All in one transaction, or in parts. What it raises leaves `at` at the first not taken in."""
        while records := self.left(records):
            try:
                await self._commit(records)
            except Culprit as culprit:
                if len(records) == 1:
                    await self._take_alone(records[0], culprit.__cause__)
                    continue
                number = records.index(culprit.record)
                await self.take(records[:number])
                await self.take([culprit.record])
            except PASSES:
                raise
            except Exception as error:
                # Too many to park at once, or one that fails only when it is written.
                if len(records) == 1:
                    await self._take_alone(records[0], error)
                    continue
                await self.take(records[: len(records) // 2])

    async def _take_alone(self, record: Record, cause: BaseException | None) -> None:
        """Three tries in all, each in a transaction of its own; then it is parked, or waits."""
        _raise_what_passes(cause)
        verdict = verdict_on(cause)
        for pause in TRIES_AGAIN:
            if isinstance(verdict, Wait):
                break
            await asyncio.sleep(pause)
            try:
                await self._commit([record])
                return
            except Culprit as culprit:
                _raise_what_passes(culprit.__cause__)
                verdict = verdict_on(culprit.__cause__)
            except PASSES:
                raise
            except Exception as error:
                _raise_what_passes(error)
                verdict = verdict_on(error)
        await self._commit([record], verdict)

    async def _commit(self, records: Sequence[Record], verdict: Verdict | None = None) -> None:
        verdicts = {records[0]: verdict} if verdict else None
        async with self._database.transaction() as tx:
            taken = await take_in(
                tx,
                self._consumer,
                records,
                self.at,
                verdicts,
                may_park=self._breaker.allowance,
            )
        failpoint("worker.committed")
        self.at |= taken.moved
        for place in taken.refused:
            self.at.pop(place, None)
        self._count(taken)
        if isinstance(verdict, Park):
            record = records[0]
            where = {"topic": record.topic, "partition": record.partition}
            why = {"reason": str(verdict.reason), "error": verdict.error}
            log.error("event.parked", position=record.position, **where, **why)

    def _count(self, taken: Taken) -> None:
        name, intake = self._consumer.name, taken.intake
        failed = intake.parked.total()
        self._breaker.note(failed=failed, passed=intake.counts.total() - failed)
        for (kind, outcome), count in intake.counts.items():
            EVENTS_HANDLED.labels(name, kind, outcome).inc(count)
        for reason, count in intake.parked.items():
            EVENTS_PARKED.labels(name, reason).inc(count)
        for (topic, partition), count in taken.refused.items():
            RECORDS_REFUSED.labels(name).inc(count)
            log.warning("records.refused", topic=topic, partition=partition, count=count)
        PROGRESS_AT.labels(name).set_to_current_time()


def _raise_what_passes(cause: BaseException | None) -> None:
    """A reaction is not to blame for the database, nor is an event for the breaker."""
    if isinstance(cause, (*FROM_POSTGRES, TooManyFaults)):
        raise cause from None
