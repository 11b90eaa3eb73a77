"""Events that came before what they need: a fact, or an earlier event of their own case.

They are released in the transaction that brings it, in order. Two workers can miss each other, one
storing the fact while the other finds it missing; so a sweep looks again at what still waits.
"""

from collections.abc import Sequence

import structlog

from chassis.database import FROM_POSTGRES, Database, Row, Transaction
from chassis.intake import Consumer, Culprit, Intake
from chassis.judging import FOR_ANOTHER_TRY, FOR_THE_SEQUENCE, Outcome, Verdict, verdict_on
from chassis.metrics import OLDEST_WAITING, WAITING_NOW
from chassis.parts import Early
from chassis.records import Read, Record, read

log = structlog.get_logger()

ALARM_AFTER = 15 * 60.0
AT_ONCE = 100
TRIES = 3

RELEASED = """
    SELECT *
      FROM waiting
     WHERE consumer = $1
       AND ((missing_type, missing_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
            OR missing_type = $4
               AND (topic, key, sequence)
                   IN (SELECT * FROM unnest($5::text[], $6::bytea[], $7::bigint[])))
     ORDER BY id
       FOR UPDATE SKIP LOCKED
"""
READY = """
    SELECT id
      FROM waiting
     WHERE consumer = $1
       AND CASE WHEN missing_type = $2
                THEN EXISTS (
                    SELECT FROM heard
                     WHERE heard.consumer = waiting.consumer
                       AND heard.topic = waiting.topic
                       AND heard.key = waiting.missing_id
                       AND coalesce(heard.last_sequence, waiting.sequence) >= waiting.sequence - 1)
                ELSE tried_at < clock_timestamp() - interval '2 seconds'
           END
     ORDER BY tried_at, id
     LIMIT $3
"""
HELD = "SELECT * FROM waiting WHERE id = $1 FOR UPDATE SKIP LOCKED"
STILL_WAITING = """
    UPDATE waiting SET missing_type = $2, missing_id = $3, tried_at = clock_timestamp() WHERE id = $1
"""


async def release(intake: Intake) -> None:
    """Settle what waited for the events just taken in, and what waited for those in turn."""
    intake.is_gathering = False
    while intake.settled:
        for row in await _list_released(intake):
            try:
                await _settle(intake, row)
            except Culprit as culprit:
                if isinstance(culprit.__cause__, FROM_POSTGRES):
                    raise culprit.__cause__ from None
                await _keep_waiting(intake.tx, row, culprit.__cause__)


async def _list_released(intake: Intake) -> Sequence[Row]:
    settled, intake.settled = intake.settled, []
    facts = {
        (reading.type, fact)
        for reading in settled
        if reading.event
        for fact in (reading.event.subject, reading.event.key)
    }
    followers = {
        (*reading.record.case, reading.sequence + 1)
        for reading in settled
        if reading.sequence is not None
    }
    return await intake.tx.list_rows(
        RELEASED,
        intake.consumer.name,
        *_columns(sorted(facts, key=str), 2),
        FOR_THE_SEQUENCE,
        *_columns(sorted(followers, key=str), 3),
    )


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]


async def _settle(intake: Intake, row: Row, verdict: Verdict | None = None) -> Outcome:
    """Take in one that waited, in a savepoint of its own. Raises `Culprit` and changes nothing."""
    reading: Read = read(Record.kept(row), known=intake.consumer.known)
    await intake.look_up([reading])
    async with intake.tx.savepoint():
        outcome = await intake.take(reading, verdict)
        if outcome is not Outcome.WAITING:
            await intake.tx.execute("DELETE FROM waiting WHERE id = $1", row["id"])
        await intake.write()
    return outcome


async def _keep_waiting(tx: Transaction, row: Row, cause: BaseException | None) -> None:
    """It needs yet another fact; or its reaction is faulty, and the sweep tries that one alone."""
    missing = (FOR_ANOTHER_TRY, "")
    if isinstance(cause, Early):
        missing = (cause.missing_type, cause.missing_id)
    await tx.execute(STILL_WAITING, row["id"], *missing)


async def sweep(database: Database, consumer: Consumer) -> int:
    """Look again at what waits, one transaction each; how many were settled."""
    settled = 0
    for row in await database.list_rows(READY, consumer.name, FOR_THE_SEQUENCE, AT_ONCE):
        settled += await _look_again(database, consumer, row["id"])
    return settled


async def _look_again(database: Database, consumer: Consumer, waiting_id: int) -> bool:
    """Try one alone, three times at most; then it is parked like any other."""
    verdict: Verdict | None = None
    for attempt in range(1, TRIES + 2):
        try:
            async with database.transaction() as tx:
                row = await tx.find_row(HELD, waiting_id)
                if row is None:
                    return False
                intake = Intake(tx, consumer)
                outcome = await _settle(intake, row, verdict)
                await release(intake)
            return outcome is not Outcome.WAITING
        except Culprit as culprit:
            if isinstance(culprit.__cause__, FROM_POSTGRES):
                raise culprit.__cause__ from None
            if isinstance(culprit.__cause__, Early):
                async with database.transaction() as tx:
                    await _keep_waiting(tx, {"id": waiting_id}, culprit.__cause__)
                return False
            if attempt >= TRIES:
                verdict = verdict_on(culprit.__cause__)
    return False


async def measure(database: Database, consumer: Consumer) -> None:
    """Set the gauges of what waits; sound the alarm over what has waited too long."""
    row = await database.get_row(
        """
        SELECT count(*) AS events,
               coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0)::float8 AS oldest
          FROM waiting
         WHERE consumer = $1
        """,
        consumer.name,
    )
    WAITING_NOW.labels(consumer.name).set(row["events"])
    OLDEST_WAITING.labels(consumer.name).set(row["oldest"])
    if row["oldest"] > ALARM_AFTER:
        log.error("waiting.too_long", consumer=consumer.name, count=row["events"])
