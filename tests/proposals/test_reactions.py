"""Places taken and free, as applications tells of them; each message twice."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import clock
from chassis.parts import Early
from schemas.applications import PlacementCancelled, PlacementConfirmed, ReserveExhausted
from schemas.rules import Round
from services.proposals.main import SERVICE
from tests.doors import events_recorded
from tests.proposals.oxford import API, DAYS, MIDDAY, OPENING, Oxford

LATER = datetime(2024, 2, 26, 10, 0, tzinfo=UTC)
SECOND_OPENS = datetime(2024, 2, 27, 9, 0, tzinfo=UTC)


async def hears(oxford: Oxford, told: Any) -> None:
    """The worker hands a message on, in one transaction."""
    reactions = SERVICE.reactions[type(told)]
    async with oxford.doors.database.transaction() as tx:
        for reaction in reactions if isinstance(reactions, tuple) else (reactions,):
            if reaction.is_copy:
                await reaction.handle(tx, told)
            else:
                await reaction.handle(tx, told, now=clock.now)


def of_placement(oxford: Oxford, vacancy_id: str, placement_id: UUID) -> dict[str, Any]:
    return {
        "university": "oxford",
        "occurred_at": LATER,
        "programme_id": uuid4(),
        "rule_set_version": 1,
        "cycle_id": oxford.cycle_id,
        "vacancy_id": vacancy_id,
        "host_id": oxford.host_id,
        "round": Round.FIRST,
        "application_id": uuid4(),
        "person_ref": uuid4(),
        "offer_id": uuid4(),
        "placement_id": placement_id,
    }


def confirmed(oxford: Oxford, vacancy_id: str, placement_id: UUID) -> PlacementConfirmed:
    return PlacementConfirmed.model_validate(
        of_placement(oxford, vacancy_id, placement_id)
        | {
            "days": DAYS,
            "mode": "in_person",
            "country": "GB",
            "region": "oxfordshire",
            "zone": "Europe/London",
        }
    )


def exhausted(oxford: Oxford, vacancy_id: str, which: Round = Round.FIRST) -> ReserveExhausted:
    return ReserveExhausted(
        university="oxford",
        occurred_at=LATER,
        programme_id=uuid4(),
        rule_set_version=1,
        cycle_id=oxford.cycle_id,
        vacancy_id=UUID(vacancy_id),
        host_id=oxford.host_id,
        round=which,
        places_free=1,
    )


async def a_closed_vacancy(oxford: Oxford, **writing: Any) -> str:
    vacancy_id = await oxford.has_a_vacancy(**writing)
    await oxford.goes_to(OPENING)
    await oxford.goes_to(MIDDAY)
    return vacancy_id


async def status_of(oxford: Oxford, vacancy_id: str) -> str:
    return await oxford.doors.database.value(
        "SELECT status FROM vacancies WHERE vacancy_id = $1", UUID(vacancy_id)
    )


async def test_a_vacancy_is_filled_when_its_last_place_is_taken(oxford: Oxford):
    vacancy_id = await a_closed_vacancy(oxford, places=2)
    one, two = uuid4(), uuid4()

    for placement_id in (one, one):
        await hears(oxford, confirmed(oxford, vacancy_id, placement_id))
    assert await status_of(oxford, vacancy_id) == "closed"
    for placement_id in (two, two):
        await hears(oxford, confirmed(oxford, vacancy_id, placement_id))

    assert await status_of(oxford, vacancy_id) == "filled"
    assert (await events_recorded(oxford.doors.database)).count("VacancyFilled") == 1


async def test_a_cancelled_placement_frees_its_place(oxford: Oxford):
    vacancy_id = await a_closed_vacancy(oxford, places=1)
    placement_id = uuid4()
    await hears(oxford, confirmed(oxford, vacancy_id, placement_id))
    assert await status_of(oxford, vacancy_id) == "filled"

    cancelled = PlacementCancelled.model_validate(
        of_placement(oxford, vacancy_id, placement_id)
        | {"by": "host", "reason_code": "illness", "intern_is_free": True}
    )
    for _ in range(2):
        await hears(oxford, cancelled)

    assert await status_of(oxford, vacancy_id) == "closed"


async def test_an_exhausted_vacancy_goes_into_round_two(oxford: Oxford):
    vacancy_id = await a_closed_vacancy(oxford)
    await oxford.goes_to(LATER)
    for _ in range(2):
        await hears(oxford, exhausted(oxford, vacancy_id))

    again = await oxford.office.post(f"{API}/vacancies/{vacancy_id}/readvertise")
    assert again.json()["status"] == "readvertised"
    before = len(await events_recorded(oxford.doors.database))
    await oxford.goes_to(SECOND_OPENS)

    opened = (await events_recorded(oxford.doors.database))[before:]
    assert opened == ["VacancyOpened", "CurrentVacancy"]
    found = (await oxford.doors.visitor().get(f"{API}/vacancies", round="second")).json()
    assert found["found"] == 1


async def test_without_a_second_round_it_stays_unfilled(oxford: Oxford):
    vacancy_id = await a_closed_vacancy(oxford)
    await oxford.goes_to(datetime(2024, 3, 4, 12, 0, tzinfo=UTC))

    await hears(oxford, exhausted(oxford, vacancy_id))

    assert await status_of(oxford, vacancy_id) == "unfilled"


async def test_a_vacancy_nobody_knows_is_waited_for(oxford: Oxford):
    with pytest.raises(Early):
        await hears(oxford, confirmed(oxford, str(uuid4()), uuid4()))
