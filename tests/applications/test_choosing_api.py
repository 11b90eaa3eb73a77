"""Choosing through the JSON API: who sees what, and how each act and refusal is answered."""

from datetime import timedelta

import pytest

from chassis import clock
from schemas.envelope import new_id
from tests.applications.choosing import MONDAY_NOON
from tests.applications.way import API, a_way
from tests.doors import events_recorded, let_act_for, travel


@pytest.fixture
async def way(doors_of, database_url):
    """Six days before the office tells."""
    return await a_way(doors_of, database_url)


async def test_the_whole_way(way):
    shown = (await way.host.get(f"{API}/selections/{way.key}")).json()
    assert {each["name"] for each in shown["applications"]} == {"Ada", "Ben", "Cleo"}
    assert [reason["code"] for reason in shown["reasons"]] == ["closer_fit"]

    ranked = await way.ranks("ada", "ben", refused=["cleo"])
    assert (ranked.status_code, ranked.json()["ranked"], ranked.json()["reserves"]) == (200, 1, 1)
    assert (await way.student("ada").get(f"{API}/offers")).json() == {"offers": []}

    await travel(way.admin, MONDAY_NOON)
    assert (await way.tells()).status_code == 202
    offer = await way.offer_of("ada")
    assert (offer["state"], offer["respond_by"]["wall"]) == ("made", "2024-02-28 12:00")

    declined = await way.student("ada").post(f"{API}/offers/{offer['offer_id']}/decline", {})
    assert declined.json()["state"] == "declined"
    await way.loop()
    offer = await way.offer_of("ben")
    accept = f"{API}/offers/{offer['offer_id']}/accept"
    assert (await way.student("ben").post(accept, {"conduct_agreed": False})).status_code == 409
    first = await way.student("ben").post(accept, {"conduct_agreed": True})
    again = await way.student("ben").post(accept, {"conduct_agreed": True})
    assert (first.status_code, again.status_code) == (200, 200)

    placements = (await way.host.get(f"{API}/placements")).json()["placements"]
    assert [(p["name"], p["state"]) for p in placements] == [("Ben", "introduced")]
    assert (await way.student("ada").get(f"{API}/placements")).json() == {"placements": []}


async def test_before_the_release_there_is_not_even_a_count(way):
    async with way.doors.database.transaction() as tx:
        await tx.execute("UPDATE known_rounds SET released_at = NULL, released_count = NULL")
    for person in (way.host, way.office):
        listed = (await person.get(f"{API}/selections")).json()["selections"][0]
        shown = (await person.get(f"{API}/selections/{way.key}")).json()
        assert (listed["state"], listed["applications_released"]) == ("waiting", None)
        assert "applications" not in shown
        assert "would_happen" not in shown
    assert (await way.ranks("ada", "ben", "cleo")).status_code == 404


async def test_office_and_students_do_not_rank(way):
    for person in (way.office, way.student("ada")):
        answer = await person.post(f"{API}/selections/{way.key}", {"choices": []})
        assert answer.status_code == 403


async def test_host_with_an_old_sign_in_signs_in_again(way):
    old = way.doors.person(
        person_ref=way.given.host.person_ref,
        signed_in_at=clock.real_now() - timedelta(minutes=16),
    )
    answer = await old.get(f"{API}/selections/{way.key}")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/sign-in-again")


async def test_another_persons_offer_is_answered_like_none(way):
    await way.ranks("ada", "ben", "cleo")
    await travel(way.admin, MONDAY_NOON)
    await way.tells()
    offer = await way.offer_of("ada")
    for path in (f"{API}/offers/{offer['offer_id']}", f"{API}/offers/{way.given.vacancy_id}"):
        answer = await way.student("ben").get(path)
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            "There is nothing here, or it is not yours to see.",
        )


async def test_bad_input_52_acceptance_of_a_withdrawn_offer(way):
    await way.ranks("ada", "ben", "cleo")
    await travel(way.admin, MONDAY_NOON)
    await way.tells()
    path = f"{API}/offers/{(await way.offer_of('ada'))['offer_id']}"
    await way.office.post(f"{path}/withdraw", {"reason": "The host has no desk"})

    answer = await way.student("ada").post(f"{path}/accept", {"conduct_agreed": True})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/offer-withdrawn")


async def test_bad_input_53_acceptance_at_the_expiry_instant(way):
    await way.ranks("ada", "ben", "cleo")
    await travel(way.admin, MONDAY_NOON)
    await way.tells()
    offer = await way.offer_of("ada")
    await travel(way.admin, MONDAY_NOON + timedelta(days=2, seconds=30))

    answer = await way.student("ada").post(
        f"{API}/offers/{offer['offer_id']}/accept", {"conduct_agreed": True}
    )

    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "/problems/offer-expired")
    assert problem["wall"] == "2024-02-28 12:00"
    assert problem["server_time"].startswith("2024-02-28T12:00:3")


