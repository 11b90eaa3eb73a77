"""A host at its pages: register, write step by step, send, see what the office says."""

from urllib.parse import unquote
from uuid import UUID

import pytest

from tests.doors import Person, events_recorded, travel
from tests.proposals.oxford import API, CLOSING, Oxford, verdict

REGISTRATION = {
    "public_name": "Brightwater Housing",
    "kind": "charity",
    "profit_status": "not_for_profit",
    "size": "10_to_49",
    "sector": "energy",
    "country": "GB",
    "region": "london",
    "zone": "Europe/London",
    "about": "",
    "contact_name": "Sukarno",
    "contact_email": "sukarno@brightwater.example",
}
PROJECT = {
    "title": "Check a carbon audit against the meter readings",
    "scope": "We have audited the energy that our houses use and do not know how far the figures "
    "can be trusted, since nobody ever compared them with the meters themselves.",
    "strategic_focus": "Cutting the energy our houses use by half.",
    "category": "audits",
    "sector": "energy",
    "project_kind": "stand_alone",
    "placement_kind": "professional",
}
TASKS = {
    "tasks": "Collect the readings of forty houses, compare them with the audit, visit three, and "
    "explain every difference that is larger than a tenth.",
    "deliverables": "A table of forty houses and two pages on what the audit gets wrong.",
    "learning": "How an audit is made.",
}
SUPERVISION = {
    "supervision": "Our energy manager is there every day and talks with you each afternoon.",
    "supervisor_name": "屠呦呦",
    "supervisor_email": "tu@brightwater.example",
    "has_work_shadowing": "yes",
}
WHEN = {
    "mode": "hybrid",
    "days": ["2024-03-18", "2024-03-19", "2024-03-20"],
    "remote_days": ["2024-03-20"],
    "starts": "09:00",
    "ends": "17:00",
    "break_minutes": "60",
    "city": "London",
    "region": "london",
    "country": "GB",
}
WHO = {
    "skills": ["problem_solving", "communication"],
    "disciplines": "Physics, Geography",
    "places": "1",
}
STEPS = {"project": PROJECT, "tasks": TASKS, "supervision": SUPERVISION, "when": WHEN, "who": WHO}


async def a_registered_contact(oxford: Oxford) -> Person:
    answer = await oxford.doors.visitor().form("/hosts/register", REGISTRATION)
    assert answer.status_code == 303, answer.text
    host_id = answer.headers["location"].partition("of=")[2]
    person_ref = await oxford.doors.database.value(
        "SELECT person_ref FROM host_contacts WHERE host_id = $1", UUID(host_id)
    )
    await oxford.office.post(f"{API}/hosts/{host_id}/approve")
    return oxford.doors.host(person_ref)


async def a_draft(oxford: Oxford, host: Person, host_id: UUID | str) -> str:
    begun = await host.form("/proposals", {"cycle": str(oxford.cycle_id), "host": str(host_id)})
    assert begun.status_code == 303, begun.text
    return begun.headers["location"].removesuffix("/project")


async def test_a_host_registers_writes_step_by_step_and_sends(oxford: Oxford):
    host = await a_registered_contact(oxford)
    host_id = (await host.get(f"{API}/hosts")).json()["hosts"][0]["host_id"]
    path = await a_draft(oxford, host, host_id)

    for step, fields in STEPS.items():
        assert (await host.get(f"{path}/{step}")).status_code == 200
        saved = await host.form(f"{path}/{step}", fields)
        assert saved.status_code == 303, saved.text
    checked = await host.get(f"{path}/check")
    assert "Still to do" not in checked.text
    assert "21 hours in all" in checked.text
    sent = await host.form(f"{path}/submit")

    assert sent.status_code == 303, sent.text
    page = await host.get(path)
    assert "The office answers by 5pm on Thursday 23 November 2023" in page.text
    assert "屠呦呦" in page.text
    assert (await events_recorded(oxford.doors.database))[-1] == "ProposalSubmitted"


async def test_what_is_typed_is_kept_whole_or_not(oxford: Oxford):
    path = await a_draft(oxford, oxford.host, oxford.host_id)

    slip = await oxford.host.form(f"{path}/when", WHEN | {"starts": "nine-ish"})

    assert slip.status_code == 422
    assert "<title>Error: " in " ".join(slip.text.split())
    again = await oxford.host.get(f"{path}/when")
    assert "nine-ish" in again.text


async def test_sending_an_incomplete_proposal_says_all_that_is_missing(oxford: Oxford):
    path = await a_draft(oxford, oxford.host, oxford.host_id)

    refused = await oxford.host.form(f"{path}/submit")

    assert refused.status_code == 422
    assert "Name the person who looks after the intern." in refused.text
    assert "Choose the days." in refused.text


