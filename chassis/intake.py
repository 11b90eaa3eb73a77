"""What one transaction takes in: each event judged, then handled, parked, or left to wait.

What comes of an event is written once, at the end, beside the effects. Copies that are one statement
are gathered until a reaction might read them, and written together.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chassis import audit, clock, logs
from chassis.actor import the_post
from chassis.copies import Copies
from chassis.database import Transaction
from chassis.failpoints import failpoint
from chassis.judging import Known, Outcome, Park, Verdict, Wait
from chassis.judging import described as described
from chassis.parts import Parts, Reaction, Reactions
from chassis.records import Known as KnownTypes
from chassis.records import Read, Record
from schemas.envelope import Event
from schemas.topics import Topic, topic_of

WRITE = """
    WITH taken AS (
        INSERT INTO inbox (consumer, source, event_id, value_hash, topic, partition, position)
        SELECT $1, * FROM unnest(
            $2::text[], $3::uuid[], $4::bytea[], $5::text[], $6::integer[], $7::bigint[]
        )
    )
    INSERT INTO heard (consumer, topic, key, last_sequence)
    SELECT $1, * FROM unnest($8::text[], $9::text[], $10::bigint[])
        ON CONFLICT (consumer, topic, key)
        DO UPDATE SET last_sequence = greatest(heard.last_sequence, excluded.last_sequence)
