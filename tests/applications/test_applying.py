"""Applying by the API: from a draft to the host's first look."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis import clock
from chassis.actor import the_clock
from schemas.rules import Round
from services.applications.commands.rounds import close_round
from services.applications.deadlines.rounds import close_rounds, release_rounds, remind_of_drafts
from services.applications.domain.vacancy_round import CloseRound
from tests.applications.files import a_pdf
from tests.applications.known import AFTER, CLOSES, OPENS, STATEMENT, TERM, rules_with, told
from tests.doors import Doors, Person, events_recorded, let_act_for, travel

API = "/api/applications/v1"
DoorsOf = Callable[..., Awaitable[Doors]]


@pytest.fixture
async def doors(doors_of: DoorsOf, database_url: str) -> Doors:
    doors = await doors_of("applications")
    await travel(database_url, TERM)
    return doors


async def a_draft(person: Person, vacancy_id: UUID, *, statement: str = STATEMENT) -> str:
    """A draft that is ready to be sent."""
    begun = await person.post(f"{API}/applications", {"vacancy_id": vacancy_id})
    assert begun.status_code == 201, begun.text
    application_id = begun.json()["application_id"]
    body = {"statement": statement, "declarations": ["available"]}
    saved = await person.put(
        f"{API}/applications/{application_id}", body, version=begun.json()["version"]
    )
    assert saved.status_code == 200, saved.text
    added = await add_cv(person, application_id, a_pdf())
    assert added.status_code == 200, added.text
    return application_id


async def add_cv(person: Person, application_id: str, content: bytes, *, name: str = "cv.pdf"):
    headers = {"x-csrf-token": person.csrf, "idempotency-key": str(uuid4())}
    return await person.send(
        "PUT",
        f"{API}/applications/{application_id}/cv",
        headers=headers,
        files={"cv": (name, content, "application/pdf")},
    )


async def submitted(person: Person, vacancy_id: UUID) -> str:
    application_id = await a_draft(person, vacancy_id)
    answer = await person.post(f"{API}/applications/{application_id}/submit")
    assert answer.status_code == 200, answer.text
    return application_id


async def test_application_travels_from_draft_to_release(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    student, office = doors.student(name="Priya Raman"), doors.office()

    application_id = await a_draft(student, vacancy_id)
    receipt = (await student.post(f"{API}/applications/{application_id}/submit")).json()
    assert receipt["reference"].startswith("OX-")
    assert receipt["status"] == "submitted"
    early = await office.post(f"{API}/vacancies/{vacancy_id}/rounds/first/release", {})
    assert early.status_code == 409

    await travel(database_url, AFTER)
    await close_rounds(doors.database, now=clock.now)
    released = await office.post(f"{API}/vacancies/{vacancy_id}/rounds/first/release", {})
    again = await office.post(f"{API}/vacancies/{vacancy_id}/rounds/first/release", {})

    assert released.json()["count"] == 1
    assert again.status_code == 409
    assert await events_recorded(doors.database) == [
        "ApplicationSubmitted",
        "ApplicationsClosed",
        "ApplicationsReleased",
    ]
    shown = (await student.get(f"{API}/applications/{application_id}")).json()
    assert (shown["stage"], shown["tag"]) == ("with_the_host", "Sent to the host")
    figures = (await office.get(f"{API}/cycles/{shown['cycle_id']}/figures")).json()
    assert (figures["submitted"], figures["released"], figures["placed"]) == (1, 1, 0)


async def test_midday_itself_is_too_late(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    student = doors.student()
    application_id = await a_draft(student, vacancy_id)

    await travel(database_url, CLOSES)
    late = await student.post(f"{API}/applications/{application_id}/submit")

    assert late.status_code == 409
    problem = late.json()
    assert problem["type"] == "/problems/deadline-passed"
    assert problem["deadline"] == "2024-02-12T12:00:00+00:00"
    assert problem["zone"] == "Europe/London"
    assert problem["server_time"].startswith("2024-02-12T12:00:0")


async def test_sealed_round_stays_shut_when_the_clock_steps_back(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    student = doors.student()
    application_id = await a_draft(student, vacancy_id)
    await travel(database_url, AFTER)
    await close_rounds(doors.database, now=clock.now)

    await travel(database_url, TERM)
    late = await student.post(f"{API}/applications/{application_id}/submit")
    begun = await doors.student().post(f"{API}/applications", {"vacancy_id": vacancy_id})

    assert (late.status_code, begun.status_code) == (409, 409)
    shown = (await student.get(f"{API}/applications/{application_id}")).json()
    assert shown["status"] == "not_submitted"


async def test_vacancy_is_not_there_before_it_opens(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    await travel(database_url, OPENS.replace(hour=8))

    answer = await doors.student().post(f"{API}/applications", {"vacancy_id": vacancy_id})

    assert answer.status_code == 404


async def test_third_application_is_refused_and_names_the_two(doors: Doors):
    vacancies = [await told(doors.database, title=f"Project {n}") for n in "ABC"]
    student = doors.student()
    third = await a_draft(student, vacancies[2])
    for vacancy_id in vacancies[:2]:
        await submitted(student, vacancy_id)

    answer = await student.post(f"{API}/applications/{third}/submit")

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/limit-reached"
    assert "both applications in this round: Project A (OX-" in answer.json()["detail"]
    assert "and Project B (OX-" in answer.json()["detail"]


async def test_of_three_sent_at_once_two_are_taken(doors: Doors):
    vacancies = [await told(doors.database, title=f"Project {n}") for n in "ABC"]
    student = doors.student()
    drafts = [await a_draft(student, vacancy_id) for vacancy_id in vacancies]

    answers = await asyncio.gather(
        *(student.post(f"{API}/applications/{draft}/submit") for draft in drafts)
    )

    assert sorted(answer.status_code for answer in answers) == [200, 200, 409]
    row = await doors.database.get_row("SELECT live_first FROM applicant_cycles")
    assert row["live_first"] == 2


async def test_withdrawing_frees_a_slot_where_the_programme_says_so(doors: Doors):
    rules = rules_with(applying={"caps": [{"round": "first", "most": 1}]})
    vacancies = [await told(doors.database, rules=rules, title=f"Project {n}") for n in "AB"]
    student = doors.student()
    first = await submitted(student, vacancies[0])

    gone = await student.post(f"{API}/applications/{first}/withdraw", {})
    await submitted(student, vacancies[1])

    assert gone.json()["status"] == "withdrawn"
    assert await events_recorded(doors.database) == [
        "ApplicationSubmitted",
        "ApplicationWithdrawn",
        "ApplicationSubmitted",
    ]


async def test_withdrawing_keeps_the_slot_where_the_programme_says_so(doors: Doors):
    applying = {"caps": [{"round": "first", "most": 1}], "withdrawing_frees_a_slot": False}
    rules = rules_with(applying=applying)
    vacancies = [await told(doors.database, rules=rules, title=f"Project {n}") for n in "AB"]
    student = doors.student()
    first = await submitted(student, vacancies[0])
    await student.post(f"{API}/applications/{first}/withdraw", {})

    again = await student.post(f"{API}/applications", {"vacancy_id": vacancies[1]})

    assert again.status_code == 409


async def test_mba_student_is_sent_to_their_own_service(doors: Doors):
    clause = {
        "verdict": "refuse",
        "code": "mba",
        "every": [{"about": "course", "is_one_of": ["mba", "emba"]}],
        "sentence": "MBA students are looked after by their own careers service.",
        "signpost": "https://careers.example/mba",
    }
    whole = rules_with()["eligibility"]["clauses"]
    vacancy_id = await told(
        doors.database, rules=rules_with(eligibility={"clauses": [clause, *whole]})
    )

    answer = await doors.student(course="MBA").post(
        f"{API}/applications", {"vacancy_id": vacancy_id}
    )

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/not-eligible"
    assert answer.json()["detail"] == clause["sentence"]
    assert answer.json()["signpost"] == clause["signpost"]


async def test_host_contact_cannot_apply_to_the_own_vacancy(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    host_id = await doors.database.value("SELECT host_id FROM known_vacancies")
    await let_act_for(doors, student, host_id)

    answer = await student.post(f"{API}/applications", {"vacancy_id": vacancy_id})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("statement", "over_length", "status", "kept"),
    [
        ("word " * 300, "refuse", 200, 300),
        ("word " * 301, "refuse", 422, None),
        ("word " * 301, "trim", 200, 300),
        ("\u200b".join(["ab"] * 300), "refuse", 200, 1),
        (" ".join(["x" * 40] * 300), "trim", 422, None),
    ],
)
async def test_statement_is_measured_by_the_programme(
    doors: Doors, statement: str, over_length: str, status: int, kept: int | None
):
    rules = rules_with(applying={"over_length": over_length})
    vacancy_id = await told(doors.database, rules=rules)
    student = doors.student()
    begun = (await student.post(f"{API}/applications", {"vacancy_id": vacancy_id})).json()
    path = f"{API}/applications/{begun['application_id']}"

    saved = await student.put(
        path, {"statement": statement, "declarations": ["available"]}, version=1
    )

    assert saved.status_code == status, saved.text
    if kept is None:
        assert saved.json()["errors"][0]["pointer"] == "#/statement"
        assert saved.json()["errors"][0]["code"] == "too-long"
        return
    await add_cv(student, begun["application_id"], a_pdf())
    await student.post(f"{path}/submit")
    shown = (await student.get(path)).json()
    assert len(shown["host_statement"].split()) == kept
    assert shown["statement"] == statement.replace("\u200b", "").strip()


async def test_unfinished_draft_is_kept_and_not_sent(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    begun = (await student.post(f"{API}/applications", {"vacancy_id": vacancy_id})).json()

    answer = await student.post(f"{API}/applications/{begun['application_id']}/submit")

    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("#/statement", "too-short"),
        ("#/cv", "required"),
        ("#/declarations", "required"),
    ]
    assert await events_recorded(doors.database) == []


async def test_sent_application_is_revised_until_closing(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    student = doors.student()
    application_id = await submitted(student, vacancy_id)
    path = f"{API}/applications/{application_id}"
    version = (await student.get(path)).json()["version"]
    body = {"statement": "Better words than before.", "declarations": ["available"]}

    revised = await student.put(path, body, version=version)
    stale = await student.put(path, body | {"statement": "Older words."}, version=version)
    bare = await student.put(path, body)

    assert revised.json()["revision"] == 2
    assert (stale.status_code, bare.status_code) == (412, 428)
    assert await events_recorded(doors.database) == ["ApplicationSubmitted", "ApplicationRevised"]
    await travel(database_url, CLOSES)
    late = await student.put(path, body, version=version + 1)
    assert late.json()["type"] == "/problems/deadline-passed"


async def test_what_is_sent_twice_is_taken_once(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    application_id = await a_draft(student, vacancy_id)
    path = f"{API}/applications/{application_id}/submit"

    first = await student.post(path, key="one-key")
    second = await student.post(path, key="one-key")
    third = await student.post(path, key="another-key")

    assert first.content == second.content
    assert third.status_code == 409
    assert third.json()["type"] == "/problems/already-submitted"
    assert await events_recorded(doors.database) == ["ApplicationSubmitted"]


async def test_nobody_sees_anothers_application(doors: Doors):
    vacancy_id = await told(doors.database)
    application_id = await submitted(doors.student(), vacancy_id)
    path = f"{API}/applications/{application_id}"

    stranger = doors.student(name="Somebody Else")
    elsewhere = doors.person(*doors.office().sign_in.roles, university="northfield")

    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.get(f"{path}/cv")).status_code == 404
    assert (await stranger.post(f"{path}/withdraw", {})).status_code == 404
    assert (await stranger.get(f"{API}/applications")).json()["applications"] == []
    assert (await doors.office().get(path)).status_code == 200
    assert (await elsewhere.get(path)).status_code in (401, 404)


async def test_closer_waits_for_whoever_is_sending(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    await travel(database_url, AFTER)
    closing: asyncio.Task[None]

    async def close() -> None:
        async with doors.database.transaction() as tx:
            command = CloseRound(vacancy_id, Round.FIRST)
            await close_round(tx, command, actor=the_clock(), now=clock.now)

    async with doors.database.transaction() as sender:
        await sender.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))",
            f"applications.round:{vacancy_id}:first",
        )
        closing = asyncio.create_task(close())
        await asyncio.sleep(0.2)
        assert not closing.done()
    await closing

    assert await events_recorded(doors.database) == ["ApplicationsClosed"]


async def test_forgotten_draft_is_reminded_of_once(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    await a_draft(doors.student(), vacancy_id)
    await submitted(doors.student(), vacancy_id)

    await remind_of_drafts(doors.database, now=clock.now)
    early = await events_recorded(doors.database)
    await travel(database_url, CLOSES - timedelta(hours=23))
    await remind_of_drafts(doors.database, now=clock.now)
    await remind_of_drafts(doors.database, now=clock.now)

    assert early == ["ApplicationSubmitted"]
    assert await events_recorded(doors.database) == ["ApplicationSubmitted", "ApplicationReminded"]


async def test_round_is_released_by_time_where_the_programme_says_so(
    doors: Doors, database_url: str
):
    vacancy_id = await told(doors.database, rules=rules_with(telling={"released_by": "time"}))
    await submitted(doors.student(), vacancy_id)
    await travel(database_url, AFTER)

    await close_rounds(doors.database, now=clock.now)
    await release_rounds(doors.database, now=clock.now)
    await release_rounds(doors.database, now=clock.now)

    assert await events_recorded(doors.database) == [
        "ApplicationSubmitted",
        "ApplicationsClosed",
        "ApplicationsReleased",
    ]
