"""Events put aside because they could not be applied, and the operator's hand that settles them.

A redrive runs a case's events in order through the same judgement as if they had just arrived; it
stops at the first that fails again. A discard says, with a reason, that one shall have no effect.
Both are audited, and neither publishes anything again: other consumers have had their turn.

The first open event of a case is `parked`, those behind it are `blocked`: whatever settles the first
makes the next one first, in the same transaction, so that none is ever blocked by nothing.
"""

from dataclasses import dataclass

import structlog

from chassis import audit, waiting
from chassis.actor import Actor
from chassis.database import TRANSIENT, Database, Row, Transaction
from chassis.decision import Invalid, NotFound, Refused
from chassis.failpoints import failpoint
from chassis.intake import Consumer, Culprit, Intake, Outcome, described
from chassis.metrics import OLDEST_PARKED, PARKED_NOW
from chassis.parts import Early
from chassis.records import Record, read

log = structlog.get_logger()

OPEN = ("parked", "blocked")
ALARM_AFTER = 15 * 60.0
TRIES = 3  # of one event, where the database refuses for a reason that passes

FIRST = """
    SELECT *
      FROM parked
     WHERE consumer = $1 AND topic = $2 AND key = $3 AND status IN ('parked', 'blocked')
     ORDER BY sequence NULLS FIRST, id
     LIMIT 1
       FOR UPDATE
"""


class ParkedEventNotFound(NotFound):
    """No event with this number is parked here."""


class AlreadySettled(Refused):
    """This event was redriven or discarded before."""


class ReasonIsMissing(Invalid):
    """Say why: a reason is needed for this."""


class EarlierEventWaits(Refused):
    """An earlier event of this case still waits for what it needs; settle that one first."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """What came of a redrive: how many events were applied, and where it stopped."""

    applied: int
    stopped_at: int | None = None
    error: str | None = None


async def redrive(
    database: Database, consumer: Consumer, parked_id: int, *, actor: Actor, reason: str
) -> Redriven:
    """Apply this event's whole case, in order, until one fails again.

    A transaction each: one that dies half-way has settled what it has settled, and is run again.
    """
    _ask_for(reason)
    if (await _find(database, consumer.name, parked_id))["status"] not in OPEN:
        raise AlreadySettled
    applied = 0
    while True:
        at, failure = await _redrive_first(
            database, consumer, parked_id, actor=actor, reason=reason
        )
        if at is None:
            return Redriven(applied)
        if failure is not None:
            await _note_failure(database, at, failure)
            return Redriven(applied, stopped_at=at, error=failure)
        applied += 1
        failpoint("worker.redriving")


async def discard(
    database: Database, consumer: str, parked_id: int, *, actor: Actor, reason: str
) -> None:
    """Settle one event without effect; those behind it stay until they are redriven."""
    _ask_for(reason)
    async with database.transaction() as tx:
        row = await tx.find_row(
            "SELECT * FROM parked WHERE consumer = $1 AND id = $2 FOR UPDATE", consumer, parked_id
        )
        if row is None:
            raise ParkedEventNotFound
        if row["status"] not in OPEN:
            raise AlreadySettled
        await _settle(tx, consumer, row, status="discarded", actor=actor, reason=reason)


async def measure(database: Database, consumer: str) -> None:
    """Set the gauges of what is parked; sound the alarm over what has been so for too long."""
    row = await database.get_row(
        """
        SELECT count(*) AS events,
               coalesce(extract(epoch FROM clock_timestamp() - min(first_failed_at)), 0)::float8
                   AS oldest
          FROM parked
         WHERE consumer = $1 AND status IN ('parked', 'blocked')
        """,
        consumer,
    )
    PARKED_NOW.labels(consumer).set(row["events"])
    OLDEST_PARKED.labels(consumer).set(row["oldest"])
    if row["oldest"] > ALARM_AFTER:
        log.error("parked.too_long", consumer=consumer, count=row["events"])


def _ask_for(reason: str) -> None:
    if not reason.strip():
        raise ReasonIsMissing


async def _find(database: Database, consumer: str, parked_id: int) -> Row:
    row = await database.find_row(
        "SELECT topic, key, status FROM parked WHERE consumer = $1 AND id = $2", consumer, parked_id
    )
    if row is None:
        raise ParkedEventNotFound
    return row


async def _redrive_first(
    database: Database, consumer: Consumer, parked_id: int, *, actor: Actor, reason: str
) -> tuple[int | None, str | None]:
    """Take in the first open event of the named one's case: its id, and why it failed if it did."""
    for attempt in range(1, TRIES + 1):
        at = None
        try:
            async with database.transaction() as tx:
                row = await _lock_first(tx, consumer.name, parked_id)
                if row is None:
                    return None, None
                at = row["id"]
                return at, await _apply(tx, consumer, row, actor=actor, reason=reason)
        except Culprit as culprit:
            if not isinstance(culprit.__cause__, TRANSIENT):
                return at, _why(culprit.__cause__)
            if attempt == TRIES:
                raise culprit.__cause__ from None
        except TRANSIENT:
            if attempt == TRIES:
                raise
    raise AssertionError("the last try has returned or raised")


