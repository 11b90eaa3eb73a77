"""The moves of a claim, and what Postgres itself keeps."""

import re

import pytest

from chassis.database import CheckViolation
from services.expenses.domain.claim import ENDED, MOVES, Status
from tests.expenses.claiming import a_museum

LUNCH = {"date": "2024-03-12"}


@pytest.fixture
async def museum(doors_of, database_url):
    return await a_museum(await doors_of("expenses"), database_url, mon="remote")


async def test_the_table_of_states_is_the_domains(database_of):
    database = await database_of("expenses")
    check = await database.value(
        """
        SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint
         WHERE conrelid = 'claims'::regclass AND conname = 'claims_status_check'
        """
    )

    assert set(re.findall(r"'(\w+)'", check)) == {str(status) for status in Status}


def test_nothing_comes_of_a_claim_that_has_ended():
    from_where = {status for moves in MOVES.values() for status in moves}

    assert from_where.isdisjoint(ENDED)
    assert from_where | ENDED == set(Status)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE claims SET total_pence = total_pence + 1",
        "UPDATE lines SET amount_pence = amount_pence + 1, approved_pence = NULL",
        "DELETE FROM lines",
        "UPDATE lines SET receipt_id = NULL",
        "UPDATE lines SET mode = 'remote'",
        "UPDATE lines SET approved_pence = 1",
        "UPDATE claims SET status = 'paid'",
        "UPDATE claims SET status = 'approved'",
    ],
)
async def test_postgres_keeps_sums_receipts_and_days_from_home(museum, sql):
    await museum.sent_claim(LUNCH)

    with pytest.raises(CheckViolation):
        async with museum.doors.database.transaction() as tx:
            await tx.execute(sql)


async def test_a_placement_has_one_live_claim(museum):
    claim_id = await museum.sent_claim(LUNCH)

    assert await museum.begins() == claim_id
    assert await museum.doors.database.value("SELECT count(*) FROM claims") == 1
