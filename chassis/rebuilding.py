"""`rebuild COPY`: a copy made anew from the topics, beside the old one, compared, and put in its place.

The new tables are the session's own temporary ones, under the very names of the old: so the same
reactions fill them, judged as a reader's first look is (`inbox.py`), and nothing is left behind when
the command is killed. Inbox, sequences and positions of this reading are temporary too: that is its
own group. It reads up to where the worker stands, holds it there for the last records, and makes the
old table equal to the new one in that same transaction, row by row: whoever refers to a row that was
right all along notices nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis import audit, history
from chassis.actor import Actor
from chassis.database import Database, Transaction, connect
from chassis.decision import NotFound, Refused
from chassis.inbox import take_in
from chassis.intake import Consumer, Culprit
from chassis.parts import Kept, Parts, Reaction
from chassis.positions import Place, Position
from chassis.settings import Settings
from schemas.envelope import Event

OF_A_READER = ("inbox", "positions", "heard", "parked", "waiting")

SHADOW = "CREATE TEMP TABLE {name} (LIKE {schema}.{name} INCLUDING ALL)"
COLUMNS = """
    SELECT attname AS name,
           attnum = ANY (SELECT unnest(indkey::smallint[]) FROM pg_index
                          WHERE indrelid = $1::regclass AND indisprimary) AS is_key
      FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
     ORDER BY attnum
"""
DIFFERENCES = """
    SELECT count(*) FILTER (WHERE old_one IS NULL) AS missing,
           count(*) FILTER (WHERE new_one IS NULL) AS surplus,
           count(*) FILTER (WHERE new_one IS NOT NULL AND old_one IS NOT NULL
                                  AND ({new}) IS DISTINCT FROM ({old})) AS other
      FROM (SELECT true AS new_one, * FROM pg_temp.{name}) AS new
      FULL JOIN (SELECT true AS old_one, * FROM {schema}.{name}) AS old
            ON ({new_keys}) = ({old_keys})
"""
PUT = """
    INSERT INTO {schema}.{name} AS old ({columns})
    SELECT {columns} FROM pg_temp.{name} AS new
        ON CONFLICT ({keys}) DO UPDATE SET {assigned}
     WHERE ({old}) IS DISTINCT FROM ({excluded})
"""
TAKE_AWAY = """
    DELETE FROM {schema}.{name} AS old
     WHERE NOT EXISTS (SELECT FROM pg_temp.{name} AS new WHERE ({new_keys}) = ({old_keys}))
"""
HELD = """
    SELECT topic, partition, next_position, last_event_id, last_record_at, born_late
      FROM {schema}.positions
     WHERE consumer = $1
"""


class CopyNotFound(NotFound):
    """No copy of this name is declared here: see `rebuild --help`."""


class WorkerIsElsewhere(Refused):
    """The worker has not read this log up to where it says it stands. Let it catch up, then run this again."""

    status = 503


class EventCannotBeApplied(Refused):
    """A reaction failed on one of the events: mend it first. Nothing was changed."""


class LogIsTrimmed(Refused):
    """The old copy holds rows that the log no longer tells of. Have their owner restate them, or add --forget."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Between the old and the new of one table, by the number of rows."""

    table: str
    missing: int  # the old one had not
    surplus: int  # the new one has not
    other: int  # are there in both, and not the same

    @property
    def are_none(self) -> bool:
        """Whether the old one was right."""
        return not (self.missing or self.surplus or self.other)


def copy_named(parts: Parts, table: str) -> Kept:
    """The declared copy that a table is part of. Raises `CopyNotFound`."""
    for kept in parts.copies:
        if table in kept.tables:
            return kept
    raise CopyNotFound


def reader_of(parts: Parts, kept: Kept) -> Consumer:
    """The service's consumer, doing nothing but fill this copy."""
    whole = Consumer.of(parts)
    reactions: dict[type[Event], tuple[Reaction, ...]] = {}
    for kind in whole.reactions:
        filling = tuple(r for r in whole.reactions_to(kind) if r.handle in kept.filled_by)
        if filling:
            reactions[kind] = filling
    return Consumer(whole.name, reactions)


