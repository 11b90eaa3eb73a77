"""Bad input to claims and receipts: each row of the catalogue and its exact answer."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.catalogue import nothing_comes_of_it, row
from tests.doors import Person
from tests.expenses.claiming import API, Museum, a_museum, a_png

LUNCH = {"date": "2024-03-12", "kind": "lunch", "amount": "7.40"}
MIB = 1024 * 1024
ONE_TOO_MANY = b"%PDF-1.7\n" + b"x" * (10 * MIB - 8)


@pytest.fixture
async def museum(doors_of, database_url: str) -> Museum:
    return await a_museum(await doors_of("expenses"), database_url)


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


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        row("1", b'{"lines": [', 400, "malformed-json"),
        row("2-a", '{"lines": []}'.encode("utf-16"), 400, "malformed-json"),
        row("2-b", b'{"lines": "\xff"}', 400, "malformed-json"),
        row("3", b"", 400, "malformed-json"),
        row("4", b'{"lines": [], "lines": []}', 400, "json-duplicate-key"),
        row("5-a", b'{"total": NaN}', 400, "json-number"),
        row("5-b", b'{"total": Infinity}', 400, "json-number"),
        row("5-c", b'{"total": 1e400}', 400, "json-number"),
        row("6", b'{"total": "\\ud800"}', 400, "json-surrogate"),
        row("7", b'{"total": ' + b"9" * 5000 + b"}", 400, "json-number"),
        row("8", b"[" * 10_000 + b"]" * 10_000, 400, "json-depth"),
        row("9", b" " * (11 * MIB), 413, "too-large"),
        row("10", b"[]", 422, "invalid"),
    ],
)
async def test_body_that_is_no_body(museum: Museum, body: bytes, status: int, code: str):
    path = f"{API}/claims/{await museum.begins()}/lines"
    async with nothing_comes_of_it(museum.doors.database):
        answer = await sent(museum.intern, "POST", path, body, content_type="application/json")

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        row("12", {"lines": [LUNCH | {"amount": 1.0}]}, "#/lines/0/amount", "type"),
        row("13", {"lines": None}, "#/lines", "type"),
        row("14", {"lines": [LUNCH], "colour": "blue"}, "#/colour", "unknown-field"),
        row("15-a", {"lines": [LUNCH | {"status": "x"}]}, "#/lines/0/status", "unknown-field"),
        row("15-b", {"lines": [LUNCH], "host_id": "x"}, "#/host_id", "unknown-field"),
        row("15-c", {"lines": [LUNCH], "person_ref": "x"}, "#/person_ref", "unknown-field"),
        row("61", {"lines": [LUNCH | {"what": "a\0b"}]}, "#/lines/0/what", "invalid-character"),
    ],
)
async def test_field_that_cannot_be_taken(museum: Museum, body: Any, pointer: str, code: str):
    path = f"{API}/claims/{await museum.begins()}/lines"
    async with nothing_comes_of_it(museum.doors.database):
        answer = await museum.intern.post(path, body)

    assert (answer.status_code, faults(answer)) == (422, [(pointer, code)])


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        row("16", {"content_type": ""}, 415, "unsupported-media-type"),
        row("17", {"content_type": "text/plain"}, 415, "unsupported-media-type"),
        row("18", {"accept": "image/png"}, 406, "not-acceptable"),
        row("22", {"idempotency_key": ""}, 400, "key-required"),
        row("25", {"idempotency_key": "k" * 300}, 400, "key-malformed"),
        row("36", {"host": "elsewhere.example"}, 400, "unknown-host"),
        row("40", {"x_csrf_token": "of-another-sign-in"}, 403, "csrf"),
    ],
)
async def test_protocol_is_asked_for(museum: Museum, headers: Any, status: int, code: str):
    path = f"{API}/claims/{await museum.begins()}/lines"
    known = {"content_type": "application/json"} | headers
    async with nothing_comes_of_it(museum.doors.database):
        answer = await sent(
            museum.intern, "POST", path, json.dumps({"lines": [LUNCH]}).encode(), **known
        )

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")


async def test_what_never_was_and_what_is_anothers_is_answered_alike(museum: Museum):
    """bad_input[19], bad_input[20], bad_input[21]"""
    claim_id = await museum.begins()
    elsewhere = museum.doors.person(*museum.office.sign_in.roles, university="northfield")
    elsewhere.headers["host"] = "northfield.localhost"
    claims = f"{API}/claims"

    async with nothing_comes_of_it(museum.doors.database):
        answers = [
            await museum.stranger.get(f"{claims}/none"),
            await museum.stranger.get(f"{claims}/{uuid4()}"),
            await museum.stranger.get(f"{claims}/{claim_id}"),
            await museum.host.get(f"{claims}/{claim_id}"),  # not sent yet: no host sees it
            await elsewhere.get(f"{claims}/{claim_id}"),
            await museum.stranger.post(f"{claims}/{claim_id}/withdraw"),
            await museum.stranger.post(f"{claims}/{uuid4()}/withdraw"),
            await museum.host.post(f"{claims}/{claim_id}/decide", {}),
            await elsewhere.post(
                f"{claims}/{claim_id}/settle", {"outcome": "repaid", "reason": "x"}
            ),
        ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    first, *others = [without_its_number(answer) for answer in answers]
    assert all(each == first for each in others)


async def test_key_sent_again_with_another_body(museum: Museum):
    """bad_input[23]"""
    path = f"{API}/claims/{await museum.begins()}/lines"
    first = await museum.intern.post(path, {"lines": [LUNCH]}, key="once")

    async with nothing_comes_of_it(museum.doors.database):
        again = await museum.intern.post(path, {"lines": [LUNCH]}, key="once")
        other = await museum.intern.post(path, {"lines": [LUNCH, LUNCH]}, key="once")

    assert again.content == first.content
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


async def test_edit_names_its_version(museum: Museum):
    """bad_input[26], bad_input[27]"""
    claim_id = await museum.begins()
    path = f"{API}/claims/{claim_id}/lines/{await museum.writes(claim_id)}"
    version = (await museum.shown(claim_id))["version"]

    async with nothing_comes_of_it(museum.doors.database):
        without = await museum.intern.put(path, LUNCH)
        old = await museum.intern.put(path, LUNCH, version=version - 1)

    assert without.status_code == 428
    assert (old.status_code, old.headers["etag"]) == (412, f'"{version}"')


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        row("31-a", "limit=0", 422, "range"),
        row("31-b", "limit=-1", 422, "range"),
        row("31-c", "limit=1000000000", 422, "range"),
        row("32", "cursor=bm90IG91cnM", 400, "bad-cursor"),
        row("35", "limit=1&limit=2", 422, "repeated-parameter"),
    ],
)
async def test_list_is_asked_for_rightly(museum: Museum, query: str, status: int, code: str):
    answer = await museum.office.get(f"{API}/claims?{query}")

    assert answer.status_code == status, answer.text
    told = answer.json()
    assert code in (told["type"].rpartition("/")[2], *(e["code"] for e in told.get("errors", ())))


async def test_claim_sent_again(museum: Museum):
    """bad_input[42]"""
    claim_id = await museum.sent_claim()

    async with nothing_comes_of_it(museum.doors.database):
        answer = await museum.intern.post(f"{API}/claims/{claim_id}/submit")
        page = await museum.intern.form(f"/expenses/{claim_id}/submit")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-submitted")
    assert page.status_code == 409
    assert answer.json()["detail"] in page.text


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        row("99", b"", "lunch.pdf", "empty"),
        row("101", a_png(), "lunch.pdf", "type-mismatch"),
        row("102", b"\xd0\xcf\x11\xe0" + b"0" * 100, "lunch.doc", "unsupported"),
        pytest.param(
            b"PK\x03\x04" + b"0" * 100, "lunch.docm", "unsupported", id="no Word file at all"
        ),
    ],
)
async def test_receipt_that_is_not_taken(museum: Museum, content: bytes, name: str, code: str):
    claim_id = await museum.begins()
    path = f"{API}/claims/{claim_id}/lines/{await museum.writes(claim_id)}/receipt"
    headers = {"x-csrf-token": museum.intern.csrf, "idempotency-key": str(uuid4())}

    async with nothing_comes_of_it(museum.doors.database):
        answer = await museum.intern.send(
            "PUT", path, headers=headers, files={"receipt": (name, content, "application/pdf")}
        )

    assert (answer.status_code, faults(answer)) == (422, [("#/receipt", code)])


@pytest.mark.parametrize("n", [row("100-a", "header"), row("100-b", "chunks")])
async def test_receipt_of_one_byte_too_many(museum: Museum, n: str):
    claim_id = await museum.begins()
    path = f"{API}/claims/{claim_id}/lines/{await museum.writes(claim_id)}/receipt"
    assert len(ONE_TOO_MANY) == 10 * MIB + 1

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(ONE_TOO_MANY), MIB):
            yield ONE_TOO_MANY[start : start + MIB]

    body = ONE_TOO_MANY if n == "header" else chunks()
    async with nothing_comes_of_it(museum.doors.database):
        answer = await sent(museum.intern, "PUT", path, body, content_type="application/pdf")

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
