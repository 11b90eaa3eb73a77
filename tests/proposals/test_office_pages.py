"""The office at its pages: screening, hosts, programmes, cycles, vacancies."""

import pytest

from chassis.actor import Role
from tests.doors import events_recorded, travel
from tests.proposals.oxford import API, CHECKS, MIDDAY, OPENING, REASON, Oxford, students_file
from tests.proposals.test_host_pages import REGISTRATION

ALL_YES = dict.fromkeys(CHECKS, "yes")
PAGES = (
    "/office/proposals",
    "/office/proposals/hosts",
    "/office/proposals/cycles",
    "/office/proposals/programmes",
    "/office/proposals/vacancies",
)


@pytest.mark.parametrize("path", PAGES)
async def test_office_pages_are_for_the_office_alone(oxford: Oxford, path: str):
    assert (await oxford.office.get(path)).status_code == 200

    for other in (oxford.host, oxford.doors.student()):
        assert (await other.get(path)).status_code == 403
    assert (await oxford.doors.visitor().get(path)).status_code == 303


async def test_office_begins_with_the_cycle_at_a_glance(oxford: Oxford):
    answer = await oxford.office.get("/office")

    assert (answer.status_code, answer.headers["location"]) == (303, "/office/applications")


async def test_an_officer_approves_what_is_in_the_queue(oxford: Oxford):
    proposal_id = await oxford.has_sent()
    queue = await oxford.office.get("/office/proposals")
    assert "Catalogue two centuries of weather diaries" in queue.text
    page = await oxford.office.get(f"/office/proposals/{proposal_id}/screening")
    assert "Approve: it opens at 9am on Monday 29 January 2024" in page.text

    fields = ALL_YES | {"revision": "1", "outcome": "passed"}
    answer = await oxford.office.form(f"/office/proposals/{proposal_id}/screening", fields)

    assert answer.status_code == 303, answer.text
    assert (await events_recorded(oxford.doors.database))[-2:] == [
        "ProposalScreened",
        "VacancyPublished",
    ]
    assert "All proposals are screened." in (await oxford.office.get("/office/proposals")).text


async def test_asking_for_changes_needs_a_reason(oxford: Oxford):
    proposal_id = await oxford.has_sent()
    path = f"/office/proposals/{proposal_id}/screening"
    fields = ALL_YES | {"scope": "not_yet", "revision": "1", "outcome": "changes_requested"}

    silent = await oxford.office.form(path, fields)
    assert silent.status_code == 422
    assert "Choose a reason from the programme’s list." in silent.text.replace("&#39;", "’")

    why = {"reason_codes": REASON, "reason": "Say who is there on Fridays."}
    assert (await oxford.office.form(path, fields | why)).status_code == 303


async def test_a_screener_sees_what_changed(oxford: Oxford):
    proposal_id = await oxford.has_sent()
    screening = f"/office/proposals/{proposal_id}/screening"
    fields = ALL_YES | {"scope": "not_yet", "revision": "1", "outcome": "changes_requested"}
    why = {"reason_codes": REASON, "reason": "Say who is there on Fridays."}
    await oxford.office.form(screening, fields | why)
    words = {
        "supervision": "A curator and a founder sit at the next desk and meet you each morning.",
        "supervisor_name": "Agnes Holm",
        "supervisor_email": "agnes@weather.example",
    }
    await oxford.host.form(f"/proposals/{proposal_id}/supervision", words)
    await oxford.host.form(f"/proposals/{proposal_id}/submit")

    page = await oxford.office.get(screening)

    assert "Changes since revision 1 are shown" in page.text
    assert "<ins>" in page.text
    assert "Say who is there on Fridays." in page.text


async def test_nobody_screens_what_they_wrote(oxford: Oxford):
    proposal_id = await oxford.has_sent()
    both = oxford.doors.person(
        Role.OFFICER, person_ref=oxford.host.person_ref, name="Nadia O’Casey"
    )
    path = f"/office/proposals/{proposal_id}/screening"

    page = await both.get(path)
    posted = await both.form(path, ALL_YES | {"revision": "1", "outcome": "passed"})

    for answer in (page, posted):
        assert answer.status_code == 403
        assert "You wrote this proposal: a colleague screens it." in answer.text