async def rebuild(
    parts: Parts,
    settings: Settings,
    database: Database,
    table: str,
    *,
    actor: Actor | None,
    reason: str = "",
    may_forget: bool = False,
    tell: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> list[Differences]:
    """Make a copy anew and tell how the old one differed; without an actor that is all.

    Raises `LogIsTrimmed` rather than take away what the log merely forgot.
    """
    kept = copy_named(parts, table)
    session = await connect(database.dsn, application=f"{parts.name}.operator")
    try:
        for name in (*OF_A_READER, *kept.tables):
            await session.execute(SHADOW.format(name=name, schema=parts.name))
        tx = Transaction(session, database)
        async with history.opened(settings) as past:
            making = Making(tx, past, reader_of(parts, kept), parts.name)
            bounds = await making.begin()
            await making.read_on(tell)
            async with session.transaction():
                await making.read_to_the_worker()
                found = [await _compare(tx, parts.name, name, kept) for name in kept.tables]
                if actor is None or all(one.are_none for one in found):
                    return found
                is_whole = not any(bounds.is_trimmed(t.name) for t in making.consumer.topics)
                if not (is_whole or may_forget) and any(one.surplus for one in found):
                    raise LogIsTrimmed
                await _replace(tx, parts.name, kept)
                for one in found:
                    subject = f"{one.table} +{one.missing} -{one.surplus} ~{one.other}"
                    await audit.done(
                        tx, actor=actor, act="RebuildCopy", subject=subject, reason=reason
                    )
        return found
    finally:
        session.terminate()


@dataclass
class Making:
    """The reading that fills the new tables, and how far it has come."""

    tx: Transaction
    past: history.History
    consumer: Consumer
    schema: str
    _reached: dict[Place, Position] = field(default_factory=dict[Place, Position])
    _from: dict[Place, int] = field(default_factory=dict[Place, int])
    _taken: int = 0

    async def begin(self) -> history.Bounds:
        """From the first record that is kept."""
        bounds = await self.past.bounds(self.consumer.topics)
        self._reached = {place: Position() for place in bounds.first}
        self._from = dict(bounds.first)
        await self.tx.execute_many(
            "INSERT INTO positions (consumer, topic, partition, next_position) VALUES ($1, $2, $3, 0)",
            [(self.consumer.name, *place) for place in self._reached],
        )
        return bounds

    async def read_on(self, tell: Callable[[int, int | None], None]) -> None:
        """Up to where the worker stands now, in transactions of their own."""
        ends = _ends(self._from, await self._positions(HELD))
        total = sum(end - self._from[place] for place, end in ends.items())
        async for records in self.past.read(self._from, ends):
            async with self.tx.savepoint():  # which is a transaction, where none is open
                await self._take(records)
            tell(self._taken, total)
        self._from |= ends

    async def read_to_the_worker(self) -> None:
        """The last few, while the worker is held where it stands. Raises `WorkerIsElsewhere`."""
        theirs = await self._positions(HELD + " FOR UPDATE")
        ends = _ends(self._from, theirs)
        async for records in self.past.read(self._from, ends):
            await self._take(records)
        for place, ours in self._reached.items():
            if place in theirs and not _is_same(ours, theirs[place]):
                raise WorkerIsElsewhere

    async def _take(self, records: list[Any]) -> None:
        try:
            taken = await take_in(self.tx, self.consumer, records, self._reached)
        except Culprit as culprit:
            raise EventCannotBeApplied from culprit.__cause__
        self._reached.update(taken.moved)
        self._taken += len(records)

    async def _positions(self, sql: str) -> dict[Place, Position]:
        rows = await self.tx.list_rows(sql.format(schema=self.schema), self.consumer.name)
        return {(row["topic"], row["partition"]): Position.of(row) for row in rows}


def _ends(begin: Mapping[Place, int], theirs: Mapping[Place, Position]) -> dict[Place, int]:
    """Never further than the worker: what it has not applied is not in its copy either."""
    stands = {place: theirs[place].next_position if place in theirs else 0 for place in begin}
    return {place: max(start, stands[place]) for place, start in begin.items()}


def _is_same(ours: Position, theirs: Position) -> bool:
    """Whether both have read the same record last."""
    if theirs.last_record_at is None:
        return True
    return ours.last_record_at is None or (
        (ours.next_position, ours.last_event_id, ours.last_record_at)
        == (theirs.next_position, theirs.last_event_id, theirs.last_record_at)
    )


async def _compare(tx: Transaction, schema: str, name: str, kept: Kept) -> Differences:
    row = await tx.get_row(DIFFERENCES.format(**await _words(tx, schema, name, kept)))
    return Differences(name, **row)


async def _replace(tx: Transaction, schema: str, kept: Kept) -> None:
    """Referred to before referring; the other way round for what goes."""
    for name in kept.tables:
        await tx.execute(PUT.format(**await _words(tx, schema, name, kept)))
    for name in reversed(kept.tables):
        await tx.execute(TAKE_AWAY.format(**await _words(tx, schema, name, kept)))


async def _words(tx: Transaction, schema: str, name: str, kept: Kept) -> dict[str, str]:
    """The lists of columns that the statements are made of; a key alone is its own value."""
    rows = await tx.list_rows(COLUMNS, f"{schema}.{name}")
    copied = [row["name"] for row in rows if row["name"] not in kept.own]
    keys = [row["name"] for row in rows if row["is_key"]]
    values = [column for column in copied if column not in keys] or keys

    def of(alias: str, columns: list[str]) -> str:
        return ", ".join(f"{alias}.{column}" for column in columns)

    return {
        "schema": schema,
        "name": name,
        "columns": ", ".join(copied),
        "keys": ", ".join(keys),
        "assigned": ", ".join(f"{each} = excluded.{each}" for each in values),
        "new": of("new", values),
        "old": of("old", values),
        "excluded": of("excluded", values),
        "new_keys": of("new", keys),
        "old_keys": of("old", keys),
    }
