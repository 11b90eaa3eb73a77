"""The least a command can cost here: the plain transaction of the same kind, over one connection."""

import time
from typing import Any
from uuid import UUID, uuid4

from chassis.database import connect

ROWS = 1_000
TABLES = """
    CREATE SCHEMA plain;
    CREATE TABLE plain.applications (
        application_id uuid PRIMARY KEY, status text NOT NULL, statement text, version integer
    );
    CREATE TABLE plain.outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL UNIQUE,
        key text NOT NULL, type text NOT NULL, headers jsonb NOT NULL, value bytea,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(), published_at timestamptz
    );
    CREATE INDEX ON plain.outbox (id) WHERE published_at IS NULL;
"""
HOLD = "SELECT * FROM plain.applications WHERE application_id = $1 FOR UPDATE"
SAVE = """
    UPDATE plain.applications SET status = 'submitted', version = version + 1
     WHERE application_id = $1
"""
RECORD = """
    INSERT INTO plain.outbox (event_id, key, type, headers, value) VALUES ($1, $2, $3, $4, $5)
"""
HEADERS = {f"ce_{n}": "x" * 30 for n in range(12)}
VALUE = b"{" + b"x" * 500 + b"}"


class PlainTransaction:
    """Lock, update, insert an outbox row, commit: four statements of one session."""

    def __init__(self, connection: Any, ids: list[UUID]) -> None:
        self._connection = connection
        self._ids = ids
        self._next = 0

    @classmethod
    async def on(cls, dsn: str) -> "PlainTransaction":
        """In a schema of its own, beside the services' in the same database."""
        connection = await connect(dsn, application="bench")
        await connection.execute("DROP SCHEMA IF EXISTS plain CASCADE")
        await connection.execute(TABLES)
        ids = [uuid4() for _ in range(ROWS)]
        await connection.executemany(
            "INSERT INTO plain.applications VALUES ($1, 'draft', $2, 1)",
            [(one, "word " * 200) for one in ids],
        )
        return cls(connection, ids)

    async def run(self) -> float:
        """Once; how many seconds it took."""
        one = self._ids[self._next % len(self._ids)]
        self._next += 1
        began = time.perf_counter()
        async with self._connection.transaction():
            await self._connection.fetchrow(HOLD, one)
            await self._connection.execute(SAVE, one)
            await self._connection.execute(RECORD, uuid4(), str(one), "Sent", HEADERS, VALUE)
        return time.perf_counter() - began

    async def close(self) -> None:
        """Leave nothing behind."""
        await self._connection.execute("DROP SCHEMA plain CASCADE")
        await self._connection.close()
