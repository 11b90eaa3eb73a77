"""Bad input to applying and choosing: each row of the catalogue and its exact answer."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.applications.choosing import MONDAY_NOON
from tests.applications.files import PNG, a_pdf
from tests.applications.known import CLOSES, OPENS, STATEMENT, TERM, rules_with, told
from tests.applications.test_applying import API, a_draft, add_cv, submitted
from tests.applications.way import Way, a_way
from tests.catalogue import nothing_comes_of_it, row
from tests.doors import Doors, Person, let_act_for, travel

MIB = 1024 * 1024
ONE_TOO_MANY = b"%PDF-1.7\n" + b"x" * (5 * MIB - 8)


@pytest.fixture
async def doors(doors_of, database_url: str) -> Doors:
    """In term, while the first round is open."""
    doors = await doors_of("applications")
    await travel(database_url, TERM)
    return doors


@pytest.fixture
async def way(doors_of, database_url: str) -> Way:
    """Ada has an offer, to be answered by Wednesday noon; Ben is the reserve."""
    way = await a_way(doors_of, database_url)
    await way.ranks("ada", "ben", "cleo")
    await travel(database_url, MONDAY_NOON)
    await way.tells()
    return way


async def sent(person: Person, method: str, path: str, content: Any = b"", **headers: str) -> Any:
    """A request of the API whose body and headers are as given."""
    known = {"x-csrf-token": person.csrf, "idempotency-key": str(uuid4())}
    known |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await person.send(method, path, content=content, headers=known)


def faults(answer: Any) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]


def without_its_number(answer: Any) -> dict[str, Any]:
    passing = ("instance", "correlation_id")
    return {name: value for name, value in answer.json().items() if name not in passing}


# ---- body and protocol ----


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        row("1", b'{"vacancy_id": "', 400, "malformed-json"),
        row("2-a", '{"vacancy_id": "x"}'.encode("utf-16"), 400, "malformed-json"),
        row("2-b", b'{"vacancy_id": "\xff"}', 400, "malformed-json"),
        row("3", b"", 400, "malformed-json"),
        row("4", b'{"vacancy_id": "a", "vacancy_id": "b"}', 400, "json-duplicate-key"),
        row("5-a", b'{"vacancy_id": NaN}', 400, "json-number"),
        row("5-b", b'{"vacancy_id": Infinity}', 400, "json-number"),
        row("5-c", b'{"vacancy_id": 1e400}', 400, "json-number"),
        row("6", b'{"vacancy_id": "\\ud800"}', 400, "json-surrogate"),
        row("7", b'{"vacancy_id": ' + b"9" * 5000 + b"}", 400, "json-number"),
        row("8", b"[" * 10_000 + b"]" * 10_000, 400, "json-depth"),
        row("10", b"[]", 422, "invalid"),
    ],
)
async def test_body_that_is_no_body(doors: Doors, body: bytes, status: int, code: str):
    student = doors.student()
    async with nothing_comes_of_it(doors.database):
        answer = await sent(
            student, "POST", f"{API}/applications", body, content_type="application/json"
        )

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("n", [row("9-a", "header"), row("9-b", "chunks")])
async def test_eleven_megabytes_are_not_read(doors: Doors, n: str):
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * MIB

    body = b" " * (11 * MIB) if n == "header" else chunks()
    async with nothing_comes_of_it(doors.database):
        answer = await sent(
            doors.student(), "POST", f"{API}/applications", body, content_type="application/json"
        )

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        row("11", {"statement": True}, "#/statement", "type"),
        row("13", {"statement": None}, "#/statement", "type"),
        row("14", {"colour": "blue"}, "#/colour", "unknown-field"),
        row("15-a", {"status": "submitted"}, "#/status", "unknown-field"),
        row("15-b", {"host_id": str(uuid4())}, "#/host_id", "unknown-field"),
        row("15-c", {"person_ref": str(uuid4())}, "#/person_ref", "unknown-field"),
        row("61-a", {"statement": "a\0b"}, "#/statement", "invalid-character"),
    ],
)
async def test_field_that_cannot_be_taken(doors: Doors, changed: Any, pointer: str, code: str):
    student = doors.student()
    path = f"{API}/applications/{await a_draft(student, await told(doors.database))}"
    version = (await student.get(path)).json()["version"]
    body = {"statement": STATEMENT, "declarations": ["available"]} | changed

    async with nothing_comes_of_it(doors.database):
        answer = await student.put(path, body, version=version)

    assert (answer.status_code, faults(answer)) == (422, [(pointer, code)])


async def test_unknown_field_and_one_of_the_servers_own_are_refused_in_the_same_words(doors: Doors):
    """bad_input[15]"""
    vacancy_id = await told(doors.database)
    said = set()
    for name in ("colour", "status", "host_id", "person_ref"):
        body = {"vacancy_id": vacancy_id, name: "x"}
        answer = await doors.student().post(f"{API}/applications", body)
        said.add(answer.json()["errors"][0]["detail"])

    assert len(said) == 1


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        row("16", {"content_type": ""}, 415, "unsupported-media-type"),
        row("17", {"content_type": "text/plain"}, 415, "unsupported-media-type"),
        row("18", {"accept": "image/png"}, 406, "not-acceptable"),
        row("22", {"idempotency_key": ""}, 400, "key-required"),
        row("25", {"idempotency_key": "k" * 300}, 400, "key-malformed"),
        row("36", {"host": "elsewhere.example"}, 400, "unknown-host"),
        row("40-a", {"x_csrf_token": ""}, 403, "csrf"),
        row("40-b", {"x_csrf_token": "of-another-sign-in"}, 403, "csrf"),
    ],
)
async def test_protocol_is_asked_for(doors: Doors, headers: Any, status: int, code: str):
    body = json.dumps({"vacancy_id": str(await told(doors.database))}).encode()
    known = {"content_type": "application/json"} | headers
    async with nothing_comes_of_it(doors.database):
        answer = await sent(doors.student(), "POST", f"{API}/applications", body, **known)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")


async def test_what_never_was_and_what_is_anothers_is_answered_alike(doors: Doors):
    """bad_input[19], bad_input[20], bad_input[21]"""
    application_id = await submitted(doors.student(), await told(doors.database))
    other = doors.student()
    elsewhere = doors.person(*doors.office().sign_in.roles, university="northfield")
    elsewhere.headers["host"] = "northfield.localhost"
    path = f"{API}/applications"

    async with nothing_comes_of_it(doors.database):
        answers = [
            await other.get(f"{path}/none"),
            await other.get(f"{path}/{uuid4()}"),
            await other.get(f"{path}/{application_id}"),
            await elsewhere.get(f"{path}/{application_id}"),
            await other.post(f"{path}/{application_id}/withdraw", {}),
            await other.post(f"{path}/{uuid4()}/withdraw", {}),
            await elsewhere.post(f"{path}/{application_id}/withdraw", {"reason": "x"}),
        ]

    assert {answer.status_code for answer in answers} == {404}
    first, *others = [without_its_number(answer) for answer in answers]
    assert all(each == first for each in others)


async def test_key_sent_again_with_another_body(doors: Doors):
    """bad_input[23]"""
    student, vacancies = doors.student(), [await told(doors.database, title=t) for t in "AB"]
    one, two = [{"vacancy_id": each} for each in vacancies]
    first = await student.post(f"{API}/applications", one, key="once")

    async with nothing_comes_of_it(doors.database):
        again = await student.post(f"{API}/applications", one, key="once")
        other = await student.post(f"{API}/applications", two, key="once")

    assert again.content == first.content
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


async def test_edit_names_its_version(doors: Doors):
    """bad_input[26], bad_input[27]"""
    student = doors.student()
    path = f"{API}/applications/{await a_draft(student, await told(doors.database))}"
    version = (await student.get(path)).json()["version"]
    body = {"statement": "Other words.", "declarations": ["available"]}

    async with nothing_comes_of_it(doors.database):
        without = await student.put(path, body)
        old = await student.put(path, body, version=version - 1)

    assert without.status_code == 428
    assert (old.status_code, old.json()["current_version"]) == (412, version)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        row("31-a", "limit=0", 422, "range"),
        row("31-b", "limit=-1", 422, "range"),
        row("31-c", "limit=1000000000", 422, "range"),
        row("32-a", "cursor=bm90IG91cnM", 400, "bad-cursor"),
        row("35", "limit=1&limit=2", 422, "repeated-parameter"),
    ],
)
async def test_list_is_asked_for_rightly(doors: Doors, query: str, status: int, code: str):
    answer = await doors.office().get(f"{API}/applications?{query}")

    assert answer.status_code == status, answer.text
    told = answer.json()
    assert code in (told["type"].rpartition("/")[2], *(e["code"] for e in told.get("errors", ())))


async def test_cursor_of_another_list(doors: Doors):
    """bad_input[32]"""
    for title in "AB":
        await submitted(doors.student(), await told(doors.database, title=title))
    path = f"{API}/applications?limit=1"
    cursor = (await doors.office().get(path)).json()["next"]

    good = await doors.office().get(f"{path}&cursor={cursor}")
    other = await doors.office().get(f"{path}&round=first&cursor={cursor}")
    edited = await doors.office().get(f"{path}&cursor={cursor[:-3]}AAA")

    assert good.status_code == 200
    assert [other.status_code, edited.status_code] == [400, 400]
    assert other.json()["type"] == "/problems/bad-cursor"


# ---- applying ----


@pytest.mark.parametrize(
    ("statement", "over_length", "pointer"),
    [
        row("44-a", "word " * 301, "refuse", "#/statement"),
        row("44-b", "word " * 301, "trim", None),
        row("44-c", "word " * 300, "refuse", None),
        row("45-a", "\u200b".join(["ab"] * 300), "refuse", None),
        row("45-b", "\u200b".join(["x" * 14] * 300), "refuse", "#/statement"),
        row("46-a", " ".join(["x" * 40] * 300), "trim", "#/statement"),
        row("46-b", " ".join(["x" * 12] * 299 + ["x" * 113]), "refuse", None),
    ],
)
async def test_statement_is_measured(
    doors: Doors, statement: str, over_length: str, pointer: str | None
):
    rules = rules_with(applying={"over_length": over_length})
    student = doors.student()
    path = f"{API}/applications/{await a_draft(student, await told(doors.database, rules=rules))}"
    version = (await student.get(path)).json()["version"]
    body = {"statement": statement, "declarations": ["available"]}

    if pointer:
        async with nothing_comes_of_it(doors.database):
            answer = await student.put(path, body, version=version)
        assert (answer.status_code, faults(answer)) == (422, [(pointer, "too-long")])
        return
    assert (await student.put(path, body, version=version)).status_code == 200
    assert (await student.post(f"{path}/submit")).status_code == 200
    shown = (await student.get(path)).json()
    assert shown["statement"] == statement.replace("\u200b", "").strip()
    assert len(shown["host_statement"].split()) == min(300, len(shown["statement"].split()))


@pytest.mark.parametrize("text", [row("47-a", "   "), row("47-b", "🙂 🙂"), row("47-c", "– — –")])
async def test_text_without_a_word_is_no_statement(doors: Doors, text: str):
    student = doors.student()
    path = (
        f"{API}/applications/{await a_draft(student, await told(doors.database), statement=text)}"
    )

    async with nothing_comes_of_it(doors.database):
        answer = await student.post(f"{path}/submit")

    assert (answer.status_code, faults(answer)) == (422, [("#/statement", "too-short")])


async def test_third_application_names_the_two(doors: Doors):
    """bad_input[48]"""
    vacancies = [await told(doors.database, title=f"Project {n}") for n in "ABC"]
    student = doors.student()
    third = await a_draft(student, vacancies[2])
    for vacancy_id in vacancies[:2]:
        await submitted(student, vacancy_id)

    async with nothing_comes_of_it(doors.database):
        answer = await student.post(f"{API}/applications/{third}/submit")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/limit-reached")
    assert "Project A" in answer.json()["detail"]
    assert "Project B" in answer.json()["detail"]


@pytest.mark.parametrize("kind", [row("49-a", "contact"), row("49-b", "supervisor")])
async def test_nobody_applies_to_the_own_organisation(doors: Doors, kind: str):
    vacancy_id = await told(doors.database)
    student = doors.student()
    host_id: UUID = await doors.database.value("SELECT host_id FROM known_vacancies")
    await let_act_for(doors, student, host_id, kind=kind)

    async with nothing_comes_of_it(doors.database):
        answer = await student.post(f"{API}/applications", {"vacancy_id": vacancy_id})

    assert answer.status_code == 403


async def test_vacancy_that_has_not_opened(doors: Doors, database_url: str):
    """bad_input[50-a]"""
    vacancy_id = await told(doors.database)
    await travel(database_url, OPENS - timedelta(seconds=30))
    student = doors.student()

    async with nothing_comes_of_it(doors.database):
        answer = await student.post(f"{API}/applications", {"vacancy_id": vacancy_id})
        never = await student.post(f"{API}/applications", {"vacancy_id": uuid4()})

    assert answer.status_code == never.status_code == 404
    assert without_its_number(answer) == without_its_number(never)


async def test_vacancy_that_has_closed(doors: Doors, database_url: str):
    """bad_input[50-b]"""
    vacancy_id = await told(doors.database)
    student = doors.student()
    path = f"{API}/applications/{await a_draft(student, vacancy_id)}"
    await travel(database_url, CLOSES)

    async with nothing_comes_of_it(doors.database):
        late = await student.post(f"{path}/submit")
        new = await doors.student().post(f"{API}/applications", {"vacancy_id": vacancy_id})

    for answer in (late, new):
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (409, "/problems/deadline-passed")
        assert problem["deadline"] == "2024-02-12T12:00:00+00:00"
        assert problem["zone"] == "Europe/London"
        assert problem["server_time"].startswith("2024-02-12T12:00:0")


async def test_finished_step_sent_again(doors: Doors):
    """bad_input[42]"""
    student = doors.student()
    application_id = await submitted(student, await told(doors.database))

    async with nothing_comes_of_it(doors.database):
        answer = await student.post(f"{API}/applications/{application_id}/submit")
        page = await student.form(f"/applications/{application_id}/check")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-submitted")
    assert page.status_code == 409
    assert "This application has been submitted already." in page.text
    assert "OX-" in page.text


# ---- answering ----


async def test_float_where_a_whole_number_belongs(way: Way):
    """bad_input[12]"""
    ids = way.given.applications
    body = {"choices": [{"application_id": ids["ada"], "rank": 1.0}]}

    async with nothing_comes_of_it(way.doors.database):
        answer = await way.host.post(f"{API}/selections/{way.key}", body)

    assert (answer.status_code, faults(answer)) == (422, [("#/choices/0/rank", "type")])


async def test_word_where_yes_or_no_belongs(way: Way):
    """bad_input[11]"""
    path = f"{API}/offers/{(await way.offer_of('ada'))['offer_id']}/accept"

    async with nothing_comes_of_it(way.doors.database):
        answer = await way.student("ada").post(path, {"conduct_agreed": "true"})

    assert (answer.status_code, faults(answer)) == (422, [("#/conduct_agreed", "type")])


async def test_offer_accepted_twice(way: Way):
    """bad_input[51]"""
    offer_id, ada = (await way.offer_of("ada"))["offer_id"], way.student("ada")
    agreed = {"conduct_agreed": True}
    first = await ada.post(f"{API}/offers/{offer_id}/accept", agreed)

    async with nothing_comes_of_it(way.doors.database):
        again = await ada.post(f"{API}/offers/{offer_id}/accept", agreed)
        page = await ada.form(f"/offers/{offer_id}/accept", {"agreed": "yes"})

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["state"] == "accepted"
    assert (page.status_code, page.headers["location"]) == (303, f"/offers/{offer_id}")


async def test_acceptance_of_a_withdrawn_offer(way: Way):
    """bad_input[52]"""
    path = f"{API}/offers/{(await way.offer_of('ada'))['offer_id']}"
    await way.office.post(f"{path}/withdraw", {"reason": "The host has no desk"})

    async with nothing_comes_of_it(way.doors.database):
        answer = await way.student("ada").post(f"{path}/accept", {"conduct_agreed": True})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/offer-withdrawn")


async def test_acceptance_at_the_expiry_instant(way: Way):
    """bad_input[53]"""
    offer = await way.offer_of("ada")
    ends = datetime.fromisoformat(offer["respond_by"]["at"])
    await travel(way.admin, ends)

    async with nothing_comes_of_it(way.doors.database):
        path = f"{API}/offers/{offer['offer_id']}/accept"
        answer = await way.student("ada").post(path, {"conduct_agreed": True})

    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "/problems/offer-expired")
    assert problem["wall"] == offer["respond_by"]["wall"]
    assert ends <= datetime.fromisoformat(problem["server_time"]) < ends + timedelta(minutes=2)


async def test_decline_after_acceptance(way: Way):
    """bad_input[54]"""
    path = f"{API}/offers/{(await way.offer_of('ada'))['offer_id']}"
    await way.student("ada").post(f"{path}/accept", {"conduct_agreed": True})

    async with nothing_comes_of_it(way.doors.database):
        answer = await way.student("ada").post(f"{path}/decline", {})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-accepted")
    assert "cancel the placement and say why" in answer.json()["detail"]


async def test_deadline_in_the_past(way: Way):
    """bad_input[55]"""
    path = f"{API}/offers/{(await way.offer_of('ada'))['offer_id']}/extend"
    body = {"deadline": "2024-02-20T12:00:00Z", "reason": "Outage"}

    async with nothing_comes_of_it(way.doors.database):
        answer = await way.office.post(path, body)

    assert (answer.status_code, faults(answer)) == (422, [("#/deadline", "past")])


# ---- files ----


@pytest.mark.parametrize(
    ("content", "name", "code", "says"),
    [
        row("99", b"", "cv.pdf", "empty", "empty"),
        row("101", PNG, "cv.pdf", "type-mismatch", "one thing and its content another"),
        row("102", b"\xd0\xcf\x11\xe0" + b"0" * 100, "cv.doc", "unsupported", "as .docx or PDF"),
        row("103", a_pdf(), "cv.docm", "macros", "programs"),
    ],
)
async def test_file_that_is_not_taken(
    doors: Doors, content: bytes, name: str, code: str, says: str
):
    student, vacancy_id = doors.student(), await told(doors.database)
    begun = await student.post(f"{API}/applications", {"vacancy_id": vacancy_id})
    application_id = begun.json()["application_id"]

    async with nothing_comes_of_it(doors.database):
        answer = await add_cv(student, application_id, content, name=name)

    assert (answer.status_code, faults(answer)) == (422, [("#/cv", code)])
    page = await student.form(
        f"/applications/{application_id}/edit",
        {"statement": STATEMENT, "then": "check"},
        files={"cv": (name, content, "application/pdf")},
    )
    assert page.status_code == 422
    assert says in page.text
    assert STATEMENT.replace("'", "&#39;") in page.text
    assert await doors.database.value("SELECT count(*) FROM documents") == 0


@pytest.mark.parametrize(
    "n", [row("100-a", "header"), row("100-b", "chunks"), row("100-c", "form")]
)
async def test_file_of_one_byte_too_many(doors: Doors, n: str):
    student, vacancy_id = doors.student(), await told(doors.database)
    begun = await student.post(f"{API}/applications", {"vacancy_id": vacancy_id})
    path = f"{API}/applications/{begun.json()['application_id']}/cv"
    assert len(ONE_TOO_MANY) == 5 * MIB + 1

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(ONE_TOO_MANY), MIB):
            yield ONE_TOO_MANY[start : start + MIB]

    async with nothing_comes_of_it(doors.database):
        if n == "form":
            answer = await add_cv(student, begun.json()["application_id"], ONE_TOO_MANY)
        else:
            body = ONE_TOO_MANY if n == "header" else chunks()
            answer = await sent(student, "PUT", path, body, content_type="application/pdf")

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


async def test_file_far_too_large_is_told_so_on_its_page(doors: Doors):
    """bad_input[100-d]: the text typed beside it is kept"""
    student, vacancy_id = doors.student(), await told(doors.database)
    content = ONE_TOO_MANY + b"x" * (7 * MIB)

    answer = await student.form(
        f"/applications/new?vacancy={vacancy_id}",
        {"statement": STATEMENT, "then": "check"},
        files={"cv": ("cv.pdf", content, "application/pdf")},
    )

    assert answer.status_code == 413
    assert "This file is larger than 5 MB." in answer.text
    assert STATEMENT.replace("'", "&#39;") in answer.text
    assert await doors.database.value("SELECT count(*) FROM documents") == 0
