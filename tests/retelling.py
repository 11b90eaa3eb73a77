"""An owner tells its facts anew: what a reader of its outbox copies is the same as before, to the row.

The reader takes in what stands in the outbox with the worker's own judgement, without a broker between.
"""

import importlib
from dataclasses import dataclass
from typing import Any, get_args

from chassis import restating
from chassis.database import Database
from chassis.inbox import take_in
from chassis.intake import Consumer
from chassis.parts import Kept, Parts
from chassis.positions import Position
from chassis.records import Record
from schemas.envelope import Service
from tests.chassis.answering import OPERATOR
from tests.databases import DatabaseOf

SERVICES: tuple[Service, ...] = get_args(Service)
Copied = dict[str, list[dict[str, Any]]]


def parts_of(service: str) -> Parts:
    return importlib.import_module(f"services.{service}.main").SERVICE


def kept_of(parts: Parts, owner: str, kind: str) -> list[Kept]:
    """The copies that a service fills from this kind of an owner's facts."""
    return [kept for kept in parts.copies if (owner, kind) in kept.told_by]


def copies_alone(parts: Parts) -> Consumer:
    """The service as far as it copies: no command, no letter."""
    whole = Consumer.of(parts)
    copies = {k: tuple(r for r in whole.reactions_to(k) if r.is_copy) for k in whole.reactions}
    return Consumer(whole.name, {kind: some for kind, some in copies.items() if some})


async def restate(owner: Database, parts: Parts, kind: str, settings: Any = None) -> int:
    """Tell a kind anew, whether or not it was told so before; how many cases there were."""
    steps = restating.restate(
        parts, settings, owner, kind, actor=OPERATOR, reason="a copy was lost", anew=True
    )
    return max([told async for told, _ in steps], default=0)


@dataclass(slots=True)
class Reader:
    """A service that reads an owner's outbox to its end, each time from where it stood."""

    parts: Parts
    database: Database
    owner: Database
    read_to: int = 0

    async def hears(self, consumer: Consumer | None = None) -> int:
        """Take in what is new, by every reaction of the service unless told otherwise."""
        whole = consumer or Consumer.of(self.parts)
        rows = await self.owner.list_rows(
            """
            SELECT id, topic, key, headers, value, recorded_at FROM outbox WHERE id > $1 ORDER BY id
            """,
            self.read_to,
        )
        records = [_record(row) for row in rows]
        async with self.database.transaction() as tx:
            places = {record.place for record in records}
            held = {place: await self._position(tx, whole.name, place) for place in sorted(places)}
            taken = await take_in(tx, whole, records, held)
        assert not taken.refused
        self.read_to = rows[-1]["id"] if rows else self.read_to
        return sum(n for (_, what), n in taken.intake.counts.items() if what == "handled")

    async def _position(self, tx: Any, consumer: str, place: tuple[str, int]) -> Position:
        await tx.execute(
            """
            INSERT INTO positions (consumer, topic, partition, next_position)
            VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING
            """,
            consumer,
            *place,
        )
        row = await tx.get_row(
            """
            SELECT next_position, last_event_id, last_record_at, born_late FROM positions
             WHERE consumer = $1 AND topic = $2 AND partition = $3
            """,
            consumer,
            *place,
        )
        return Position.of(row)

    async def copies(self, kept: Kept, *, but: tuple[str, ...] = ()) -> Copied:
        """What a copy says, without what is not copied."""
        found: Copied = {}
        for table in kept.tables:
            rows = await self.database.list_rows(f"SELECT * FROM {table}")
            left_out = {*kept.own, *but}
            copied = [{k: v for k, v in row.items() if k not in left_out} for row in rows]
            found[table] = sorted(copied, key=str)
        return found

    async def loses(self, kept: Kept) -> None:
        """The copy is gone; that its events were heard is not."""
        async with self.database.transaction() as tx:
            for table in reversed(kept.tables):
                await tx.execute(f"DELETE FROM {table}")

    async def has_done(self) -> dict[str, int]:
        """What came of it besides copies: events of its own, letters, what waits or is put aside."""
        tables = ["outbox", "parked", "waiting"]
        tables += {"notifications": ["deliveries"], "expenses": ["claims"]}.get(self.parts.name, [])
        return {
            table: await self.database.value(f"SELECT count(*) FROM {table}") for table in tables
        }


async def readers_of(database_of: DatabaseOf, owner: str, kind: str) -> list[Reader]:
    """Every other service that keeps a copy of this kind of fact."""
    told_by = await database_of(owner)
    return [
        Reader(parts_of(service), await database_of(service), told_by)
        for service in SERVICES
        if service != owner and kept_of(parts_of(service), owner, kind)
    ]


async def copies_come_back(
    database_of: DatabaseOf,
    owner: str,
    kind: str,
    *,
    settings: Any = None,
    but: tuple[str, ...] = (),
) -> None:
    """Have every reader copy what was told, lose it, and hear it anew."""
    database = await database_of(owner)
    readers = await readers_of(database_of, owner, kind)
    assert readers, f"nobody copies {kind} of {owner}"
    before: list[tuple[Reader, Kept, Copied, dict[str, int]]] = []
    for reader in readers:
        await reader.hears(copies_alone(reader.parts))
        for kept in kept_of(reader.parts, owner, kind):
            copied = await reader.copies(kept, but=but)
            assert all(copied.values()), f"{reader.parts.name} copied nothing: {kept.tables}"
            before.append((reader, kept, copied, await reader.has_done()))

    assert await restate(database, parts_of(owner), kind, settings) > 0

    for reader in readers:
        for kept in kept_of(reader.parts, owner, kind):
            await reader.loses(kept)
        assert await reader.hears() > 0
    for reader, kept, copied, done in before:
        assert await reader.copies(kept, but=but) == copied, (reader.parts.name, kept.tables)
        assert await reader.has_done() == done, reader.parts.name


def _record(row: dict[str, Any]) -> Record:
    headers = tuple((name, str(text).encode()) for name, text in row["headers"].items())
    return Record(
        topic=row["topic"],
        partition=0,
        position=row["id"],
        record_at=row["recorded_at"],
        key=row["key"].encode(),
        headers=headers,
        value=row["value"],
    )
