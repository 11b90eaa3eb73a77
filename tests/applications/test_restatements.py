"""This service tells its facts anew: offers and placements however they ended, and what led to them."""

from datetime import timedelta

import pytest

from chassis.database import Database
from services.applications.commands import offers, placements
from services.applications.domain.intervention import ExpireOffer, WithdrawOffer
from services.applications.domain.placement import CancelPlacement
from services.applications.main import SERVICE
from tests.applications.choosing import (
    MONDAY_NOON,
    OFFICER,
    ARound,
    a_person,
    a_released_round,
    accepting,
    at,
    declining,
)
from tests.databases import DatabaseOf
from tests.retelling import Reader, copies_come_back, kept_of, readers_of, restate

LATER = MONDAY_NOON + timedelta(days=30)
NAMES = ("ada", "ben", "cleo", "dan", "eve", "fay")


@pytest.fixture
async def database(database_of: DatabaseOf) -> Database:
    return await database_of("applications")


async def offers_at_every_end(database: Database) -> ARound:
    """Ada took her place, and another was set free by it; Ben cancelled; and so on."""
    ada = a_person("ada")
    given = await a_released_round(database, *NAMES, places=6, people={"ada": ada})
    other = await a_released_round(database, "ada", places=1, people={"ada": ada}, title="Maps")
    for each, names in ((given, NAMES), (other, ("ada",))):
        await each.ranks(*names)
        await each.tells()
    await accepting(database, await given.offer_of("ada"), ada)()
    await accepting(database, await given.offer_of("ben"), given.people["ben"])()
    await declining(database, await given.offer_of("cleo"), given.people["cleo"])()
    async with database.transaction() as tx:
        taken_back = WithdrawOffer(await given.offer_of("dan"), "The museum has moved.")
        await offers.withdraw_offer(tx, taken_back, actor=OFFICER, now=at(MONDAY_NOON))
    async with database.transaction() as tx:
        run_out = ExpireOffer(await given.offer_of("eve"))
        await offers.expire_offer(tx, run_out, actor=OFFICER, now=at(LATER))
    placement_id = await database.value(
        "SELECT placement_id FROM placements WHERE offer_id = $1", await given.offer_of("ben")
    )
    async with database.transaction() as tx:
        cancel = CancelPlacement(placement_id, "illness")
        await placements.cancel_placement(tx, cancel, actor=given.host, now=at(MONDAY_NOON))
    states = {"ada": "accepted", "ben": "vacated", "cleo": "declined", "dan": "withdrawn"}
    assert await given.states() == states | {"eve": "expired", "fay": "made"}
    assert await other.states() == {"ada": "superseded"}
    return given


async def test_offers_come_back_as_they_ended(database: Database, database_of: DatabaseOf):
    await offers_at_every_end(database)

    await copies_come_back(database_of, "applications", "offers")


async def test_placements_come_back_as_they_ended(database: Database, database_of: DatabaseOf):
    given = await offers_at_every_end(database)
    await accepting(database, await given.offer_of("fay"), given.people["fay"])()
    ada = await database.value(
        "SELECT placement_id FROM placements WHERE offer_id = $1", await given.offer_of("ada")
    )
    async with database.transaction() as tx:
        await placements.complete_placement(tx, ada, actor=OFFICER, now=at(LATER))

    await copies_come_back(database_of, "applications", "placements")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "applications",
            """
            SELECT application_id, university, person_ref, vacancy_id, reference, submitted_at
              FROM applications ORDER BY application_id
            """,
        ),
        ("selections", "SELECT vacancy_id, round, 'made' AS status FROM selections"),
    ],
)
async def test_what_leads_to_an_offer_comes_back(
    database: Database, database_of: DatabaseOf, kind: str, expected: str
):
    given = await a_released_round(database, "ada", "ben")
    await given.ranks("ada", refused=["ben"])
    readers = await readers_of(database_of, "applications", kind)

    await restate(database, SERVICE, kind)

    for reader in readers:
        assert await hears_anew(reader) > 0
        for kept in kept_of(reader.parts, "applications", kind):
            [rows] = (await reader.copies(kept)).values()
            assert rows == sorted(await database.list_rows(expected), key=str)


async def hears_anew(reader: Reader) -> int:
    """The original events are no more: what is told anew stands alone."""
    reader.read_to = await reader.owner.value(
        "SELECT coalesce(max(id), 0) FROM outbox WHERE NOT headers ? 'ce_restated'"
    )
    return await reader.hears()
