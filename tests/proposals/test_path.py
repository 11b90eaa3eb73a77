"""From a programme's file to a vacancy that opened and closed: the whole path through the API."""

from datetime import timedelta

from tests.doors import events_recorded, travel
from tests.proposals.oxford import API, CLOSING, MIDDAY, OPENING, Oxford, verdict

MOMENT = timedelta(milliseconds=300)


async def test_a_proposal_becomes_a_vacancy_that_opens_and_closes(oxford: Oxford):
    vacancy_id = await oxford.has_a_vacancy()

    assert await events_recorded(oxford.doors.database) == [
        "RuleSetPublished",
        "CyclePublished",
        "ContactCard",
        "HostRegistered",
        "HostContactAdded",
        "HostApproved",
        "ContactCard",
        "HostContactAdded",
        "ProposalSubmitted",
        "ProposalScreened",
        "VacancyPublished",
    ]
    public = oxford.doors.visitor()
    assert (await public.get(f"{API}/vacancies/{vacancy_id}")).status_code == 404

    before = len(await events_recorded(oxford.doors.database))
    await oxford.goes_to(OPENING)
    assert (await public.get(f"{API}/vacancies")).json()["found"] == 1
    assert (await public.get(f"{API}/vacancies/{vacancy_id}")).json()["state"] == "open"
    await oxford.goes_to(MIDDAY)
    assert (await public.get(f"{API}/vacancies")).json()["found"] == 0
    assert (await public.get(f"{API}/vacancies/{vacancy_id}")).json()["state"] == "closed"

    assert (await events_recorded(oxford.doors.database))[before:] == [
        "VacancyOpened",
        "CurrentVacancy",
        "VacancyClosed",
        "Tombstone",
    ]


async def test_search_shows_what_is_open_without_waiting_for_the_loop(oxford: Oxford):

    await oxford.has_a_vacancy()
    public = oxford.doors.visitor()

    await travel(oxford.admin, OPENING - timedelta(seconds=5))
    assert (await public.get(f"{API}/vacancies")).json()["found"] == 0
    await travel(oxford.admin, OPENING)
    assert (await public.get(f"{API}/vacancies")).json()["found"] == 1
    await travel(oxford.admin, MIDDAY)
    assert (await public.get(f"{API}/vacancies")).json()["found"] == 0


async def test_a_returned_proposal_is_changed_and_sent_again(oxford: Oxford):
    proposal_id = await oxford.has_sent()
    path = f"{API}/proposals/{proposal_id}"
    returned = await oxford.office.post(f"{path}/screening", verdict("changes_requested"))
    assert returned.json()["status"] == "changes_requested"
    version = (await oxford.host.get(path)).headers["etag"].strip('"')

    await oxford.host.put(
        path, {"supervision": "The curator and the founder, by turns, each day."}, version=version
    )
    sent = await oxford.host.post(f"{path}/submit")

    assert (sent.json()["status"], sent.json()["revision"]) == ("submitted", 2)
    stale = await oxford.office.post(f"{path}/screening", verdict(revision=1))
    assert stale.status_code == 409
    passed = await oxford.office.post(f"{path}/screening", verdict(revision=2))
    assert passed.json()["status"] == "approved"


async def test_a_rejected_proposal_is_no_vacancy(oxford: Oxford):
    proposal_id = await oxford.has_sent()

    await oxford.office.post(f"{API}/proposals/{proposal_id}/screening", verdict("rejected"))

    recorded = await events_recorded(oxford.doors.database)
    assert recorded[-1] == "ProposalScreened"
    assert "VacancyPublished" not in recorded


async def test_at_the_closing_instant_a_proposal_is_refused_and_the_draft_kept(oxford: Oxford):

    proposal_id, _ = await oxford.has_a_draft()
    await travel(oxford.admin, CLOSING)

    refused = await oxford.host.post(f"{API}/proposals/{proposal_id}/submit")

    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "Proposals closed at 5pm on Friday 19 January 2024 (London time). "
        "Your draft is kept for the next cycle."
    )
    await oxford.goes_to(CLOSING + MOMENT)
    kept = (await oxford.host.get(f"{API}/proposals/{proposal_id}")).json()
    assert kept["status"] == "lapsed"
    assert kept["content"]["title"] == "Catalogue two centuries of weather diaries"
