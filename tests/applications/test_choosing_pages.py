"""Choosing through pages: every form as a browser without scripts sends it."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from chassis import clock
from tests.applications.choosing import MONDAY_NOON, some_rules
from tests.applications.way import a_way
from tests.doors import travel


@pytest.fixture
async def way(doors_of, database_url):
    """Six days before the office tells."""
    return await a_way(doors_of, database_url)


def numbers(way, **ranks):
    """The ranking form: a number or a reason for each name."""
    ids = way.given.applications
    fields = {}
    for who, given in ranks.items():
        kind = "rank" if given.isdigit() else "reason"
        fields[f"{kind}-{ids[who]}"] = given
    return fields


async def at_the_offer(way, **more):
    """Ada has an offer; its page's address."""
    await way.ranks("ada", "ben", refused=["cleo"], **more)
    await travel(way.admin, MONDAY_NOON)
    await way.tells()
    return f"/offers/{(await way.offer_of('ada'))['offer_id']}"


async def test_host_reads_ranks_checks_and_confirms(way):
    here = f"/selections/{way.given.vacancy_id}"
    listed = await way.host.get("/selections")
    assert "Choose: Catalogue two centuries of weather diaries" in listed.text
    page = await way.host.get(here)
    assert "Choose by" in page.text
    assert "Others were a closer fit" in page.text

    one = await way.host.get(f"{here}/{way.given.applications['ada']}")
    assert "I would like to." in one.text
    assert "<span>Tomos Price</span>" in one.text  # the bar names who reads, not who wrote

    sent = await way.host.form(
        here, numbers(way, ada="1", ben="3", cleo="closer_fit") | {"then": "check"}
    )
    assert (sent.status_code, sent.headers["location"]) == (303, f"{here}/check?round=first")
    check = await way.host.get(f"{here}/check")
    assert "the ranks after it have moved up" in check.text
    assert "Cleo" in check.text

    done = await way.host.form(f"{here}/check", {"seen": "0"})
    assert done.status_code == 303
    page = await way.host.get(done.headers["location"])
    assert "Your choice is confirmed." in page.text


async def test_slips_in_a_ranking_are_said_at_their_fields_and_everything_is_kept(way):
    here = f"/selections/{way.given.vacancy_id}"
    sent = await way.host.form(here, numbers(way, ada="1", ben="1") | {"then": "check"})

    assert sent.status_code == 422
    assert "is given twice: " in sent.text
    assert "Give Cleo a rank, or choose a reason." in sent.text
    assert "<title>\n    Error: " in sent.text or "Error: Choose" in sent.text
    assert (await way.host.get(f"{here}/check")).status_code == 303


async def test_a_choice_that_took_longer_than_a_quarter_of_an_hour_is_not_lost(way):
    """bad_input[43]: numbers typed under a sign-in that has grown too old for applications"""
    here = f"/selections/{way.given.vacancy_id}"
    earlier = clock.real_now() - timedelta(minutes=16)
    old = way.doors.person(person_ref=way.given.host.person_ref, signed_in_at=earlier)

    sent = await old.form(f"{here}?round=first", numbers(way, ada="7", cleo="closer_fit"))
    way_in = parse_qs(urlsplit(sent.headers["location"]).query)
    page = await way.host.get(way_in["next"][0])

    assert (sent.status_code, way_in["again"]) == (303, ["yes"])
    assert way_in["next"][0].startswith(f"{here}?round=first&kept=")
    assert 'value="7"' in page.text
    check = await old.form(f"{here}/check?round=first", {"seen": "0"})
    assert parse_qs(urlsplit(check.headers["location"]).query)["next"] == [f"{here}?round=first"]


async def test_choice_of_a_colleague_is_not_overwritten_unseen(way):
    here = f"/selections/{way.given.vacancy_id}"
    await way.host.form(here, numbers(way, ada="1", ben="2", cleo="3") | {"then": "check"})
    await way.ranks("cleo", "ben", "ada")
    await way.host.form(here, numbers(way, ada="1", ben="2", cleo="3") | {"then": "check"})

    sent = await way.host.form(f"{here}/check", {"seen": "0"})

    assert sent.status_code == 409
    assert "This has changed meanwhile." in sent.text