async def test_a_host_is_refused_with_a_reason(oxford: Oxford):

    made = await oxford.doors.visitor().form("/hosts/register", REGISTRATION)
    host_id = made.headers["location"].partition("of=")[2]
    path = f"/office/proposals/hosts/{host_id}"
    assert (await oxford.office.get(path)).status_code == 200

    assert (await oxford.office.form(f"{path}/refuse")).status_code == 422
    why = {"reason_code": "known_already", "reason": "You are registered as Brightwater."}
    assert (await oxford.office.form(f"{path}/refuse", why)).status_code == 303
    again = await oxford.office.form(f"{path}/approve")

    assert again.status_code == 409
    assert (await events_recorded(oxford.doors.database))[-1] == "HostRefused"


async def test_a_suspended_host_does_nothing_and_its_vacancies_end(oxford: Oxford):
    vacancy_id = await oxford.has_a_vacancy()
    draft_id, _ = await oxford.has_a_draft()
    path = f"/office/proposals/hosts/{oxford.host_id}/suspend"
    why = {"reason_code": "conduct", "reason": "We have to talk.", "vacancies_end": "yes"}

    assert (await oxford.office.form(path, why)).status_code == 303
    await oxford.goes_to(OPENING)

    assert (await oxford.host.get(f"/proposals/{draft_id}")).status_code == 403
    recorded = await events_recorded(oxford.doors.database)
    assert "VacancyWithdrawn" in recorded
    page = await oxford.doors.visitor().get(f"/vacancies/{vacancy_id}")
    assert "The office withdrew this vacancy" in page.text


async def test_a_programme_is_published_after_its_difference_was_seen(oxford: Oxford):
    changed = students_file().replace("places_most = 10", "places_most = 12")
    path = "/office/proposals/programmes"

    shown = await oxford.office.form(path, {"known": "", "file": changed})
    assert "Nothing has been done yet." in shown.text
    assert "proposal.places_most" in shown.text
    before = await events_recorded(oxford.doors.database)
    published = await oxford.office.form(path, {"file": changed, "seen": "yes"})

    assert published.status_code == 303
    assert (await events_recorded(oxford.doors.database))[len(before) :] == ["RuleSetPublished"]
    rules = await oxford.doors.visitor().get("/programmes/students/rules/2")
    assert "What differs from the version before" in rules.text


async def test_a_faulty_file_is_refused_whole(oxford: Oxford):
    bad = students_file().replace('zone = "Europe/London"', 'zone = "GMT+1"')

    answer = await oxford.office.form("/office/proposals/programmes", {"file": bad})

    assert answer.status_code == 422
    assert "rules.kind.zone" in answer.text


async def test_an_officer_withdraws_a_vacancy(oxford: Oxford):
    vacancy_id = await oxford.has_a_vacancy()
    await oxford.goes_to(OPENING)
    path = f"/office/proposals/vacancies/{vacancy_id}"

    assert (await oxford.office.form(f"{path}/withdraw", {"reason": " "})).status_code == 422
    done = await oxford.office.form(f"{path}/withdraw", {"reason": "The museum burnt down."})

    assert done.status_code == 303
    assert (await events_recorded(oxford.doors.database))[-2:] == ["VacancyWithdrawn", "Tombstone"]
    assert (await oxford.doors.visitor().get(f"{API}/vacancies")).json()["found"] == 0


async def test_a_vacancy_is_not_readvertised_while_offers_may_be_out(oxford: Oxford):
    vacancy_id = await oxford.has_a_vacancy()
    await travel(oxford.admin, OPENING)
    await oxford.goes_to(OPENING)
    await oxford.goes_to(MIDDAY)

    answer = await oxford.office.form(f"/office/proposals/vacancies/{vacancy_id}/readvertise")

    assert answer.status_code == 409
    assert "An offer of this vacancy is still out" in answer.text