"""
PARK = """
    INSERT INTO parked (
        consumer, status, reason, error, topic, partition, position, record_at,
        key, type, sequence, headers, value
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT DO NOTHING
"""
WAIT = """
    INSERT INTO waiting (
        consumer, missing_type, missing_id, topic, partition, position, record_at,
        key, type, sequence, headers, value
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (consumer, topic, partition, position, record_at)
    DO UPDATE SET missing_type = excluded.missing_type, missing_id = excluded.missing_id,
                  tried_at = clock_timestamp()
"""


@dataclass(frozen=True)
class Consumer:
    """A named set of reactions; the name is the group's and stands in every row it owns."""

    name: str
    reactions: Reactions

    @classmethod
    def of(cls, parts: Parts) -> "Consumer":
        """A service's consumer."""
        return cls(parts.consumer or parts.name, parts.reactions)

    @cached_property
    def known(self) -> KnownTypes:
        """The classes it listens to, by their type on the wire."""
        return {kind.type_name(): kind for kind in self.reactions}

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """The topics these events are published on."""
        found = {topic_of(kind.service, kind.topic).name: kind for kind in self.reactions}
        return tuple(topic_of(found[name].service, found[name].topic) for name in sorted(found))

    def reactions_to(self, kind: type[Event]) -> tuple[Reaction, ...]:
        """What is done about one kind of event, in order."""
        reactions = self.reactions[kind]
        return reactions if isinstance(reactions, tuple) else (reactions,)


class Culprit(Exception):
    """The record whose reaction raised; the cause is `__cause__`."""

    def __init__(self, record: Record) -> None:
        self.record = record


class TooManyFaults(Exception):
    """More would be parked than the breaker lets through: a bad deploy, not bad events."""


def _kept(reading: Read) -> tuple[Any, ...]:
    record = reading.record
    where = (record.topic, record.partition, record.position, record.record_at)
    what = (record.kept_key, reading.type, reading.sequence, record.kept_headers, record.value)
    return *where, *what


@dataclass
class Intake:
    """What one transaction takes in: judged against what is known, written together."""

    tx: Transaction
    consumer: Consumer
    known: Known = field(default_factory=Known)
    may_park: int | None = None  # how many the breaker still lets through
    is_gathering: bool = False  # copies; where events can fail one by one, each writes its own
    counts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    parked: Counter[str] = field(default_factory=Counter[str])
    settled: list[Read] = field(default_factory=list[Read])  # since waiting ones were released
    _copies: Copies = field(default_factory=Copies)
    _inbox: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    _heard: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    _to_park: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    _to_wait: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])

    async def look_up(self, readings: Iterable[Read]) -> None:
        """Load what is known of these events' ids and cases, in one round trip."""
        await self.known.look_up(self.tx, self.consumer.name, readings)

    async def take(
        self, reading: Read, verdict: Verdict | None = None, *, is_redrive: bool = False
    ) -> Outcome:
        """Judge one event and do what follows. Raises `Culprit` where its reaction raises."""
        outcome, decided = self.known.judge(reading, verdict, is_redrive=is_redrive)
        if outcome is Outcome.HANDLED and reading.event:
            await self._handle(reading, reading.event)
        elif outcome is Outcome.DROPPED and reading.event:
            await self._note_dropped(reading, reading.event)
        self._note(reading, outcome, decided)
        self.counts[reading.type or "unknown", outcome] += 1
        return outcome

    async def _handle(self, reading: Read, event: Event) -> None:
        _set_context(reading)
        for reaction in self.consumer.reactions_to(type(event)):
            if reading.is_restated and not reaction.is_copy:
                continue
            if reaction.copy is not None and self.is_gathering:
                try:
                    self._copies.add(reading, reaction.copy, event)
                except Exception as error:
                    raise Culprit(reading.record) from error
                continue
            await self._write_copies()
            try:
                if reaction.is_copy:
                    await reaction.handle(self.tx, event)
                else:
                    await reaction.handle(self.tx, event, now=clock.now)
            except Exception as error:
                raise Culprit(reading.record) from error

    async def _write_copies(self) -> None:
        """Write what was gathered. A fault is one record's, who knows whose, unless there is but one."""
        only = self._copies.only
        try:
            await self._copies.write(self.tx)
        except Exception as error:
            if only is None:
                raise
            raise Culprit(only) from error

    async def _note_dropped(self, reading: Read, event: Event) -> None:
        """The ledger's note that something came of nobody: which event, and not about whom."""
        await audit.done(
            self.tx,
            actor=the_post(event.university),
            act="EventDropped",
            subject=reading.event_id,
            reason="the person is erased",
        )

    def _note(self, reading: Read, outcome: Outcome, verdict: Verdict | None) -> None:
        """Remember what has to be written, and let what follows in this batch see it."""
        record = reading.record
        if isinstance(verdict, Wait):
            missing = verdict.missing_type, verdict.missing_id
            self._to_wait.append((self.consumer.name, *missing, *_kept(reading)))
            self.known.is_anything_waiting = True
            return
        self.settled.append(reading)
        heard = self.known.learn(reading, outcome)
        if heard is not None and reading.key is not None:
            self._heard[record.topic, reading.key] = heard
        if isinstance(verdict, Park):
            why = str(outcome), str(verdict.reason), verdict.error
            self._to_park.append((self.consumer.name, *why, *_kept(reading)))
            if outcome is Outcome.PARKED:
                self.parked[verdict.reason] += 1
            if self.may_park is not None and self.parked.total() > self.may_park:
                raise TooManyFaults
        elif outcome in (Outcome.HANDLED, Outcome.DROPPED) and reading.event_id:
            identity = reading.source, reading.event_id, reading.value_hash
            self._inbox.append((*identity, record.topic, record.partition, record.position))

    async def write(self) -> None:
        """Write what was taken in; effects stand in this transaction already."""
        await self._write_copies()
        if self._inbox or self._heard:
            inbox = list(zip(*self._inbox, strict=True)) or [()] * 6
            raised = [(*case, last) for case, last in sorted(self._heard.items())]
            heard = list(zip(*raised, strict=True)) or [()] * 3
            await self.tx.execute(WRITE, self.consumer.name, *inbox, *heard)
        if self._to_park:
            await self.tx.execute_many(PARK, self._to_park)
            failpoint("worker.parked")
        if self._to_wait:
            await self.tx.execute_many(WAIT, self._to_wait)
        for written in (self._inbox, self._heard, self._to_park, self._to_wait):
            written.clear()


def _set_context(reading: Read) -> None:
    """What is recorded or logged from here on was caused by this event."""
    logs.correlation_id.set(reading.correlation)
    logs.causation_id.set(str(reading.event_id))
    logs.trace_parent.set(reading.trace)
