"""What is to become of an event, by what is known of its id and of its case. Changes nothing.

Known is the id (`inbox`), how far its case was heard (`heard`), what of the case is set aside
(`parked`), and whom the service has erased; one statement loads it for a whole batch.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.database import Transaction
from chassis.parts import Early
from chassis.positions import Place
from chassis.records import CLOCK_TOLERANCE, Read, Reason

FOR_THE_SEQUENCE = "sequence"
"""What a waiting event misses when an earlier one of its case has not come."""
FOR_ANOTHER_TRY = "another try"
"""What it misses when its own reaction failed while it was being released."""


class Outcome(StrEnum):
    """What came of an event."""

    HANDLED = "handled"
    IGNORED = "ignored"  # nobody here listens to its type
    REPEATED = "repeated"
    DROPPED = "dropped"  # it is about a person who was erased
    PARKED = "parked"
    BLOCKED = "blocked"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Wait:
    """This one waits for a fact."""

    missing_type: str
    missing_id: str


@dataclass(frozen=True, slots=True)
class Park:
    """This one is put aside."""

    reason: Reason
    error: str


Verdict = Wait | Park
Judgement = tuple[Outcome, Verdict | None]
Case = tuple[str, bytes | None]

# Of each case the first open event is locked, shared, and that is the one a redrive locks: it is over
# then, or has not begun. Whether that one has a number tells whether all have.
LOOK_UP = """
    WITH asked AS (
        SELECT DISTINCT topic, key FROM unnest($4::text[], $5::bytea[]) AS asked (topic, key)
    ), held AS (
        SELECT asked.topic, asked.key, first.sequence IS NOT NULL AS is_countable
          FROM asked, LATERAL (
                   SELECT sequence FROM parked
                    WHERE consumer = $1 AND topic = asked.topic AND key = asked.key
                      AND status IN ('parked', 'blocked')
                    ORDER BY sequence NULLS FIRST, id
                    LIMIT 1
                      FOR SHARE
               ) AS first
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
               SELECT jsonb_agg(jsonb_build_array(topic, encode(key, 'hex'), is_countable))
                 FROM held
           ), '[]') AS held,
           coalesce((
               SELECT jsonb_agg(jsonb_build_array(parked.topic, encode(parked.key, 'hex'), sequence))
                 FROM held JOIN parked USING (topic, key)
                WHERE consumer = $1 AND status IN ('parked', 'blocked')
                  AND (parked.topic, parked.key, sequence)
                      IN (SELECT * FROM unnest($4::text[], $5::bytea[], $8::bigint[]))
           ), '[]') AS set_aside,
           coalesce((
               SELECT jsonb_agg(encode(person_hash, 'hex')) FROM erased_persons
                WHERE person_hash = ANY ($9::bytea[])
           ), '[]') AS erased,
           EXISTS (SELECT FROM waiting WHERE consumer = $1) AS is_anything_waiting
