"""The front desk tells its facts anew: rules, dates, hosts in every state, vacancies at every end."""

from typing import Any
from uuid import uuid4

import pytest

from services.proposals.main import SERVICE
from tests.databases import DatabaseOf
from tests.proposals import desk
from tests.proposals.oxford import API, HOST, OPENING, Oxford
from tests.proposals.test_reactions import (
    LATER,
    a_closed_vacancy,
    confirmed,
    exhausted,
    hears,
    status_of,
)
from tests.retelling import copies_come_back, restate


async def a_host(oxford: Oxford, name: str) -> str:
    given = HOST | {"public_name": name, "contact_email": f"{name.lower()}@weather.example"}
    registered = await oxford.doors.visitor().post(f"{API}/hosts", given)
    assert registered.status_code == 201, registered.text
    return registered.json()["host_id"]


async def decide(oxford: Oxford, host_id: str, move: str, **why: Any) -> None:
    answer = await oxford.office.post(f"{API}/hosts/{host_id}/{move}", why)
    assert answer.status_code == 200, answer.text


async def hosts_in_every_state(oxford: Oxford) -> None:
    await a_host(oxford, "Harbour")
    refused, suspended = await a_host(oxford, "Nobody"), await a_host(oxford, "Mill")
    why = {"reason_code": "not_suitable", "reason": "It is no organisation."}
    await decide(oxford, refused, "refuse", **why)
    await decide(oxford, suspended, "approve")
    await decide(oxford, suspended, "suspend", reason_code="conduct", reason="We were told.")


async def vacancies_at_every_end(oxford: Oxford) -> dict[str, str]:
    filled = await oxford.has_a_vacancy(places=1, title="Read the log of a lightship")
    again = await oxford.has_a_vacancy(title="Map the wells of a county")
    withdrawn = await a_closed_vacancy(oxford)
    await oxford.goes_to(LATER)
    await hears(oxford, confirmed(oxford, filled, uuid4()))
    await hears(oxford, exhausted(oxford, again))
    answer = await oxford.office.post(f"{API}/vacancies/{again}/readvertise")
    assert answer.status_code == 200, answer.text
    answer = await oxford.office.form(
        f"/office/proposals/vacancies/{withdrawn}/withdraw", {"reason": "The museum burnt down."}
    )
    assert answer.status_code == 303, answer.text
    ends = {"filled": filled, "readvertised": again, "withdrawn": withdrawn}
    assert {end: await status_of(oxford, of) for end, of in ends.items()} == {e: e for e in ends}
    return ends


@pytest.mark.parametrize("kind", ["rule-sets", "cycles", "hosts"])
async def test_what_is_not_of_a_vacancy_comes_back(
    oxford: Oxford, database_of: DatabaseOf, kind: str
):
    if kind == "hosts":
        await hosts_in_every_state(oxford)

    await copies_come_back(database_of, "proposals", kind)


async def test_vacancies_come_back_as_they_ended(oxford: Oxford, database_of: DatabaseOf):
    await vacancies_at_every_end(oxford)

    await copies_come_back(database_of, "proposals", "vacancies")


async def test_contact_cards_come_back_sealed_anew(oxford: Oxford, database_of: DatabaseOf):
    settings = desk.settings(oxford.doors.database)

    await copies_come_back(database_of, "proposals", "contacts", settings=settings, but=("sealed",))


async def test_the_topic_of_open_vacancies_is_told_anew(oxford: Oxford):
    database = oxford.doors.database
    is_open = await oxford.has_a_vacancy()
    withdrawn = await oxford.has_a_vacancy(title="Map the wells of a county")
    await oxford.goes_to(OPENING)
    path = f"/office/proposals/vacancies/{withdrawn}/withdraw"
    assert (await oxford.office.form(path, {"reason": "It burnt down."})).status_code == 303

    await restate(database, SERVICE, "vacancies")

    rows = await database.list_rows(
        """
        SELECT key, value IS NULL AS is_ended FROM outbox
         WHERE topic = 'proposals.vacancies' AND headers ? 'ce_restated'
        """
    )
    assert {row["key"]: row["is_ended"] for row in rows} == {is_open: False, withdrawn: True}


async def test_no_step_of_a_host_gives_more_rights_than_it_has(oxford: Oxford):
    await hosts_in_every_state(oxford)

    await restate(oxford.doors.database, SERVICE, "hosts")

    rows = await oxford.doors.database.list_rows(
        """
        SELECT hosts.public_name, outbox.type FROM outbox
          JOIN hosts ON hosts.host_id::text = outbox.key
         WHERE headers ? 'ce_restated' AND type LIKE '%HostApproved%'
        """
    )
    assert [row["public_name"] for row in rows] == [HOST["public_name"]]
