"""Bad input to the API and the forms of this service: each row of the catalogue and its exact answer."""

import json
from typing import Any
from uuid import uuid4

import pytest
from markupsafe import escape

from tests.catalogue import nothing_comes_of_it, row
from tests.doors import Doors, events_recorded
from tests.proposals.oxford import API, HOST, WRITING, Oxford, verdict
from tests.proposals.test_host_pages import REGISTRATION

JSON = {"content-type": "application/json"}
DEEP = b"[" * 10_000 + b"]" * 10_000


async def raw(desk: Doors, body: bytes, **headers: str) -> Any:
    """A body as it stands, to a command that anybody may give."""
    visitor = desk.visitor()
    sent = JSON | {"x-csrf-token": visitor.csrf, "idempotency-key": str(uuid4())} | headers
    sent = {name: value for name, value in sent.items() if value}
    return await visitor.send("POST", f"{API}/hosts", content=body, headers=sent)


async def count_hosts(desk: Doors) -> int:
    return await desk.database.value("SELECT count(*) FROM hosts")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        row("1", b'{"public_name": "Muse', 400, "malformed-json"),
        row("2-a", '{"public_name": "x"}'.encode("utf-16"), 400, "malformed-json"),
        row("2-b", b'{"public_name": "\xff"}', 400, "malformed-json"),
        row("3", b"", 400, "malformed-json"),
        row("4", b'{"about": "a", "about": "b"}', 400, "json-duplicate-key"),
        row("5-a", b'{"about": NaN}', 400, "json-number"),
        row("5-b", b'{"about": Infinity}', 400, "json-number"),
        row("5-c", b'{"about": 1e400}', 400, "json-number"),
        row("6", b'{"about": "\\ud800"}', 400, "json-surrogate"),
        row("7", b'{"about": ' + b"9" * 5000 + b"}", 400, "json-number"),
        row("8", DEEP, 400, "json-depth"),
        row("10", b"[]", 422, "invalid"),
    ],
)
async def test_body_that_is_no_body(desk: Doors, body: bytes, status: int, code: str):
    async with nothing_comes_of_it(desk.database):
        answer = await raw(desk, body)

    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"/problems/{code}"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        row("11", {"has_alumni_link": "true"}, "#/has_alumni_link", "type"),
        row("13", {"public_name": None}, "#/public_name", "type"),
        row("14", {"colour": "blue"}, "#/colour", "unknown-field"),
        row("15-a", {"status": "approved"}, "#/status", "unknown-field"),
        row("15-b", {"host_id": str(uuid4())}, "#/host_id", "unknown-field"),
        row("15-c", {"person_ref": str(uuid4())}, "#/person_ref", "unknown-field"),
        row("61-a", {"contact_name": "Nadia\0"}, "#/contact_name", "invalid-character"),
        row("61-b", {"contact_name": "Na\x07dia"}, "#/contact_name", "invalid-character"),
        row("62", {"contact_name": "Nadia\u202e"}, "#/contact_name", "invalid-character"),
        row("63", {"contact_name": "a" + "\u0301" * 300}, "#/contact_name", "too-many-marks"),
        row("64", {"contact_name": "a" * 5000}, "#/contact_name", "too-long"),
        row("65", {"contact_name": "\u3164"}, "#/contact_name", "blank"),
    ],
)
async def test_field_that_cannot_be_taken(
    desk: Doors, changed: dict[str, Any], pointer: str, code: str
):
    async with nothing_comes_of_it(desk.database):
        answer = await desk.visitor().post(f"{API}/hosts", HOST | changed)

    assert answer.status_code == 422
    found = [(each["pointer"], each["code"]) for each in answer.json()["errors"]]
    assert found == [(pointer, code)]


async def test_float_where_a_whole_number_belongs(oxford: Oxford):
    """bad_input[12]"""
    proposal_id, version = await oxford.has_a_draft()

    path = f"{API}/proposals/{proposal_id}"
    async with nothing_comes_of_it(oxford.doors.database):
        answer = await oxford.host.put(path, {"places": 1.0}, version=version)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/places"
    assert answer.json()["errors"][0]["code"] == "type"


@pytest.mark.parametrize(
    "name",
    [
        row("57", "Sukarno"),
        row("58-a", "Nuala O’Casey"),
        row("58-b", "Maria Skłodowska-Curie"),
        row("59-a", "屠呦呦"),
        row("59-b", "الخوارزمي"),
        row("60", "Ö"),
        row("66-a", '=HYPERLINK("http://example.org")'),
        row("66-b", "<script>alert(1)</script>"),
        row("66-c", "{{7*7}}"),
        row("67", "'); DROP TABLE claims;--"),
    ],
)
async def test_name_is_taken_as_it_is(oxford: Oxford, name: str):
    fields = REGISTRATION | {"contact_name": name, "public_name": name}

    made = await oxford.doors.visitor().form("/hosts/register", fields)

    assert made.status_code == 303, made.text
    host_id = made.headers["location"].partition("of=")[2]
    shown = (await oxford.office.get(f"{API}/hosts/{host_id}")).json()
    assert shown["public_name"] == name
    page = (await oxford.office.get(f"/office/proposals/hosts/{host_id}")).text
    assert str(escape(name)) in page
    assert "<script>alert(1)" not in page