async def _lock_first(tx: Transaction, consumer: str, parked_id: int) -> Row | None:
    """Hold the first open event of the named one's case; None when the case is settled.

    Workers read these rows with a shared lock before they let an event of the case pass, so none
    slips through between the last redrive and its commit. The first is the only one that is locked:
    two operators at one case queue up there.
    """
    named = await tx.get_row(
        "SELECT * FROM parked WHERE consumer = $1 AND id = $2", consumer, parked_id
    )
    if named["key"] is None:
        return await tx.find_row(
            "SELECT * FROM parked WHERE id = $1 AND status IN ('parked', 'blocked') FOR UPDATE",
            parked_id,
        )
    first = await tx.find_row(FIRST, consumer, named["topic"], named["key"])
    if first is not None:
        await _refuse_if_an_earlier_one_waits(tx, first)
    return first


async def _refuse_if_an_earlier_one_waits(tx: Transaction, row: Row) -> None:
    earlier = await tx.value(
        """
        SELECT id FROM waiting
         WHERE consumer = $1 AND topic = $2 AND key = $3 AND sequence < $4
         LIMIT 1
        """,
        row["consumer"],
        row["topic"],
        row["key"],
        row["sequence"],
    )
    if earlier is not None:
        raise EarlierEventWaits


async def _apply(
    tx: Transaction, consumer: Consumer, row: Row, *, actor: Actor, reason: str
) -> str | None:
    """Take one in. The words of the failure, when it cannot be applied still."""
    reading = read(Record.kept(row), known=consumer.known)
    if reading.reason:
        return f"{reading.reason}: {reading.error}"
    intake = Intake(tx, consumer)
    await intake.look_up([reading])
    if await intake.take(reading, is_redrive=True) is Outcome.PARKED:
        return ", ".join(intake.parked)
    await intake.write()
    await _settle(tx, consumer.name, row, status="redriven", actor=actor, reason=reason)
    # Judged afresh: what waited for this one is no longer held by it.
    await waiting.release(Intake(tx, consumer, settled=intake.settled))
    return None


async def _settle(
    tx: Transaction, consumer: str, row: Row, *, status: str, actor: Actor, reason: str
) -> None:
    await tx.execute(
        """
        UPDATE parked SET status = $2, resolved_at = clock_timestamp(), resolved_by = $3, note = $4
         WHERE id = $1
        """,
        row["id"],
        status,
        str(actor.person_ref or actor.name or actor.role),
        reason,
    )
    if row["key"] is not None:
        await _make_next_first(tx, consumer, row)
        if row["sequence"] is None:
            await _forget_sequence(tx, consumer, row)
    act = f"Event{status.capitalize()}"
    await audit.done(tx, actor=actor, act=act, subject=row["id"], reason=reason)


async def _make_next_first(tx: Transaction, consumer: str, row: Row) -> None:
    """Whatever is first now is parked: it keeps the case, and an operator is asked for it."""
    following = await tx.find_row(FIRST, consumer, row["topic"], row["key"])
    if following is not None and following["status"] == "blocked":
        await tx.execute("UPDATE parked SET status = 'parked' WHERE id = $1", following["id"])


async def _forget_sequence(tx: Transaction, consumer: str, row: Row) -> None:
    """Its number could not be read, so nobody knows which comes next: take that as it stands."""
    await tx.execute(
        """
        UPDATE heard SET last_sequence = NULL
         WHERE consumer = $1 AND topic = $2 AND convert_to(key, 'UTF8') = $3
           AND NOT EXISTS (
               SELECT FROM parked
                WHERE parked.consumer = $1 AND parked.topic = $2 AND parked.key = $3
                  AND status IN ('parked', 'blocked') AND sequence IS NOT NULL)
        """,
        consumer,
        row["topic"],
        row["key"],
    )


def _why(error: BaseException | None) -> str:
    if isinstance(error, Early):
        return f"needs {error.missing_type} {error.missing_id}, which is not known here yet"
    return described(error)


async def _note_failure(database: Database, parked_id: int, error: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            """
            UPDATE parked
               SET attempts = attempts + 1, error = $2, last_failed_at = clock_timestamp()
             WHERE id = $1
            """,
            parked_id,
            error,
        )
