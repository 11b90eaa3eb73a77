"""What others tell this service: copies that a second message leaves as they are, and a draft, once."""

from datetime import UTC, datetime

import pytest

from chassis.parts import Early
from schemas import sample
from schemas.applications import (
    PlacementCancelled,
    PlacementCompleted,
    PlacementConfirmed,
    PlacementDaysAmended,
    PlacementIntroduced,
)
from schemas.proposals import HostFactsAmended
from services.expenses import deadlines
from tests.doors import events_recorded
from tests.expenses.claiming import a_museum, a_placement, at, days, hear, known_facts

OVER = datetime(2024, 3, 16, 0, 1, tzinfo=UTC)


def completed(**modes: str) -> PlacementCompleted:
    return PlacementCompleted.model_validate(
        PlacementCompleted.examples[0] | {"days": days(**modes)}
    )


@pytest.fixture
async def database(database_of):
    return await database_of("expenses")


async def rows(database, table: str) -> list[dict]:
    return await database.list_rows(f"SELECT * FROM {table}")


@pytest.mark.parametrize("times", [1, 2])
async def test_copies_are_the_same_however_often_they_are_told(database, times):
    moved = HostFactsAmended.model_validate(HostFactsAmended.examples[0])
    introduced = PlacementIntroduced.model_validate(PlacementIntroduced.examples[0])
    for _ in range(times):
        await hear(database, *known_facts(), a_placement(), moved, introduced)

    (placement,) = await rows(database, "known_placements")
    (rules,) = await rows(database, "known_rule_sets")
    assert (placement["status"], len(placement["days"])) == ("confirmed", 5)
    assert str(placement["supervisor_ref"]) == sample.SUPERVISOR
    assert rules["version"] == 1
    facts = await rows(database, "known_host_facts")
    assert [(each["valid_from_on"].isoformat(), each["region"]) for each in facts] == [
        ("2023-11-01", "oxfordshire"),
        ("2024-03-01", "london"),
    ]


async def test_when_the_days_are_over_a_draft_is_laid_ready_once(database):
    await hear(database, *known_facts(), a_placement())

    for _ in range(2):
        await hear(database, completed(fri="remote"), now=at(OVER))

    (claim,) = await rows(database, "claims")
    assert (claim["status"], claim["reference"][:3]) == ("draft", "OX-")
    assert claim["send_by_at"] == datetime(2024, 4, 12, 16, tzinfo=UTC)
    (placement,) = await rows(database, "known_placements")
    assert (placement["status"], placement["days"][4]["mode"]) == ("over", "remote")
    assert await events_recorded(database) == ["ClaimReminded"]


async def test_after_days_from_home_alone_nothing_is_laid_ready(database):
    await hear(database, *known_facts(), a_placement())

    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "remote")
    await hear(database, completed(**week), now=at(OVER))

    assert await rows(database, "claims") == []
    assert await events_recorded(database) == []


async def test_a_cancelled_placement_has_no_claim(database):
    cancelled = PlacementCancelled.model_validate(PlacementCancelled.examples[0])
    await hear(database, *known_facts(), a_placement(), cancelled)

    (placement,) = await rows(database, "known_placements")
    assert placement["status"] == "cancelled"


async def test_other_days_move_the_window_of_a_draft(doors_of, database_url):
    museum = await a_museum(await doors_of("expenses"), database_url)
    claim_id = await museum.begins()

    amended = PlacementDaysAmended.model_validate(
        PlacementDaysAmended.examples[0] | {"days": sample.days("2024-03-18", "2024-03-19")}
    )
    await hear(museum.doors.database, amended)

    assert (await museum.shown(claim_id))["send_by_at"] == "2024-04-16T16:00:00+00:00"


async def test_what_was_sent_is_re_priced_by_nothing(doors_of, database_url):
    museum = await a_museum(await doors_of("expenses"), database_url)
    claim_id = await museum.sent_claim({"date": "2024-03-12"})

    await hear(museum.doors.database, completed(tue="remote"))

    assert (await museum.shown(claim_id))["allowed"] == "7.40"
    decided = await museum.host.post(f"/api/expenses/v1/claims/{claim_id}/decide", {})
    assert decided.json()["status"] == "approved"


async def test_a_reaction_waits_for_the_rules(database):
    await hear(database, a_placement())

    with pytest.raises(Early, match="RuleSetPublished"):
        await hear(database, completed(), now=at(OVER))


async def test_a_placement_told_again_forgets_nothing(database):
    await hear(database, *known_facts(), a_placement())
    await hear(database, completed(mon="remote"), now=at(OVER))

    again: PlacementConfirmed = a_placement()
    await hear(database, again)

    (placement,) = await rows(database, "known_placements")
    assert (placement["status"], placement["days"][0]["mode"]) == ("over", "remote")


# ---- what time does ----


async def run(museum, instant: datetime) -> list[str]:
    """Let every deadline run twice at an instant; the events it recorded."""
    before = await museum.doors.database.value("SELECT coalesce(max(id), 0) FROM outbox")
    for _ in range(2):
        for deadline in deadlines.DEADLINES:
            await deadline(museum.doors.database, now=at(instant))
    return await events_recorded(museum.doors.database, since=before)


async def test_a_draft_is_reminded_of_and_lapses_at_its_instant(doors_of, database_url):
    museum = await a_museum(await doors_of("expenses"), database_url)
    claim_id = await museum.begins()

    assert await run(museum, datetime(2024, 4, 5, 15, 59, tzinfo=UTC)) == []
    assert await run(museum, datetime(2024, 4, 5, 16, 1, tzinfo=UTC)) == ["ClaimReminded"]
    assert await run(museum, datetime(2024, 4, 12, 15, 59, tzinfo=UTC)) == []
    assert await run(museum, datetime(2024, 4, 12, 16, tzinfo=UTC)) == ["ClaimWindowClosed"]
    assert (await museum.shown(claim_id))["status"] == "lapsed"


async def test_a_host_is_reminded_before_and_after_its_time(doors_of, database_url):
    museum = await a_museum(await doors_of("expenses"), database_url)
    claim_id = await museum.sent_claim({"date": "2024-03-12"})  # to decide by 28 March, 5pm

    assert await run(museum, datetime(2024, 3, 26, 17, 1, tzinfo=UTC)) == ["ClaimReminded"]
    assert await run(museum, datetime(2024, 3, 28, 17, tzinfo=UTC)) == ["ClaimReminded"]
    assert await run(museum, datetime(2024, 4, 30, tzinfo=UTC)) == []

    await museum.on(datetime(2024, 3, 28, 18, tzinfo=UTC))
    page = await museum.office.get("/office/expenses")
    assert "Overdue" in page.text
    await museum.host.post(f"/api/expenses/v1/claims/{claim_id}/decide", {})
    assert await run(museum, datetime(2024, 4, 30, tzinfo=UTC)) == ["ClaimReminded"]  # to repay


async def test_an_intern_is_reminded_to_answer(doors_of, database_url):
    museum = await a_museum(await doors_of("expenses"), database_url)
    claim_id = await museum.sent_claim({"date": "2024-03-12"})
    path = f"/api/expenses/v1/claims/{claim_id}"
    await museum.host.post(f"{path}/decide", {})
    await museum.host.post(
        f"{path}/report-reimbursement", {"paid": "7.40", "paid_on": "2024-03-18"}
    )

    assert await run(museum, datetime(2024, 3, 29, 17, 1, tzinfo=UTC)) == ["ClaimReminded"]
    assert await run(museum, datetime(2024, 4, 2, tzinfo=UTC)) == []
