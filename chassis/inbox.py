"""From the log to its effects, once: a batch of records is one transaction.

The position rows are locked first, so that a process which was put to sleep and wakes up finds them
moved and drops what is done. Effects, inbox rows, sequences and positions commit together; the
offsets Kafka keeps are for onlookers.
"""

from collections.abc import Mapping, Sequence

from chassis import positions, waiting
from chassis.database import Transaction
from chassis.failpoints import failpoint
from chassis.intake import Consumer, Intake, Verdict
from chassis.records import Record, read


async def take_in(
    tx: Transaction,
    consumer: Consumer,
    records: Sequence[Record],
    verdicts: Mapping[Record, Verdict] | None = None,
    *,
    may_park: int | None = None,
) -> Intake:
    """Take in a batch, in the order of cases; within a case in the order of the log.

    Raises `Culprit` when a reaction raises: the caller rolls back and tries that one alone. The
    position rows must exist; records that lie before them are done already. Raises `TooManyFaults`
    rather than park more than `may_park`.
    """
    places = sorted({record.place for record in records})
    held = await positions.lock(tx, consumer.name, places)
    failpoint("worker.positioned")
    readings = [
        read(record, known=consumer.known)
        for record in records
        if record.place in held and record.position >= held[record.place]["next_position"]
    ]
    newest = {reading.record.place: reading for reading in readings}
    first = {reading.record.place: reading.record for reading in reversed(readings)}
    late = {
        place
        for place, row in held.items()
        if row["born_late"]
        or (row["last_record_at"] is None and place in first and first[place].position > 0)
    }
    intake = Intake(tx, consumer, frozenset(late), may_park)
    if not readings:
        return intake
    await intake.look_up(readings)
    verdicts = verdicts or {}
    for number, reading in enumerate(sorted(readings, key=lambda one: one.record.key or b"")):
        if number:
            failpoint("worker.reacting")
        await intake.take(reading, verdicts.get(reading.record))
    await intake.write()
    moved = [
        (*place, one.record.position + 1, one.event_id, one.record.record_at, place in late)
        for place, one in sorted(newest.items())
    ]
    await positions.move(tx, consumer.name, moved)
    if intake.is_anything_waiting:
        await waiting.release(intake)
    failpoint("worker.taken_in")
    return intake