async def test_host_with_an_old_sign_in_is_led_back_here(way):
    old = way.doors.person(
        person_ref=way.given.host.person_ref,
        signed_in_at=clock.real_now() - timedelta(minutes=16),
    )
    here = f"/selections/{way.given.vacancy_id}"
    answer = await old.get(here)
    assert answer.status_code == 303
    assert (
        answer.headers["location"]
        == f"/sign-in?next=%2Fselections%2F{way.given.vacancy_id}&again=yes"
    )
    assert (await old.get("/selections")).status_code == 200


async def test_before_the_release_there_is_no_page_and_no_count(way):
    async with way.doors.database.transaction() as tx:
        await tx.execute("UPDATE known_rounds SET released_at = NULL, released_count = NULL")
    listed = await way.host.get("/selections")
    assert "Waiting" in listed.text
    assert "application<" not in listed.text
    assert " applications<" not in listed.text.replace("Applications to your", "")
    assert (await way.host.get(f"/selections/{way.given.vacancy_id}")).status_code == 404


async def test_offer_is_accepted_on_a_page_of_its_own(way):
    here = await at_the_offer(way)
    page = await way.student("ada").get(here)
    assert "12 noon on Wednesday 28 February 2024" in page.text
    assert "1 day 23 hours left" in page.text or "2 days left" in page.text

    ask = await way.student("ada").get(f"{here}/accept")
    assert "Accept this place?" in ask.text
    assert "I will act as a good guest of my host." in ask.text

    without = await way.student("ada").form(f"{here}/accept")
    assert without.status_code == 409
    assert "Agree to the conduct agreement before you accept." in without.text

    done = await way.student("ada").form(f"{here}/accept", {"agreed": "yes"})
    assert (done.status_code, done.headers["location"]) == (303, here)
    again = await way.student("ada").form(f"{here}/accept", {"agreed": "yes"})
    assert (again.status_code, again.headers["location"]) == (303, here)
    assert "Successful" in (await way.student("ada").get(here)).text
    assert (await way.student("ada").get(f"{here}/accept")).status_code == 303


async def test_offer_that_ran_out_says_when_and_what_time_it_is(way):
    here = await at_the_offer(way)
    await travel(way.admin, MONDAY_NOON + timedelta(days=2, minutes=4, seconds=5))

    sent = await way.student("ada").form(f"{here}/accept", {"agreed": "yes"})

    assert sent.status_code == 409
    assert "The time to answer this offer has passed." in sent.text
    assert "It ran out at 12 noon on Wednesday 28 February 2024, London time (GMT)" in sent.text
    assert "12:04pm" in sent.text


async def test_offer_is_declined_with_a_reason_of_the_programme(way):
    here = await at_the_offer(way)
    assert "I am no longer free" in (await way.student("ada").get(f"{here}/decline")).text

    done = await way.student("ada").form(f"{here}/decline", {"reason_code": "not_free"})

    assert done.status_code == 303
    assert "You declined on Monday 26 February 2024." in (await way.student("ada").get(here)).text


async def test_hours_that_hardly_meet_ones_own_are_confirmed(doors_of, database_url):
    rules = some_rules(placement={"overlap_hours_least": 5.0})
    way = await a_way(doors_of, database_url, rules=rules)
    async with way.doors.database.transaction() as tx:
        await tx.execute("UPDATE known_vacancies SET zone = 'America/New_York'")
    here = await at_the_offer(way)
    assert "You share 4.5 hours" in (await way.student("ada").get(here)).text

    without = await way.student("ada").form(f"{here}/accept", {"agreed": "yes"})
    assert "The host&#39;s hours hardly meet your day." in without.text

    done = await way.student("ada").form(f"{here}/accept", {"agreed": "yes", "hours": "yes"})
    assert done.status_code == 303
    placement = (await way.host.get("/api/applications/v1/placements")).json()["placements"][0]
    seen = await way.host.get(f"/placements/{placement['placement_id']}")
    assert "Ada said that these hours suit" in seen.text


