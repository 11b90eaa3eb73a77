"""Events put aside because they could not be applied, and the operator's hand that settles them.

A redrive runs a case's events in order through the same judgement as if they had just arrived; it
stops at the first that fails again. A discard says, with a reason, that one shall have no effect.
Both are audited, and neither publishes anything again: other consumers have had their turn.
"""

from dataclasses import dataclass

from chassis import audit, waiting
from chassis.actor import Actor
from chassis.database import Database, Row, Transaction
from chassis.decision import Invalid, NotFound, Refused
from chassis.failpoints import failpoint
from chassis.intake import Consumer, Culprit, Intake, Outcome, described
from chassis.metrics import PARKED_NOW
from chassis.records import Reason, Record, read

OPEN = ("parked", "blocked")


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


async def list_parked(database: Database, consumer: str, *, most: int = 100) -> list[Row]:
    """Parked and blocked events, oldest first; without their bodies."""
    return await database.list_rows(
        """
        SELECT id, status, reason, error, attempts, type, topic, partition, position,
               encode(key, 'escape') AS key, sequence, first_failed_at, last_failed_at
          FROM parked
         WHERE consumer = $1 AND status IN ('parked', 'blocked')
         ORDER BY id
         LIMIT $2
        """,
        consumer,
        most,
    )


async def show(database: Database, consumer: str, parked_id: int) -> Row:
    """One parked event, whole."""
    row = await database.find_row(
        "SELECT * FROM parked WHERE consumer = $1 AND id = $2", consumer, parked_id
    )
    if row is None:
        raise ParkedEventNotFound
    return row


async def redrive(
    database: Database, consumer: Consumer, parked_id: int, *, actor: Actor, reason: str
) -> Redriven:
    """Apply this event's whole case, in order, until one fails again."""
    _ask_for(reason)
    applied, at = 0, parked_id
    while True:
        try:
            async with database.transaction() as tx:
                row = await _lock_first(tx, consumer.name, parked_id, is_begun=applied > 0)
                if row is None:
                    return Redriven(applied)
                at = row["id"]
                failure = await _apply(tx, consumer, row, actor=actor, reason=reason)
        except Culprit as culprit:
            failure = described(culprit.__cause__)
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
        row = await _lock(tx, consumer, parked_id)
        await _settle(tx, consumer, row, status="discarded", actor=actor, reason=reason)


async def measure(database: Database, consumer: str) -> None:
    """Set the gauge of what is parked."""
    parked = await database.value(
        "SELECT count(*) FROM parked WHERE consumer = $1 AND status IN ('parked', 'blocked')",
        consumer,
    )
    PARKED_NOW.labels(consumer).set(parked)


def _ask_for(reason: str) -> None:
    if not reason.strip():
        raise ReasonIsMissing


async def _lock(tx: Transaction, consumer: str, parked_id: int) -> Row:
    row = await tx.find_row(
        "SELECT * FROM parked WHERE consumer = $1 AND id = $2 FOR UPDATE", consumer, parked_id
    )
    if row is None:
        raise ParkedEventNotFound
    if row["status"] not in OPEN:
        raise AlreadySettled
    return row


async def _lock_first(
    tx: Transaction, consumer: str, parked_id: int, *, is_begun: bool
) -> Row | None:
    """Hold the first open event of the named one's case; None when the case is settled.

    Workers read these rows with a shared lock before they let an event of the case pass, so none
    slips through between the last redrive and its commit.
    """
    named = await tx.find_row(
        "SELECT * FROM parked WHERE consumer = $1 AND id = $2", consumer, parked_id
    )
    if named is None:
        raise ParkedEventNotFound
    if not is_begun:
        named = await _lock(tx, consumer, parked_id)
    if named["key"] is None:
        return named if named["status"] in OPEN else None
    await _refuse_if_an_earlier_one_waits(tx, named)
    return await tx.find_row(
        """
        SELECT *
          FROM parked
         WHERE consumer = $1 AND topic = $2 AND key = $3 AND status IN ('parked', 'blocked')
         ORDER BY sequence NULLS FIRST, id
         LIMIT 1
           FOR UPDATE
        """,
        consumer,
        named["topic"],
        named["key"],
    )


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
    outcome = await intake.take(reading, is_redrive=True)
    if outcome is Outcome.PARKED:
        return str(Reason.ID_CONFLICT)
    await intake.write()
    await _settle(tx, consumer.name, row, status="redriven", actor=actor, reason=reason)
    await waiting.release(intake)
    return None


async def _settle(
    tx: Transaction, consumer: str, row: Row, *, status: str, actor: Actor, reason: str
) -> None:
    who = str(actor.person_ref or actor.name or actor.role)
    await tx.execute(
        "UPDATE parked SET status = $2, resolved_by = $3, note = $4 WHERE id = $1",
        row["id"],
        status,
        who,
        reason,
    )
    if row["sequence"] is None and row["key"] is not None:
        await _forget_sequence(tx, consumer, row)
    act = f"Event{status.capitalize()}"
    await audit.done(tx, actor=actor, act=act, subject=row["id"], reason=reason)


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