async def test_a_step_sent_again_after_sending_shows_what_was_sent(oxford: Oxford):
    proposal_id = await oxford.has_sent()

    answer = await oxford.host.form(f"/proposals/{proposal_id}/project", PROJECT)

    assert answer.status_code == 409
    assert "already submitted" in answer.text
    assert "Catalogue two centuries of weather diaries" in answer.text
    assert PROJECT["title"] not in answer.text


async def test_a_double_click_begins_one_draft(oxford: Oxford):
    fields = {"cycle": str(oxford.cycle_id), "host": str(oxford.host_id)}

    first = await oxford.host.form("/proposals", fields, key="one-click")
    second = await oxford.host.form("/proposals", fields, key="one-click")

    assert first.headers["location"] == second.headers["location"]
    assert await oxford.doors.database.value("SELECT count(*) FROM proposals") == 1


async def test_the_window_closes_on_a_page_too(oxford: Oxford):
    proposal_id, _ = await oxford.has_a_draft()
    await travel(oxford.admin, CLOSING)

    answer = await oxford.host.form(f"/proposals/{proposal_id}/submit")

    assert answer.status_code == 409
    assert "Proposals closed at 5pm on Friday 19 January 2024 (London time)." in answer.text


async def test_changes_asked_are_said_where_they_are_made(oxford: Oxford):
    proposal_id = await oxford.has_sent()
    asked = verdict("changes_requested", reason="Say who is there on Fridays.")
    await oxford.office.post(f"{API}/proposals/{proposal_id}/screening", asked)

    assert "Send the changes by" in (await oxford.host.get("/proposals")).text
    assert "Change and send again" in (await oxford.host.get(f"/proposals/{proposal_id}")).text
    step = await oxford.host.get(f"/proposals/{proposal_id}/supervision")
    assert "Say who is there on Fridays." in step.text


async def test_a_proposal_is_taken_back(oxford: Oxford):
    proposal_id = await oxford.has_sent()
    assert (await oxford.host.get(f"/proposals/{proposal_id}/withdraw")).status_code == 200

    answer = await oxford.host.form(f"/proposals/{proposal_id}/withdraw")

    assert answer.status_code == 303
    assert (await events_recorded(oxford.doors.database))[-1] == "ProposalWithdrawn"


async def test_nobody_reads_another_hosts_proposal(oxford: Oxford):
    proposal_id, _ = await oxford.has_a_draft()
    other = await a_registered_contact(oxford)
    assert (await oxford.host.get(f"/proposals/{proposal_id}")).status_code == 200

    for stranger, status in ((other, 404), (oxford.doors.student(), 403)):
        assert (await stranger.get(f"/proposals/{proposal_id}")).status_code == status
    assert (await other.form(f"/proposals/{proposal_id}/project", PROJECT)).status_code == 404


@pytest.mark.parametrize("path", ["/hosts", "/hosts/register", "/hosts/registered"])
async def test_pages_for_hosts_need_no_sign_in(oxford: Oxford, path: str):
    assert (await oxford.doors.visitor().get(path)).status_code == 200


async def test_own_organisation_says_how_it_stands(oxford: Oxford):
    page = await oxford.host.get("/hosts/mine")

    assert "Museum of the History of Weather" in page.text
    assert "You can send proposals." in page.text
    assert "Nadia O’Casey: contact" in page.text


async def test_registration_keeps_what_was_typed_beside_its_faults(oxford: Oxford):
    typed = REGISTRATION | {"contact_email": "a@b", "public_name": "x\u202ey"}

    answer = await oxford.doors.visitor().form("/hosts/register", typed)

    assert answer.status_code == 422
    assert "Sukarno" in answer.text
    assert "a@b" in answer.text
    assert "This holds a character that cannot be shown." in answer.text


async def test_what_is_typed_into_an_ended_sign_in_is_in_the_step_again(oxford: Oxford):
    """bad_input[43]"""
    proposal_id, _ = await oxford.has_a_draft()
    step = f"/proposals/{proposal_id}/tasks"

    sent = await oxford.host.away().form(step, {"tasks": "Newer words of mine"})
    address = unquote(sent.headers["location"].partition("next=")[2])
    page = await oxford.host.get(address)

    assert (sent.status_code, address.partition("?")[0]) == (303, step)
    assert page.status_code == 200
    assert "Newer words of mine</textarea>" in page.text
    last = await oxford.host.away().form(f"/proposals/{proposal_id}/submit")
    assert last.headers["location"].endswith(f"%2Fproposals%2F{proposal_id}%2Fsubmit")
    assert (await oxford.host.get(f"/proposals/{proposal_id}/submit")).status_code == 303


async def test_who_registers_needs_no_sign_in_though_an_old_one_is_still_about(oxford: Oxford):
    """A public form that was opened without a sign-in is taken; an ended cookie changes nothing."""
    old = oxford.doors.student().away()

    sent = await old.form("/hosts/register", REGISTRATION | {"csrf": oxford.doors.visitor().csrf})

    assert (sent.status_code, sent.headers["location"][:17]) == (303, "/hosts/registered")