async def test_placement_is_cancelled_with_a_reason(way):
    here = await at_the_offer(way)
    await way.student("ada").form(f"{here}/accept", {"agreed": "yes"})
    placement = (await way.host.get("/api/applications/v1/placements")).json()["placements"][0]
    page = f"/placements/{placement['placement_id']}"
    for person in (way.host, way.student("ada")):
        assert (await person.get("/placements")).status_code == 200
        assert "Days and hours" in (await person.get(page)).text
    assert (await way.student("ben").get(page)).status_code == 404

    assert "Choose a reason" in (await way.host.get(f"{page}/cancel")).text
    without = await way.host.form(f"{page}/cancel", {"reason_code": ""})
    assert without.status_code == 422
    done = await way.host.form(f"{page}/cancel", {"reason_code": "illness"})
    assert (done.status_code, done.headers["location"]) == (303, page)
    assert "cancelled it on Monday 26 February 2024" in (await way.student("ada").get(page)).text


# ---- the office ----

SELECTIONS = "/office/applications/selections"


async def test_office_sees_what_would_happen_and_then_tells(way):
    await way.ranks("ada", "ben", refused=["cleo"])
    await travel(way.admin, MONDAY_NOON)
    page = await way.office.get(SELECTIONS)
    assert "See what would happen" in page.text
    assert (await way.office.get(SELECTIONS, format="csv")).text.count("\n") == 2
    dry = await way.office.get(f"{SELECTIONS}/outcomes", which="all", show="all")
    assert "Nothing has been done yet." in dry.text
    assert "Make 1 offer" in dry.text
    assert await way.given.states() == {}
    fingerprint = dry.text.split('name="fingerprint" value="')[1].split('"')[0]
    key = f"{way.given.vacancy_id}:first"

    moved = await way.office.form(
        f"{SELECTIONS}/outcomes", {"key": key, "fingerprint": "old", "reason": "As chosen"}
    )
    assert moved.status_code == 409
    without = await way.office.form(
        f"{SELECTIONS}/outcomes", {"key": key, "fingerprint": fingerprint, "reason": " "}
    )
    assert without.status_code == 422
    done = await way.office.form(
        f"{SELECTIONS}/outcomes", {"key": key, "fingerprint": fingerprint, "reason": "As chosen"}
    )
    assert "What was done" in done.text
    await way.loop()
    assert await way.given.states() == {"ada": "made"}


async def test_office_has_no_page_to_rank_on(way):
    assert (await way.office.get(f"/selections/{way.given.vacancy_id}")).status_code == 403


async def test_office_extends_and_withdraws_an_offer_with_a_reason(way):
    here = f"/office/applications{await at_the_offer(way)}"
    assert "Ada" in (await way.office.get("/office/applications/offers")).text
    assert (await way.office.get(here)).status_code == 200
    assert (await way.office.get(f"{here}/extend")).status_code == 200
    later = {
        "deadline-day": "29",
        "deadline-month": "2",
        "deadline-year": "2024",
        "deadline-time": "noon",
    }
    past = later | {"deadline-day": "20", "reason": "The portal was away"}
    assert (await way.office.form(f"{here}/extend", past)).status_code == 422
    assert (await way.office.form(f"{here}/extend", later)).status_code == 422
    done = await way.office.form(f"{here}/extend", later | {"reason": "The portal was away"})
    assert (done.status_code, done.headers["location"]) == (303, here)
    assert "12 noon on Thursday 29 February 2024" in (await way.office.get(here)).text

    assert (await way.office.form(f"{here}/withdraw", {"reason": ""})).status_code == 422
    await way.office.form(f"{here}/withdraw", {"reason": "The host has no desk"})
    shown = await way.student("ada").get(here.removeprefix("/office/applications"))
    assert "The office withdrew this offer on Monday 26 February 2024: The host has no desk." in (
        shown.text
    )


async def test_office_sees_placements_and_cancels_one(way):
    here = await at_the_offer(way)
    await way.student("ada").form(f"{here}/accept", {"agreed": "yes"})
    table = "/office/applications/placements"
    assert "Ada" in (await way.office.get(table)).text
    assert "Ada" in (await way.office.get(table, format="csv")).text
    placement = (await way.office.get("/api/applications/v1/placements")).json()["placements"][0]
    page = f"{table}/{placement['placement_id']}"
    assert (await way.office.get(page)).status_code == 200
    assert (await way.office.get(f"{page}/cancel")).status_code == 200
    done = await way.office.form(f"{page}/cancel", {"reason_code": "illness"})
    assert (done.status_code, done.headers["location"]) == (303, page)
    assert "Cancelled" in (await way.office.get(page)).text
