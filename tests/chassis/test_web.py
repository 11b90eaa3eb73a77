"""What HTTP, JSON and keys must get right in every service (`bad-input.md` rows 1 to 36)."""

from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.chassis.things import THING, client_of, rename


async def test_a_command_is_answered_and_the_same_key_gets_the_same_bytes(student):
    first = await rename(student, {"title": "a"}, key="k1")
    second = await rename(student, {"title": "a"}, key="k1")
    third = await rename(student, {"title": "a"}, key="k2")

    assert (first.status_code, first.json()["number"]) == (201, 1)
    assert (second.status_code, second.content) == (201, first.content)
    assert third.json()["number"] == 2


async def test_another_body_under_the_same_key_is_refused(student):
    """bad_input[23]"""
    await rename(student, {"title": "a"}, key="k1")

    answer = await rename(student, {"title": "b"}, key="k1")

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")


async def test_a_command_still_running_keeps_its_key(student, database):
    """bad_input[24]"""
    who = student.sign_in.person_ref
    async with database.transaction() as tx:
        await tx.value(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"proposals.command:{who}:k9"
        )
        answer = await rename(student, {"title": "a"}, key="k9")

    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert answer.json()["type"] == "/problems/key-in-flight"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b'{"title": "a"', 400, "malformed-json", id="bad_input[1]"),
        pytest.param('{"title": "a"}'.encode("utf-16"), 400, "malformed-json", id="bad_input[2-a]"),
        pytest.param(b'{"title": "\xff"}', 400, "malformed-json", id="bad_input[2-b]"),
        pytest.param(b"", 400, "malformed-json", id="bad_input[3]"),
        pytest.param(b'{"title": "a", "title": "b"}', 400, "json-duplicate-key", id="bad_input[4]"),
        pytest.param(b'{"count": NaN}', 400, "json-number", id="bad_input[5-a]"),
        pytest.param(b'{"count": Infinity}', 400, "json-number", id="bad_input[5-b]"),
        pytest.param(b'{"count": 1e400}', 400, "json-number", id="bad_input[5-c]"),
        pytest.param(b'{"title": "\\ud800"}', 400, "json-surrogate", id="bad_input[6]"),
        pytest.param(b'{"count": ' + b"9" * 5000 + b"}", 400, "json-number", id="bad_input[7]"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, 400, "json-depth", id="bad_input[8]"),
    ],
)
async def test_json_that_is_not_ours_is_refused(student, body, status, code):
    answer = await rename(student, body)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        pytest.param([], "#", "type", id="bad_input[10]"),
        pytest.param({"title": "a", "is_open": "true"}, "#/is_open", "type", id="bad_input[11]"),
        pytest.param({"title": "a", "count": 1.0}, "#/count", "type", id="bad_input[12]"),
        pytest.param({"title": None}, "#/title", "type", id="bad_input[13]"),
        pytest.param({"title": "a", "x": 1}, "#/x", "unknown-field", id="bad_input[14]"),
        pytest.param({"title": "a", "status": 1}, "#/status", "unknown-field", id="bad_input[15]"),
        pytest.param({}, "#/title", "required", id="required"),
    ],
)
async def test_a_body_of_the_wrong_shape_names_its_fields(student, body, pointer, code):
    answer = await rename(student, body)

    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


async def test_every_fault_is_told_at_once(student):
    answer = await rename(student, {"x": 1, "count": "2"})

    assert {e["pointer"] for e in answer.json()["errors"]} == {"#/x", "#/count", "#/title"}


async def test_a_refusal_is_a_problem_and_leaves_an_audit_row(student, database):
    answer = await rename(student, {"title": "taken"})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "Somebody else took this thing first."
    assert await database.list_rows("SELECT act, outcome, reason FROM audit") == [
        {"act": "rename", "outcome": "refused", "reason": "thing-is-taken"}
    ]
    assert await database.value("SELECT count(*) FROM commands") == 0


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"content-type": None}, 415, "unsupported-media-type", id="bad_input[16]"),
        pytest.param(
            {"content-type": "text/plain"}, 415, "unsupported-media-type", id="bad_input[17]"
        ),
        pytest.param({"accept": "image/png"}, 406, "not-acceptable", id="bad_input[18]"),
        pytest.param({"idempotency-key": None}, 400, "key-required", id="bad_input[22]"),
        pytest.param({"idempotency-key": "k" * 300}, 400, "key-malformed", id="bad_input[25]"),
        pytest.param({"host": "elsewhere.example"}, 400, "unknown-host", id="bad_input[36]"),
        pytest.param({"x-long": "y" * 65_536}, 431, "headers-too-large", id="bad_input[34-b]"),
        pytest.param(
            {f"x-{n}": "y" for n in range(200)}, 431, "headers-too-large", id="bad_input[34-a]"
        ),
        pytest.param({"x-csrf-token": "wrong"}, 403, "csrf", id="bad_input[40]"),
        pytest.param({"sec-fetch-site": "cross-site"}, 403, "csrf", id="cross-site"),
        pytest.param({"origin": "http://evil.example"}, 403, "csrf", id="foreign-origin"),
        pytest.param({"origin": "null"}, 403, "csrf", id="null-origin"),
    ],
)
async def test_a_request_that_breaks_the_protocol_is_told_so(
    student, headers, status, code, database
):
    answer = await rename(student, {"title": "a"}, **headers)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert await database.value("SELECT count(*) FROM sequences") == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        pytest.param(
            "PUT", f"/api/proposals/v1/things/{THING}/rename", 405, "POST", id="bad_input[28]"
        ),
        pytest.param("TRACE", "/api/proposals/v1/things", 405, "GET", id="bad_input[29]"),
        pytest.param("GET", "/things/%2e%2e/things", 404, None, id="bad_input[30-a]"),
        pytest.param("GET", "//things", 404, None, id="bad_input[30-b]"),
        pytest.param("GET", "/things%00", 404, None, id="bad_input[30-c]"),
        pytest.param(
            "GET", "/api/proposals/v1/things?limit=1&limit=2", 422, None, id="bad_input[35]"
        ),
        pytest.param("GET", "/nothing", 404, None, id="no-route"),
        pytest.param("PUT", "/things", 405, "GET, HEAD, POST", id="all-methods"),
    ],
)
async def test_paths_and_methods(student, method, path, status, allow):
    answer = await student.request(method, f"http://localhost{path}")

    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)


