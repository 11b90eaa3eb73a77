"""`restate KIND`: the owner tells its current facts anew, for readers whose copies were lost.

A log forgets after 30 days and an outbox after 35, but rule sets and hosts live for years: so a copy
can be made at any age. A batch of cases is one transaction, and so is the note of how far it came: a
run that was cut off goes on from there, and two at once share the work. The row that numbers a case is
held before the case is read: so what is told is what is so at the commit, and no change overtakes it.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis import audit, outbox
from chassis.actor import Actor
from chassis.database import Database, Reader, Transaction
from chassis.failpoints import failpoint
from chassis.parts import Parts, Restatement
from chassis.settings import Settings

AT_ONCE = 200
BEFORE_ALL = UUID(int=0)

BEGIN = """
    INSERT INTO restatements (kind, after, told) VALUES ($1, to_jsonb($2::text), 0)
        ON CONFLICT (kind) DO UPDATE
           SET after = excluded.after, told = 0, begun_at = clock_timestamp(), ended_at = NULL
"""
HELD = "SELECT after, told FROM restatements WHERE kind = $1 AND ended_at IS NULL FOR UPDATE"
CAME_TO = "UPDATE restatements SET after = to_jsonb($2::text), told = $3 WHERE kind = $1"
END = "UPDATE restatements SET ended_at = clock_timestamp() WHERE kind = $1"


@dataclass(frozen=True, slots=True)
class Come:
    """How far a kind has come: `after` is the last case told; never begun where `begun_at` is missing."""

    after: UUID = BEFORE_ALL
    told: int = 0
    begun_at: datetime | None = None
    ended_at: datetime | None = None


async def look(reader: Reader, parts: Parts, kind: str, *, anew: bool) -> tuple[Come, int]:
    """How far it has come, and how many cases are still to be told."""
    row = await reader.find_row(
        "SELECT after, told, begun_at, ended_at FROM restatements WHERE kind = $1", kind
    )
    come = Come()
    if row is not None and not anew:
        come = Come(UUID(row["after"]), row["told"], row["begun_at"], row["ended_at"])
    if come.ended_at:
        return come, 0
    counted = f"SELECT count(*) FROM ({parts.restatements[kind].cases}) AS cases"  # noqa: S608 - ours
    left = await reader.value(counted, come.after, None)
    return come, left


async def restate(
    parts: Parts,
    settings: Settings,
    database: Database,
    kind: str,
    *,
    actor: Actor,
    reason: str,
    anew: bool = False,
) -> AsyncGenerator[tuple[int, int]]:
    """Tell a kind of facts anew, or go on where a run was cut off.

    Yields after each batch how many cases this run has told, and how many it had to tell.
    `anew` begins again.
    """
    statement = parts.restatements[kind]
    come, left = await look(database, parts, kind, anew=anew)
    if come.ended_at:
        return
    async with database.transaction() as tx:
        if come.begun_at is None:
            await tx.execute(BEGIN, kind, str(BEFORE_ALL))
        await audit.done(tx, actor=actor, act="Restate", subject=kind, reason=reason)
    tell = statement.tell_by(settings)
    cases = 0
    while True:
        async with database.transaction() as tx:
            held = await tx.find_row(HELD, kind)
            if held is None:  # another run has ended it
                return
            keys = await _next(tx, statement, UUID(held["after"]))
            if not keys:
                await tx.execute(END, kind)
            else:
                await outbox.hold(tx, statement.topics, keys)
                told = held["told"] + await outbox.record_anew(tx, await tell(tx, keys))
                await tx.execute(CAME_TO, kind, str(keys[-1]), told)
        if not keys:
            return
        failpoint("restate.half")
        cases += len(keys)
        yield cases, max(cases, left)


async def _next(tx: Transaction, statement: Restatement, after: UUID) -> list[UUID]:
    rows = await tx.list_rows(statement.cases, after, AT_ONCE)
    return [key for row in rows for key in row.values()]
