"""The catalogue of bad input in tests: rows by their numbers, and the proof that nothing came of one.

@pytest.mark.parametrize(("body", "code"), [row("5-a", b'{"n": NaN}', "json-number"), …])
async def test_…(doors, body, code):
    async with nothing_comes_of_it(doors.database):
        answer = await …
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chassis.database import Database

NOTED = frozenset({"audit", "commands"})
"""What a refusal may leave: that it was asked for, and under which key."""


def row(n: str, *values: Any) -> Any:
    """Values for a row of the catalogue: `row("2-b", …)` is the test `bad_input[2-b]`."""
    return pytest.param(*values, id=f"bad_input[{n}]")


@asynccontextmanager
async def nothing_comes_of_it(
    database: Database, *, but: Iterable[str] = ()
) -> AsyncIterator[None]:
    """No row of any table is new, gone or another, and no event goes out; `but` names what may."""
    before = await _everything(database, leaving_out=NOTED | set(but))
    yield
    assert await _everything(database, leaving_out=NOTED | set(but)) == before


async def _everything(database: Database, *, leaving_out: Iterable[str]) -> dict[str, str | None]:
    tables = await database.list_rows(
        """
        SELECT table_name FROM information_schema.tables
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
           AND table_name <> ALL ($1)
        """,
        sorted(leaving_out),
    )
    return {
        name: await database.value(
            f'SELECT md5(string_agg(each::text, chr(10) ORDER BY each::text)) FROM "{name}" AS each'
        )
        for name in (table["table_name"] for table in tables)
    }