async def test_an_id_that_is_none_reads_like_one_that_does_not_exist(student):
    """bad_input[19]"""
    one = await student.post(
        "/api/proposals/v1/things/none/rename",
        json={"title": "a"},
        headers={"idempotency-key": "k"},
    )
    other = await student.get("/api/proposals/v1/elsewhere")

    forget = {"instance", "correlation_id"}
    assert one.status_code == other.status_code == 404
    assert {k: v for k, v in one.json().items() if k not in forget} == {
        k: v for k, v in other.json().items() if k not in forget
    }


async def test_a_body_too_large_is_refused_before_it_is_read(student):
    """bad_input[9]"""
    answer = await rename(student, b"x" * (11 * 1024 * 1024))

    assert (answer.status_code, answer.headers["connection"]) == (413, "close")


async def test_whoever_hangs_up_in_mid_body_is_no_fault_of_ours(app, student):
    request = student.build_request("POST", f"/api/proposals/v1/things/{THING}/rename")
    sent = [
        {"type": "http.request", "body": b'{"title": "half', "more_body": True},
        {"type": "http.disconnect"},
    ]
    answered: list[dict] = []

    async def receive():
        return sent.pop(0) if sent else {"type": "http.disconnect"}

    async def send(message):
        answered.append(message)

    headers = [(name.lower(), value) for name, value in request.headers.raw]
    headers += [(b"host", b"localhost")] * (b"host" not in dict(headers))
    headers.append((b"content-type", b"application/json"))
    scope = {
        **{"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http"},
        **{"path": request.url.path, "raw_path": request.url.raw_path, "query_string": b""},
        **{"headers": [*headers, (b"idempotency-key", b"k1")], "client": ("127.0.0.1", 1)},
        **{"server": ("localhost", 80), "root_path": ""},
    }
    with capture_logs() as said:
        await app(scope, receive, send)

    told = [line["event"] for line in said if line["event"].startswith("request.")]
    assert told == ["request.cut_off", "request.answered"], answered


async def test_a_body_that_outgrows_its_limit_in_chunks_is_refused(student, database):
    """bad_input[9]"""

    async def chunks():
        for _ in range(3):
            yield b"x" * 1024 * 1024

    answer = await student.post(
        f"/api/proposals/v1/things/{THING}/rename",
        content=chunks(),
        headers={"content-type": "application/json", "idempotency-key": "k"},
    )

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert answer.headers["connection"] == "close"
    assert await database.value("SELECT count(*) FROM sequences") == 0


async def test_two_host_names_are_none(student):
    """bad_input[36]"""
    headers = [("host", "localhost"), ("host", "elsewhere.example")]
    request = httpx2.Request("GET", "http://localhost/things", headers=headers)

    answer = await student.send(request)

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/unknown-host")


async def test_every_answer_carries_the_headers_that_protect_a_page(student):
    for path in ("/things", "/nothing", "/api/proposals/v1/things"):
        headers = (await student.get(path)).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


async def test_readiness_asks_postgres_alone(app):
    async with client_of(app) as client:
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        assert (await client.get("/healthz")).json() == {"status": "alive"}


async def test_the_api_describes_the_bodies_it_reads(app):
    async with client_of(app) as client:
        document = (await client.get("/api/proposals/v1/openapi.json")).json()

    body = document["components"]["schemas"]["Rename"]
    assert body["required"] == ["title"]
    assert body["additionalProperties"] is False


def test_paths_of_static_files_exist():
    assert (Path(__file__).parents[2] / "chassis" / "static" / "ui.css").exists()
