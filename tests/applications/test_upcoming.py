"""What `due` foretells is what the deadlines will find: at any instant the two agree."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chassis.database import Database
from services.applications.main import SERVICE
from services.applications.store import (
    applications,
    offers,
    placements,
    places,
    rounds,
    selections,
)
from services.applications.store.upcoming import UPCOMING
from tests.applications.choosing import MONDAY_NOON, a_released_round, accepting

DAY = timedelta(days=1)
NEVER_LISTED = {"open_selections"}  # it makes rows, and lists none


async def found_at(database: Database, now: datetime) -> set[tuple[str, str]]:
    """What each deadline would work off at an instant, by the lists that it reads itself."""
    async with database.transaction() as tx:
        found = {
            "close_rounds": await rounds.list_rounds_to_close(tx, now=now),
            "release_rounds": await rounds.list_rounds_released_by_time(tx, now=now),
            "end_applications_of_withdrawn_vacancies": (
                await applications.list_of_withdrawn_vacancies(tx)
            ),
            "remind_of_drafts": await applications.list_drafts_to_remind(tx, now=now, ahead=DAY),
            "watch_selections": await selections.list_selections_to_watch(tx, now=now),
            "remind_of_offers": await offers.list_offers_to_remind(tx, now=now),
            "expire_offers": await offers.list_offers_past_their_time(tx, now=now),
            "withdraw_groundless_offers": await offers.list_offers_without_ground(tx),
            "carry_out_telling": await selections.list_outcome_releases_to_do(tx),
            "fill_free_places": await places.list_next_to_ask(tx, now=now),
            "announce_exhausted_reserves": await places.list_exhausted(tx, now=now),
            "remind_of_placements": await placements.list_placements_to_remind(tx, now=now),
            "start_placements": await placements.list_placements_to_start(tx, now=now),
            "complete_placements": await placements.list_placements_to_complete(tx, now=now),
        }
    assert set(found) | NEVER_LISTED == {each.__name__ for each in SERVICE.deadlines}
    return {(name, ident(each)) for name, listed in found.items() for each in listed}


def ident(found: Any) -> str:
    """The id as `due` prints it: of a round with its name, of a reminder without its kind."""
    if isinstance(found, dict):
        keys: Iterable[str] = ("vacancy_id", "round") if "round" in found else ("offer_id",)
        return " ".join(str(found[key]) for key in keys)
    if isinstance(found, tuple):
        first, second = found
        return f"{first} {second}" if str(second) in ("first", "second") else str(first)
    return str(found)


async def foretold_at(database: Database, now: datetime) -> set[tuple[str, str]]:
    rows = await database.list_rows(
        f"SELECT deadline, id FROM ({UPCOMING}) AS upcoming WHERE at IS NULL OR at <= $1", now
    )
    return {(row["deadline"], row["id"]) for row in rows} - {
        (row["deadline"], row["id"]) for row in rows if row["deadline"] in NEVER_LISTED
    }


async def agree_over_weeks(database: Database) -> set[str]:
    """Compare over eight weeks, hour by hour at first; the deadlines that had something to do."""
    seen = set[str]()
    for hours in (*range(-24 * 14, 24 * 4, 3), *range(24 * 4, 24 * 42, 12)):
        now = MONDAY_NOON + timedelta(hours=hours, minutes=1)
        found = await found_at(database, now)
        assert await foretold_at(database, now) == found, now
        seen |= {name for name, _ in found}
    return seen


async def test_due_foretells_what_each_deadline_finds(database_of):
    database = await database_of("applications")
    given = await a_released_round(database, "ada", "ben", "cleo", places=1)
    await a_released_round(database, "dora", released=False, title="Count the clouds of 1893")
    async with database.transaction() as tx:
        await selections.open_selections(tx)
    seen = await agree_over_weeks(database)

    await given.ranks("ada", "ben", refused=["cleo"])
    await given.tells()
    seen |= await agree_over_weeks(database)
    await accepting(database, await given.offer_of("ada"), given.people["ada"])()
    seen |= await agree_over_weeks(database)
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE known_vacancies SET status = 'withdrawn', withdrawn_at = $1",
            MONDAY_NOON,
        )
    seen |= await agree_over_weeks(database)

    assert seen >= {
        "close_rounds",
        "watch_selections",
        "remind_of_offers",
        "expire_offers",
        "remind_of_placements",
        "start_placements",
        "complete_placements",
        "end_applications_of_withdrawn_vacancies",
    }
