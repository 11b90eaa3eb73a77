"""The tables of moves and the CHECKs in Postgres name the same states."""

import re
from enum import StrEnum

import pytest

from chassis.database import Database
from services.proposals.domain import cycle, host, proposal, vacancy
from tests.databases import DatabaseOf


@pytest.mark.parametrize(
    ("table", "states"),
    [
        ("cycles", cycle.Status),
        ("hosts", host.Status),
        ("proposals", proposal.Status),
        ("vacancies", vacancy.Status),
    ],
)
async def test_check_holds_the_states_of_the_domain(
    database_of: DatabaseOf, table: str, states: type[StrEnum]
):
    database: Database = await database_of("proposals")

    check = await database.value(
        """
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid = $1::regclass AND contype = 'c'
           AND pg_get_constraintdef(oid) LIKE '%(status%'
        """,
        table,
    )

    assert set(re.findall(r"'([a-z_]+)'", check)) == {state.value for state in states}