"""


@dataclass
class Known:
    """What one transaction knows of the events it judges; it learns from each that is settled."""

    born_late: Collection[Place] = ()
    is_anything_waiting: bool = False
    _now: datetime | None = None
    _seen: dict[tuple[str, UUID], bytes] = field(default_factory=dict[tuple[str, UUID], bytes])
    _heard: dict[tuple[str, str], int | None] = field(
        default_factory=dict[tuple[str, str], int | None]
    )
    _held: dict[Case, bool] = field(default_factory=dict[Case, bool])  # by whether all have numbers
    _set_aside: set[tuple[Case, int]] = field(default_factory=set[tuple[Case, int]])
    _erased: set[bytes] = field(default_factory=set[bytes])

    async def look_up(self, tx: Transaction, consumer: str, readings: Iterable[Read]) -> None:
        """Load what is known of these events' ids and cases, in one round trip."""
        known = [one for one in readings if one.record.key is not None]
        with_id = [one for one in known if one.event_id]
        with_key = {(one.record.topic, one.key) for one in known if one.key is not None}
        row = await tx.get_row(
            LOOK_UP.format(now=tx.database.now_sql),
            consumer,
            [one.source for one in with_id],
            [one.event_id for one in with_id],
            [one.record.topic for one in known],
            [one.record.key for one in known],
            [topic for topic, _ in with_key],
            [key for _, key in with_key],
            [one.sequence for one in known],
            [one.person_hash for one in known if one.person_hash],
        )
        self._now = row["now"]
        self.is_anything_waiting |= row["is_anything_waiting"]
        self._seen |= {(s, UUID(e)): bytes.fromhex(h) for s, e, h in row["seen"]}
        self._heard |= {(topic, key): last for topic, key, last in row["heard"]}
        self._held |= {(topic, bytes.fromhex(key)): each for topic, key, each in row["held"]}
        self._set_aside |= {((t, bytes.fromhex(key)), n) for t, key, n in row["set_aside"]}
        self._erased |= {bytes.fromhex(one) for one in row["erased"]}

    def judge(self, reading: Read, verdict: Verdict | None, *, is_redrive: bool) -> Judgement:
        """Say what becomes of it; `verdict` is what its own tries have come to.

        A redrive hands over the events of a case that is held, in order: then neither the hold nor
        the sequence is asked.
        """
        if reading.event_id and (before := self._seen.get((reading.source, reading.event_id))):
            if before == reading.value_hash:
                return Outcome.REPEATED, None
            return Outcome.PARKED, Park(Reason.ID_CONFLICT, "this id was used for another body")
        if not is_redrive and (by_case := self._judge_case(reading)):
            return by_case
        if reading.reason:
            return Outcome.PARKED, Park(reading.reason, reading.error)
        if isinstance(verdict, Park):
            return Outcome.PARKED, verdict
        if isinstance(verdict, Wait):
            return Outcome.WAITING, verdict
        if self._now and reading.occurred_at and reading.occurred_at > self._now + CLOCK_TOLERANCE:
            return Outcome.PARKED, Park(Reason.CLOCK, "ce_time lies ahead of the database's clock")
        if reading.event is None:
            return Outcome.IGNORED, None
        return (Outcome.DROPPED if reading.person_hash in self._erased else Outcome.HANDLED), None

    def _judge_case(self, reading: Read) -> Judgement | None:
        """None when nothing of its case stands before it."""
        case = reading.record.case
        if case not in self._held:
            return self._judge_sequence(reading)
        if (case, reading.sequence) in self._set_aside:
            return Outcome.REPEATED, None
        if self._held[case] and (by_sequence := self._judge_sequence(reading)):
            return by_sequence
        if reading.reason:
            return Outcome.PARKED, Park(reading.reason, reading.error)
        if reading.event is None:
            return Outcome.IGNORED, None
        return Outcome.BLOCKED, Park(Reason.BLOCKED, "an earlier event of this case is parked")

    def _judge_sequence(self, reading: Read) -> Judgement | None:
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
        if is_first_sight and reading.is_restated:
            return None  # it stands for what came before it
        if is_first_sight and reading.record.place in self.born_late:
            return None
        if reading.sequence == (last or 0) + 1:
            return None
        return Outcome.WAITING, Wait(FOR_THE_SEQUENCE, reading.key)

    def learn(self, reading: Read, outcome: Outcome) -> int | None:
        """Let what follows in this transaction see it. The number up to which its case is heard."""
        record = reading.record
        if outcome in (Outcome.HANDLED, Outcome.DROPPED) and reading.event_id:
            self._seen[reading.source, reading.event_id] = reading.value_hash
        if outcome in (Outcome.PARKED, Outcome.BLOCKED) and record.key is not None:
            has_number = reading.sequence is not None
            self._held[record.case] = self._held.get(record.case, True) and has_number
            if reading.sequence is not None:
                self._set_aside.add((record.case, reading.sequence))
        if reading.sequence is None or reading.key is None:
            return None
        case = record.topic, reading.key
        self._heard[case] = max(reading.sequence, self._heard.get(case) or 0)
        return self._heard[case]


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
