"""Planting: rows by ordinary SQL, past whatever the schema itself would refuse.

    Plant(SERVICE, RULE, rows=(row("offers", offer_id=A, status="made", …),), finds={f"offer {A}"})

Foreign keys and triggers are off for the planting session; `loosen` drops the constraint or index that
forbids the breach, and a second test shows that without it the schema does.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from chassis import clock
from chassis.database import connect
from chassis.impossible import Rule

NAMES = UUID("0f1d5c1e-3c1c-4d55-8a43-5a3f7f7c1b01")
FILLING = {
    "uuid": lambda: ident("filling"),
    "text": lambda: "",
    "tsvector": lambda: "",
    "ARRAY": lambda: [],
    "jsonb": lambda: {},
    "bytea": lambda: b"",
    "integer": lambda: 1,
    "bigint": lambda: 1,
    "boolean": lambda: False,
    "date": lambda: ago(days=1).date(),
    "timestamp with time zone": lambda: ago(days=1),
}
"""What stands in columns that a plant says nothing of and that may not be empty."""

COLUMNS = """
    SELECT column_name, data_type, is_nullable = 'NO' AND column_default IS NULL
           AND is_identity = 'NO' AS is_needed
      FROM information_schema.columns
     WHERE table_schema = $1 AND table_name = $2
"""


def ident(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(NAMES, name)


def ago(**span: float) -> datetime:
    """So long before now; a planted row may lie ahead too."""
    return clock.real_now() - timedelta(**span)


@dataclass(frozen=True, slots=True)
class Planted:
    """One row: its table, and the columns that matter."""

    table: str
    values: dict[str, Any]


def row(table: str, **values: Any) -> Planted:
    """A row in which only these columns matter."""
    return Planted(table, values)


def acted(number: int, act: str, name: str, **values: Any) -> Planted:
    """A row of the audit log: by time itself, unless said otherwise."""
    told = {
        "id": number, "act": act, "subject": str(ident(name)), "university": "oxford",
        "role": "time", "outcome": "done",
    }  # fmt: skip
    return row("audit", **(told | values))


@dataclass(frozen=True, slots=True)
class Plant:
    """A breach of one rule: the rows that make it, and exactly what is found."""

    service: str
    rule: Rule
    rows: Sequence[Planted]
    finds: frozenset[str] | set[str]
    loosen: str = ""  # DDL without which the schema refuses these rows
    innocent: Sequence[Planted] = field(default=())  # beside them, and never found

    def __str__(self) -> str:
        return f"{self.rule.rule_id}-{self.service}-{'-'.join(sorted(self.finds))[:30]}"


@asynccontextmanager
async def undone(admin: str, service: str) -> AsyncIterator[Any]:
    """An administrator's connection in a service's schema; whatever is planted there is undone."""
    connection = await connect(admin, application="tests", search_path=service)
    running = connection.transaction()
    await running.start()
    try:
        yield connection
    finally:
        await running.rollback()
        await connection.close()


async def plant_in(
    connection: Any,
    service: str,
    rows: Sequence[Planted],
    *,
    loosen: str = "",
    late: timedelta = timedelta(0),
) -> None:
    """Put rows into a service's schema, as an administrator can and nobody else.

    `late` is how long ago the rows were thought of: each of their instants is moved on by it.
    """
    await connection.execute("SET session_replication_role = replica")
    if loosen:
        await connection.execute(loosen)
    for one in rows:
        await _insert(connection, service, one, late=late)


async def plant(admin: str, service: str, rows: Sequence[Planted]) -> None:
    """The same, to stay."""
    connection = await connect(admin, application="tests", search_path=service)
    try:
        await plant_in(connection, service, rows)
    finally:
        await connection.close()


async def _insert(connection: Any, service: str, one: Planted, *, late: timedelta) -> None:
    columns = await connection.fetch(COLUMNS, service, one.table)
    assert columns, one.table
    values = {
        each["column_name"]: FILLING[each["data_type"]]() for each in columns if each["is_needed"]
    } | {name: _later(value, late) for name, value in one.values.items()}
    unknown = set(values) - {each["column_name"] for each in columns}
    assert not unknown, unknown
    names = ", ".join(values)
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    overriding = "OVERRIDING SYSTEM VALUE"
    await connection.execute(
        f"INSERT INTO {one.table} ({names}) {overriding} VALUES ({places})",
        *values.values(),
    )


def _later(value: Any, late: timedelta) -> Any:
    return value + late if isinstance(value, datetime) else value
