"""What a transaction says when its session is lost, however asyncpg calls it."""

from typing import Any

import asyncpg
import pytest

from chassis.database import TRANSIENT, ConnectionLost, Database


class Torn:
    """A connection as a process finds it that was frozen while the server said its last word.

    asyncpg has read that word and not yet the end of the connection, and calls it a fault of its own.
    """

    def __init__(self, held: Any) -> None:
        self._held = held

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)

    async def fetchval(self, *_: object) -> None:
        raise asyncpg.InternalClientError("cannot switch to state 12")


async def test_a_session_that_the_server_has_left_is_lost(database_of):
    database: Database = await database_of("proposals")

    async def ask() -> None:
        async with database.transaction() as tx:
            tx._connection = Torn(tx._connection)
            await tx.value("SELECT 1")

    with pytest.raises(ConnectionLost):
        await ask()
    assert await database.value("SELECT 2") == 2


def test_the_same_is_transient_outside_a_transaction():
    assert issubclass(asyncpg.InternalClientError, TRANSIENT)
