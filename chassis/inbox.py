"""From the log to its effects, once: a batch of records is one transaction.

The position rows are locked first, so that a process which was put to sleep and wakes up finds them
moved and is refused. Effects, inbox rows, sequences and positions commit together; the offsets Kafka
keeps are for onlookers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chassis import positions, waiting
from chassis.database import Transaction
from chassis.failpoints import failpoint
from chassis.intake import Consumer, Intake
from chassis.judging import Known, Verdict
from chassis.positions import Place, Position
from chassis.records import Read, Record, read


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a batch, once it is committed."""

    intake: Intake
    moved: Mapping[Place, Position]
    refused: Mapping[Place, int]  # records of partitions that somebody else has moved


async def take_in(
    tx: Transaction,
    consumer: Consumer,
    records: Sequence[Record],
    at: Mapping[Place, Position],
    verdicts: Mapping[Record, Verdict] | None = None,
    *,
    may_park: int | None = None,
) -> Taken:
    """Take in a batch, in the order of cases; within a case in the order of the log.

    `at` is where the caller believes to be. Where the row says otherwise, somebody else reads that
    partition, or reads another log by now: nothing of it is taken in. Raises `Culprit` when a reaction
    raises: the caller rolls back and tries that one alone. Raises `TooManyFaults` rather than park
    more than `may_park`.
    """
    held = await positions.lock(tx, consumer.name, sorted({record.place for record in records}))
    failpoint("worker.positioned")
    ours = {place for place, position in held.items() if at.get(place) == position}
    refused = dict[Place, int]()
    readings: list[Read] = []
    for record in records:
        if record.place not in ours:
            refused[record.place] = refused.get(record.place, 0) + 1
        elif record.position >= held[record.place].next_position:
            readings.append(read(record, known=consumer.known))
    moved = _moved(held, readings)
    late = [place for place, position in moved.items() if position.born_late]
    intake = Intake(tx, consumer, Known(born_late=late), may_park, is_gathering=True)
    if readings:
        await _take(intake, readings, verdicts or {})
        await positions.move(tx, consumer.name, moved)
        if intake.known.is_anything_waiting:
            await waiting.release(intake)
    failpoint("worker.taken_in")
    return Taken(intake, moved, refused)


async def _take(
    intake: Intake, readings: Sequence[Read], verdicts: Mapping[Record, Verdict]
) -> None:
    await intake.look_up(readings)
    for number, reading in enumerate(sorted(readings, key=lambda one: one.record.key or b"")):
        if number:
            failpoint("worker.reacting")
        await intake.take(reading, verdicts.get(reading.record))
    await intake.write()


def _moved(held: Mapping[Place, Position], readings: Sequence[Read]) -> dict[Place, Position]:
    """Where each partition stands behind these.

    The first record ever taken from a log tells whether that log has its beginning still: one that was
    trimmed, or refilled on a new broker, starts further on. Of it, what is first seen of a case is
    taken as it stands (P4).
    """
    moved: dict[Place, Position] = {}
    for reading in readings:
        record, before = reading.record, moved.get(reading.record.place)
        if before is None:
            before = held[record.place]
            if before.last_record_at is None and record.position > 0:
                before = replace(before, born_late=True)
        moved[record.place] = Position(
            record.position + 1, reading.event_id, record.record_at, before.born_late
        )
    return moved