async def test_bad_input_54_decline_after_acceptance(way):
    await way.ranks("ada", "ben", "cleo")
    await travel(way.admin, MONDAY_NOON)
    await way.tells()
    path = f"{API}/offers/{(await way.offer_of('ada'))['offer_id']}"
    await way.student("ada").post(f"{path}/accept", {"conduct_agreed": True})

    answer = await way.student("ada").post(f"{path}/decline", {})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-accepted")


async def test_bad_input_55_office_sets_a_deadline_in_the_past(way):
    await way.ranks("ada", "ben", "cleo")
    await travel(way.admin, MONDAY_NOON)
    await way.tells()
    path = f"{API}/offers/{(await way.offer_of('ada'))['offer_id']}/extend"

    late = await way.office.post(path, {"deadline": "2024-02-20T12:00:00Z", "reason": "Outage"})
    good = await way.office.post(path, {"deadline": "2024-02-29T12:00:00Z", "reason": "Outage"})

    fault = late.json()["errors"][0]
    assert (late.status_code, fault["pointer"], fault["code"]) == (422, "#/deadline", "past")
    assert good.json()["respond_by"]["wall"] == "2024-02-29 12:00"


async def test_two_with_one_rank_are_named(way):
    ids = way.given.applications
    body = {"choices": [{"application_id": ids[w], "rank": 1} for w in ("ada", "ben", "cleo")]}

    answer = await way.host.post(f"{API}/selections/{way.key}", body)

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Rank 1 is given twice: Ada and Ben")


async def test_withdrawn_application_ends_its_offer_and_the_reserve_is_asked(way):
    await way.ranks("ada", "ben", "cleo")
    await travel(way.admin, MONDAY_NOON)
    await way.tells()
    offer = await way.offer_of("ada")
    ada, before = way.student("ada"), await events_recorded(way.doors.database)

    path = f"{API}/applications/{way.given.applications['ada']}/withdraw"
    withdrawn = await ada.post(path, {})

    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
    ended = await way.offer_of("ada")
    assert (ended["state"], ended["reason_code"]) == ("withdrawn", "application_withdrawn")
    accept = f"{API}/offers/{offer['offer_id']}/accept"
    answer = await ada.post(accept, {"conduct_agreed": True})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/offer-withdrawn")

    await way.loop()

    assert (await way.offer_of("ben"))["state"] == "made"
    told = (await events_recorded(way.doors.database))[len(before) :]
    assert told == ["ApplicationWithdrawn", "OfferWithdrawn", "OfferMade"]


async def test_no_place_is_taken_in_a_vacancy_that_was_taken_back(way):
    await way.ranks("ada", "ben", "cleo")
    await travel(way.admin, MONDAY_NOON)
    await way.tells()
    accept = f"{API}/offers/{(await way.offer_of('ada'))['offer_id']}/accept"
    async with way.doors.database.transaction() as tx:
        await tx.execute(
            "UPDATE known_vacancies SET status = 'withdrawn', withdrawn_at = clock_timestamp()"
        )

    answer = await way.student("ada").post(accept, {"conduct_agreed": True})  # before the loop

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/offer-withdrawn")
    await way.loop()
    assert (await way.offer_of("ada"))["reason_code"] == "vacancy_withdrawn"
    assert (await way.student("ada").get(f"{API}/placements")).json() == {"placements": []}


async def test_who_supervises_here_and_is_a_contact_elsewhere_has_no_contacts_rights(way):
    """One person of two organisations: the rights of the one do not carry over to the other."""
    both = way.doors.host(name="Ines Farrow")
    host_id = next(iter(way.given.host.hosts))
    await let_act_for(way.doors, both, host_id, kind="supervisor")
    await let_act_for(way.doors, both, new_id())
    ada = way.given.applications["ada"]
    vacancy = f"/selections/{way.given.vacancy_id}"

    assert (await both.get(f"{API}/selections")).json() == {"selections": []}
    for path in (f"{API}/selections/{way.key}", vacancy, f"{vacancy}/{ada}", f"{vacancy}/{ada}/cv"):
        assert (await both.get(path)).status_code == 404
    ranking = {"choices": [{"application_id": ada, "rank": 1}]}
    assert (await both.post(f"{API}/selections/{way.key}", ranking)).status_code == 404
