"""What one transaction takes in: each event judged, then handled, parked, or left to wait.

An event is judged by what is known of its id (`inbox`) and of its case (`heard`, `parked`); what
comes of it is written once, at the end, beside the effects.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from chassis import clock, logs
from chassis.database import Transaction
from chassis.failpoints import failpoint
from chassis.parts import Early, Parts, Reaction, Reactions
from chassis.records import CLOCK_TOLERANCE, Known, Read, Reason, Record
from schemas.envelope import Event
from schemas.topics import Topic, topic_of

FOR_THE_SEQUENCE = "sequence"
"""What a waiting event misses when an earlier one of its case has not come."""
FOR_ANOTHER_TRY = "another try"
"""What it misses when its own reaction failed while it was being released."""


class Outcome(StrEnum):
    """What came of an event."""

    HANDLED = "handled"
    IGNORED = "ignored"  # nobody here listens to its type
    REPEATED = "repeated"
    PARKED = "parked"
    BLOCKED = "blocked"
    WAITING = "waiting"


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
    def known(self) -> Known:
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


@dataclass(frozen=True, slots=True)
class Wait:
    """Decided beforehand: this one waits for a fact."""

    missing_type: str
    missing_id: str


@dataclass(frozen=True, slots=True)
class Park:
    """Decided beforehand: this one is put aside."""

    reason: Reason
    error: str


Verdict = Wait | Park


class Culprit(Exception):
    """The record whose reaction raised; the cause is `__cause__`."""

    def __init__(self, record: Record) -> None:
        self.record = record


class TooManyFaults(Exception):
    """More would be parked than the breaker lets through: a bad deploy, not bad events."""


LOOK_UP = """
    WITH asked AS (
        SELECT DISTINCT topic, key FROM unnest($4::text[], $5::bytea[]) AS asked (topic, key)
    ), held AS (
        -- Shared, so that a redrive of the same case is over, or has not begun.
        SELECT topic, key FROM parked
         WHERE consumer = $1 AND status IN ('parked', 'blocked')
           AND (topic, key) IN (SELECT topic, key FROM asked)
           FOR SHARE
    )
    SELECT ({now}) AS now,
           coalesce((
               SELECT jsonb_agg(jsonb_build_array(source, event_id, encode(value_hash, 'hex')))
                 FROM inbox
                WHERE consumer = $1
                  AND (source, event_id) IN (SELECT * FROM unnest($2::text[], $3::uuid[]))
           ), '[]') AS seen,
           coalesce((
               SELECT jsonb_agg(jsonb_build_array(topic, key, last_sequence))
                 FROM heard
                WHERE consumer = $1
                  AND (topic, key) IN (SELECT * FROM unnest($6::text[], $7::text[]))
           ), '[]') AS heard,
           coalesce((
               SELECT jsonb_agg(DISTINCT jsonb_build_array(topic, encode(key, 'hex'))) FROM held
           ), '[]') AS held,
           EXISTS (SELECT FROM waiting WHERE consumer = $1) AS is_anything_waiting