async def test_letter_of_two_code_points_is_stored_as_one(oxford: Oxford):
    """bad_input[60]"""
    body = HOST | {"public_name": "O\u0308", "contact_email": "o@weather.example"}

    made = (await oxford.doors.visitor().post(f"{API}/hosts", body)).json()

    shown = (await oxford.office.get(f"{API}/hosts/{made['host_id']}")).json()
    assert shown["public_name"] == "Ö"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        row("16", {"content-type": ""}, 415),
        row("17", {"content-type": "text/plain"}, 415),
        row("18", {"accept": "image/png"}, 406),
        row("22", {"idempotency-key": ""}, 400),
        row("25", {"idempotency-key": "k" * 300}, 400),
    ],
)
async def test_protocol_is_asked_for(desk: Doors, headers: dict[str, str], status: int):
    async with nothing_comes_of_it(desk.database):
        answer = await raw(desk, json.dumps(HOST).encode(), **headers)

    assert answer.status_code == status


async def test_what_never_was_and_what_is_anothers_is_answered_alike(oxford: Oxford):
    """bad_input[19], bad_input[20], bad_input[21]"""
    proposal_id, _ = await oxford.has_a_draft()
    elsewhere = oxford.doors.person(*oxford.office.sign_in.roles, university="northfield")
    elsewhere.headers["host"] = "northfield.localhost"

    malformed = await oxford.office.get(f"{API}/proposals/not-an-id")
    unknown = await oxford.office.get(f"{API}/proposals/{uuid4()}")
    another = await elsewhere.get(f"{API}/proposals/{proposal_id}")

    bodies = [
        {k: v for k, v in each.json().items() if k not in ("instance", "correlation_id")}
        for each in (malformed, unknown, another)
    ]
    assert [each.status_code for each in (malformed, unknown, another)] == [404, 404, 404]
    assert bodies[0] == bodies[1] == bodies[2]


async def test_key_sent_again_is_answered_the_same_or_refused(oxford: Oxford):
    """bad_input[23]"""
    visitor = oxford.doors.visitor()
    body = HOST | {"contact_email": "second@weather.example"}

    first = await visitor.post(f"{API}/hosts", body, key="once")
    again = await visitor.post(f"{API}/hosts", body, key="once")
    other = await visitor.post(f"{API}/hosts", body | {"about": "?"}, key="once")

    assert first.content == again.content
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    assert await count_hosts(oxford.doors) == 2


async def test_edit_names_its_version(oxford: Oxford):
    """bad_input[26], bad_input[27]"""
    proposal_id, version = await oxford.has_a_draft()
    path = f"{API}/proposals/{proposal_id}"

    async with nothing_comes_of_it(oxford.doors.database):
        without = await oxford.host.put(path, {"title": "New"})
        old = await oxford.host.put(path, {"title": "New"}, version=version - 1)

    assert without.status_code == 428
    assert (old.status_code, old.json()["current_version"]) == (412, version)
    kept = (await oxford.host.get(path)).json()
    assert kept["content"]["title"] == WRITING["title"]


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        row("31-a", "limit=0", 422, "#/query/limit"),
        row("31-b", "limit=-1", 422, "#/query/limit"),
        row("31-c", "limit=1000000000", 422, "#/query/limit"),
        row("33", "sort=height", 422, "#/query/sort"),
        row("35", "sort=title&sort=title", 422, "#/query/sort"),
        row("32", "cursor=bm90IG91cnM", 400, None),
    ],
)
async def test_list_is_asked_for_rightly(desk: Doors, query: str, status: int, pointer: str | None):
    answer = await desk.visitor().get(f"{API}/vacancies?{query}")

    assert answer.status_code == status, answer.text
    if pointer:
        assert answer.json()["errors"][0]["pointer"] == pointer
    else:
        assert answer.json()["type"] == "/problems/bad-cursor"


@pytest.mark.parametrize("token", [row("40-a", ""), row("40-b", "of another sign-in")])
async def test_form_without_its_token_changes_nothing(desk: Doors, token: str):
    fields = REGISTRATION | {"csrf": token}

    async with nothing_comes_of_it(desk.database):
        answer = await desk.visitor().form("/hosts/register", fields)

    assert answer.status_code == 403
    assert "Brightwater Housing" in answer.text


@pytest.mark.parametrize("text", [row("47-a", "   "), row("47-b", "🙂 🙂"), row("47-c", "– — –")])
async def test_text_without_a_word_is_no_answer(oxford: Oxford, text: str):
    proposal_id, _ = await oxford.has_a_draft(supervision=text)

    async with nothing_comes_of_it(oxford.doors.database):
        answer = await oxford.host.post(f"{API}/proposals/{proposal_id}/submit")

    assert answer.status_code == 422
    found = {each["pointer"]: each["code"] for each in answer.json()["errors"]}
    assert found["#/supervision"] in ("too-short", "required")


async def test_finished_step_sent_again(oxford: Oxford):
    """bad_input[42], by the API"""
    proposal_id = await oxford.has_sent()

    async with nothing_comes_of_it(oxford.doors.database):
        again = await oxford.host.post(f"{API}/proposals/{proposal_id}/submit")

    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-submitted")


async def test_a_second_verdict_is_refused(oxford: Oxford):
    proposal_id = await oxford.has_a_vacancy()

    again = await oxford.office.post(f"{API}/proposals/{proposal_id}/screening", verdict())

    assert again.status_code == 409
    assert (await events_recorded(oxford.doors.database)).count("VacancyPublished") == 1
