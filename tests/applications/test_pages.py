"""The applicant's pages: nothing typed is lost, every state says what comes next."""

from collections.abc import Awaitable, Callable
from urllib.parse import unquote
from uuid import UUID

import pytest

from tests.applications.files import PNG, a_pdf
from tests.applications.known import CLOSES, STATEMENT, TERM, rules_with, told
from tests.doors import Doors, Person, events_recorded, travel

DoorsOf = Callable[..., Awaitable[Doors]]


@pytest.fixture
async def doors(doors_of: DoorsOf, database_url: str) -> Doors:
    doors = await doors_of("applications")
    await travel(database_url, TERM)
    return doors


def a_file(content: bytes | None = None, name: str = "my cv.pdf"):
    return {"cv": (name, content or a_pdf(3), "application/pdf")}


async def begun(person: Person, vacancy_id: UUID, **fields: object) -> str:
    """A draft begun on the page; the address of its page."""
    typed = {"statement": STATEMENT, "declarations": "available", "then": "check", **fields}
    answer = await person.form(f"/applications/new?vacancy={vacancy_id}", typed, files=a_file())
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removesuffix("/check").removesuffix("/edit")


async def test_student_applies_by_the_pages(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student(name="Priya Raman")

    form = await student.get(f"/applications/new?vacancy={vacancy_id}")
    page = await begun(student, vacancy_id)
    check = await student.get(f"{page}/check")
    sent = await student.form(f"{page}/check")
    receipt = await student.get(page)
    home = await student.get("/applications")

    assert "Submit by" in form.text
    assert "0 of 300 words" in form.text
    assert "This is your first of two." in form.text
    assert STATEMENT.replace("'", "&#39;") in check.text
    assert "Your CV has 3 pages; what the host sees ends after page 2." in check.text
    assert (sent.status_code, sent.headers["location"]) == (303, page)
    assert "OX-" in receipt.text
    assert "You can change it until 12 noon on Monday 12 February 2024" in receipt.text
    assert "You have used one of your two applications in this round." in home.text
    assert await events_recorded(doors.database) == ["ApplicationSubmitted", "DocumentTrimmed"]


async def test_draft_is_saved_though_something_is_missing(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()

    answer = await student.form(
        f"/applications/new?vacancy={vacancy_id}", {"statement": STATEMENT, "then": "check"}
    )
    home = await student.get("/applications")

    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert "Add your CV: without one the application cannot be sent." in answer.text
    assert "Confirm each of these before you submit." in answer.text
    assert STATEMENT.replace("'", "&#39;") in answer.text
    assert "Draft" in home.text
    assert "or it does not count." in home.text


@pytest.mark.parametrize(
    ("statement", "status"),
    [("word " * 300, 303), ("word " * 301, 422), ("   ", 422), ("🙂 –", 422)],
)
async def test_statement_is_counted_on_the_page(doors: Doors, statement: str, status: int):
    vacancy_id = await told(doors.database, rules=rules_with(applying={"over_length": "refuse"}))
    student = doors.student()
    typed = {"statement": statement, "declarations": "available", "then": "check"}

    answer = await student.form(
        f"/applications/new?vacancy={vacancy_id}", typed, files=a_file(a_pdf())
    )

    assert answer.status_code == status
    if status == 422:
        assert 'href="#statement"' in answer.text


async def test_wrong_file_is_refused_and_the_text_is_kept(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()

    answer = await student.form(
        f"/applications/new?vacancy={vacancy_id}",
        {"statement": STATEMENT, "declarations": "available", "then": "check"},
        files=a_file(PNG),
    )

    assert answer.status_code == 422
    assert 'href="#cv"' in answer.text
    assert 'id="cv-error"' in answer.text
    assert "The name of this file says one thing and its content another." in answer.text
    assert STATEMENT.replace("'", "&#39;") in answer.text
    assert await doors.database.value("SELECT count(*) FROM documents") == 0


async def test_finished_step_sent_again_shows_what_was_submitted(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    page = await begun(student, vacancy_id)
    await student.form(f"{page}/check")

    again = await student.form(f"{page}/check")

    assert again.status_code == 409
    assert "This application has been submitted already." in again.text
    assert "OX-" in again.text
    assert await events_recorded(doors.database) == ["ApplicationSubmitted", "DocumentTrimmed"]


async def test_double_click_submits_once(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    page = await begun(student, vacancy_id)

    answers = [await student.form(f"{page}/check", key="one-click") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]


async def test_midday_is_said_in_words(doors: Doors, database_url: str):
    vacancy_id = await told(doors.database)
    student = doors.student()
    page = await begun(student, vacancy_id)

    await travel(database_url, CLOSES)
    late = await student.form(f"{page}/check")
    new = await doors.student().get(f"/applications/new?vacancy={vacancy_id}")

    said = "Applications closed at 12 noon on Monday 12 February 2024, London time (GMT)."
    assert late.status_code == 409
    assert said in late.text
    assert "This came at 12 February, 12" in late.text
    assert new.status_code == 409
    assert said in new.text


async def test_form_of_another_sign_in_is_refused_and_the_text_is_kept(doors: Doors):
    vacancy_id = await told(doors.database)
    student, other = doors.student(), doors.student()

    answer = await student.send(
        "POST",
        f"/applications/new?vacancy={vacancy_id}",
        data={"csrf": other.csrf, "statement": STATEMENT},
    )

    assert answer.status_code == 403
    assert STATEMENT.replace("'", "&#39;") in answer.text
    assert f'action="/applications/new?vacancy={vacancy_id}"' in answer.text


@pytest.mark.parametrize("has_a_draft", [False, True])
async def test_what_is_typed_into_an_ended_sign_in_is_in_the_form_again(
    doors: Doors, has_a_draft: bool
):
    """bad_input[43]"""
    vacancy_id = await told(doors.database)
    student = doors.student()
    page = f"/applications/new?vacancy={vacancy_id}"
    if has_a_draft:
        page = f"{await begun(student, vacancy_id)}/edit"

    sent = await student.away().form(page, {"statement": "Newer words of mine", "then": "check"})
    address = unquote(sent.headers["location"].partition("next=")[2])
    form = await student.get(address)
    others = await doors.student().get(address)

    assert (sent.status_code, address.partition("kept=")[0][:-1]) == (303, page)
    assert form.status_code == 200
    assert "Newer words of mine</textarea>" in form.text
    assert "Newer words of mine" not in others.text
    assert await events_recorded(doors.database) == []


async def test_mba_student_reads_where_to_go(doors: Doors):
    clause = {
        "verdict": "refuse",
        "code": "mba",
        "every": [{"about": "course", "is_one_of": ["mba", "emba"]}],
        "sentence": "MBA students are looked after by their own careers service.",
        "signpost": "https://careers.example/mba",
    }
    whole = rules_with()["eligibility"]["clauses"]
    rules = rules_with(eligibility={"clauses": [clause, *whole]})
    vacancy_id = await told(doors.database, rules=rules)

    page = await doors.student(course="MBA").get(f"/applications/new?vacancy={vacancy_id}")

    assert page.status_code == 409
    assert clause["sentence"] in page.text
    assert clause["signpost"] in page.text
    assert "<textarea" not in page.text


async def test_withdrawing_says_what_it_ends_before_it_does(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    page = await begun(student, vacancy_id)
    await student.form(f"{page}/check")

    asked = await student.get(f"{page}/withdraw")
    done = await student.form(f"{page}/withdraw")
    shown = await student.get(page)

    assert "The host is told nothing but that it is gone." in asked.text
    assert "Its slot is yours again" in asked.text
    assert done.status_code == 303
    assert "You withdrew on Monday 5 February 2024." in shown.text


async def test_host_copy_ends_where_the_programme_cuts(doors: Doors):
    vacancy_id = await told(doors.database)
    student = doors.student()
    page = await begun(student, vacancy_id)

    original = await student.get(f"{page}/cv")
    copy = await student.get(f"{page}/cv?copy=host")
    stranger = await doors.student().get(f"{page}/cv")

    assert original.content.startswith(b"%PDF")
    assert copy.content.startswith(b"%PDF")
    assert copy.content != original.content
    assert copy.headers["content-disposition"].startswith('attachment; filename="CV OX-')
    assert copy.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert copy.headers["x-content-type-options"] == "nosniff"
    assert stranger.status_code == 404