"""
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


def _kept(reading: Read) -> tuple[Any, ...]:
    record = reading.record
    where = (record.topic, record.partition, record.position, record.record_at)
    what = (record.key, reading.type, reading.sequence, record.kept_headers, record.value)
    return *where, *what


@dataclass
class Intake:
    """What one transaction takes in: judged against what is known, written together."""

    tx: Transaction
    consumer: Consumer
    born_late: frozenset[tuple[str, int]] = frozenset()
    may_park: int | None = None  # how many the breaker still lets through
    counts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    settled: list[Read] = field(default_factory=list[Read])  # since waiting ones were released
    parked: Counter[str] = field(default_factory=Counter[str])
    is_anything_waiting: bool = False
    _now: Any = None
    _seen: dict[tuple[str, UUID], bytes] = field(default_factory=dict[tuple[str, UUID], bytes])
    _heard: dict[tuple[str, str], int | None] = field(
        default_factory=dict[tuple[str, str], int | None]
    )
    _held: set[tuple[str, bytes | None]] = field(default_factory=set[tuple[str, bytes | None]])
    _inbox: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    _raised: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    _to_park: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    _to_wait: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])

    async def look_up(self, readings: Iterable[Read]) -> None:
        """Load what is known of these events' ids and cases, in one round trip."""
        known = [one for one in readings if one.record.key is not None]
        with_id = [one for one in known if one.event_id]
        with_key = {(one.record.topic, one.key) for one in known if one.key is not None}
        row = await self.tx.get_row(
            LOOK_UP.format(now=self.tx.database.now_sql),
            self.consumer.name,
            [one.source for one in with_id],
            [one.event_id for one in with_id],
            [one.record.topic for one in known],
            [one.record.key for one in known],
            [topic for topic, _ in with_key],
            [key for _, key in with_key],
        )
        self._now = row["now"]
        self.is_anything_waiting |= row["is_anything_waiting"]
        self._seen |= {(s, UUID(e)): bytes.fromhex(h) for s, e, h in row["seen"]}
        self._heard |= {(topic, key): last for topic, key, last in row["heard"]}
        self._held |= {(topic, bytes.fromhex(key)) for topic, key in row["held"]}

    async def take(
        self, reading: Read, verdict: Verdict | None = None, *, is_redrive: bool = False
    ) -> Outcome:
        """Judge one event and do what follows. Raises `Culprit` where its reaction raises.

        A redrive hands over the events of a parked case itself, in order: then neither the block
        nor the sequence is asked.
        """
        outcome, decided = self._judge(reading, verdict, is_redrive=is_redrive)
        if outcome is Outcome.HANDLED:
            await self._handle(reading)
        self._note(reading, outcome, decided)
        self.counts[reading.type or "unknown", outcome] += 1
        return outcome

    def _judge(
        self, reading: Read, verdict: Verdict | None, *, is_redrive: bool
    ) -> tuple[Outcome, Verdict | None]:
        if reading.event_id and (before := self._seen.get((reading.source, reading.event_id))):
            if before == reading.value_hash:
                return Outcome.REPEATED, None
            return Outcome.PARKED, Park(Reason.ID_CONFLICT, "this id was used for another body")
        if not is_redrive:
            if reading.record.case in self._held:
                return self._judge_behind_parked(reading)
            if (by_sequence := self._judge_sequence(reading)) is not None:
                return by_sequence
        if isinstance(verdict, Park):
            return Outcome.PARKED, verdict
        if isinstance(verdict, Wait):
            return Outcome.WAITING, verdict
        if reading.reason:
            return Outcome.PARKED, Park(reading.reason, reading.error)
        if reading.occurred_at and reading.occurred_at > self._now + CLOCK_TOLERANCE:
            return Outcome.PARKED, Park(Reason.CLOCK, "ce_time lies ahead of the database's clock")
        return (Outcome.HANDLED if reading.event else Outcome.IGNORED), None

    def _judge_behind_parked(self, reading: Read) -> tuple[Outcome, Verdict | None]:
        if reading.reason:
            return Outcome.PARKED, Park(reading.reason, reading.error)
        if reading.event is None:
            return Outcome.IGNORED, None
        return Outcome.BLOCKED, Park(Reason.BLOCKED, "an earlier event of this case is parked")

    def _judge_sequence(self, reading: Read) -> tuple[Outcome, Verdict | None] | None:
        """None when it is this event's turn (P4)."""
        if reading.sequence is None or reading.key is None:
            return None
        case = reading.record.topic, reading.key
        is_first_sight = case not in self._heard
        last = self._heard.get(case)
        if last is not None and reading.sequence <= last:
            return Outcome.REPEATED, None
        if reading.is_state or (last is None and not is_first_sight):
            return None
        if is_first_sight and reading.record.place in self.born_late:
            return None
        if reading.sequence == (last or 0) + 1:
            return None
        return Outcome.WAITING, Wait(FOR_THE_SEQUENCE, reading.key)

    async def _handle(self, reading: Read) -> None:
        event = reading.event
        if event is None:
            return
        logs.correlation_id.set(reading.correlation)
        logs.causation_id.set(str(reading.event_id))
        logs.trace_parent.set(reading.trace)
        try:
            for reaction in self.consumer.reactions_to(type(event)):
                if reaction.is_copy:
                    await reaction.handle(self.tx, event)
                elif not reading.is_restated:
                    await reaction.handle(self.tx, event, now=clock.now)
        except Exception as error:
            raise Culprit(reading.record) from error

    def _note(self, reading: Read, outcome: Outcome, verdict: Verdict | None) -> None:
        """Remember what has to be written, and let what follows in this batch see it."""
        record = reading.record
        if isinstance(verdict, Wait):
            missing = verdict.missing_type, verdict.missing_id
            self._to_wait.append((self.consumer.name, *missing, *_kept(reading)))
            self.is_anything_waiting = True
            return
        self.settled.append(reading)
        if reading.sequence is not None and reading.key is not None:
            case = record.topic, reading.key
            self._raised[case] = max(reading.sequence, self._raised.get(case, 0))
            self._heard[case] = max(reading.sequence, self._heard.get(case) or 0)
        if isinstance(verdict, Park):
            why = str(outcome), str(verdict.reason), verdict.error
            self._to_park.append((self.consumer.name, *why, *_kept(reading)))
            if outcome is Outcome.PARKED:
                self.parked[verdict.reason] += 1
            if self.may_park is not None and self.parked.total() > self.may_park:
                raise TooManyFaults
            if record.key is not None:
                self._held.add(record.case)
            return
        if outcome is Outcome.HANDLED and reading.event_id:
            identity = reading.source, reading.event_id
            self._seen[identity] = reading.value_hash
            where = record.topic, record.partition, record.position
            self._inbox.append((*identity, reading.value_hash, *where))

    async def write(self) -> None:
        """Write what was taken in; effects stand in this transaction already."""
        if self._inbox or self._raised:
            inbox = list(zip(*self._inbox, strict=True)) or [()] * 6
            raised = [(*case, last) for case, last in sorted(self._raised.items())]
            heard = list(zip(*raised, strict=True)) or [()] * 3
            await self.tx.execute(WRITE, self.consumer.name, *inbox, *heard)
        if self._to_park:
            await self.tx.execute_many(PARK, self._to_park)
            failpoint("worker.parked")
        if self._to_wait:
            await self.tx.execute_many(WAIT, self._to_wait)
        for written in (self._inbox, self._raised, self._to_park, self._to_wait):
            written.clear()


def verdict_on(error: BaseException | None) -> Verdict:
    """What a reaction's failure comes to: it came early, or it is a fault of ours."""
    if isinstance(error, Early):
        return Wait(error.missing_type, error.missing_id)
    return Park(Reason.HANDLER, described(error))


def described(error: BaseException | None) -> str:
    """Which error, and where; never its words, which may quote somebody's data."""
    name = type(error).__name__
    trace = error.__traceback__ if error else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return name
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{name} at {file}:{trace.tb_lineno}"
