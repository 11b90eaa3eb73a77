"""A schema as it was at one moment, and how to bring it back: what a backup does, table by table."""

import io
from dataclasses import dataclass
from typing import Any

from chassis.database import connect


@dataclass(frozen=True, slots=True)
class Dump:
    """Every table's rows, and where every sequence stood."""

    schema: str
    tables: dict[str, bytes]
    sequences: dict[str, int | None]


async def dump(admin: str, schema: str) -> Dump:
    """One snapshot of a schema, taken while it is used."""
    session = await connect(admin, application="dump")
    try:
        async with session.transaction(isolation="repeatable_read"):
            tables: dict[str, bytes] = {}
            for name in await _names(session, schema):
                rows = io.BytesIO()
                await session.copy_from_table(
                    name, schema_name=schema, output=rows, format="binary"
                )
                tables[name] = rows.getvalue()
            found = await session.fetch(
                "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = $1", schema
            )
        return Dump(schema, tables, {row["sequencename"]: row["last_value"] for row in found})
    finally:
        await session.close()


async def restore(admin: str, old: Dump) -> None:
    """The schema as it was: whatever came later is gone."""
    session = await connect(admin, application="restore")
    try:
        async with session.transaction():
            await session.execute("SET LOCAL session_replication_role = replica")
            names = ", ".join(f'"{old.schema}"."{name}"' for name in old.tables)
            await session.execute(f"TRUNCATE {names}")
            for name, rows in old.tables.items():
                await session.copy_to_table(
                    name, schema_name=old.schema, source=io.BytesIO(rows), format="binary"
                )
            for name, last in old.sequences.items():
                await session.execute(
                    f'SELECT setval(\'"{old.schema}"."{name}"\', $1, $2)',
                    last or 1,
                    last is not None,
                )
    finally:
        await session.close()


async def _names(session: Any, schema: str) -> list[str]:
    rows = await session.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename", schema
    )
    return [row["tablename"] for row in rows]
