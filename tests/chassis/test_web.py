"""What HTTP, JSON, forms and keys must get right in every service (`bad-input.md` rows 1 to 43)."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID, uuid4

import httpx2
import pytest
from joserfc.jwk import OKPKey

from chassis import clock, identity, web
from chassis.actor import Role
from chassis.application import application
from chassis.decision import Refused
from chassis.settings import Environment, Settings

SECRET = "s" * 32
SIGNING = OKPKey.generate_key("Ed25519")
THING = uuid4()


class ThingIsTaken(Refused):
    """Somebody else took this thing first."""


class Rename(web.Body):
    title: str
    count: int = 1
    is_open: bool = False


def routes():
    api = web.api("proposals")
    pages = web.pages("/things", audience=web.APPLICANT)

    @api.post("/things/{thing_id}/rename", audience=web.APPLICANT)
    async def rename(thing_id: UUID, body: Rename, door: web.TheDoor):
        async def act(tx):
            if body.title == "taken":
                raise ThingIsTaken
            number = await tx.value(
                "INSERT INTO sequences VALUES ('t', $1, 1) "
                "ON CONFLICT (topic, key) DO UPDATE SET last = sequences.last + 1 RETURNING last",
                str(thing_id),
            )
            return {"title": body.title, "number": number}

        return await door.answer(act, status=201)

    @api.get("/things", audience=web.APPLICANT)
    async def list_things(door: web.TheDoor, limit: int = 5):
        return {"limit": limit}

    @api.get("/office", audience=web.OFFICE)
    async def office(door: web.TheDoor):
        return {}

    @pages.get("")
    async def show(door: web.TheDoor):
        return await door.page("error.html", detail="", reference="", again=0)

    @pages.post("/{thing_id}/remove")
    async def remove(thing_id: UUID, door: web.TheDoor):
        return door.see_other("/things")

    @pages.post("")
    async def take(door: web.TheDoor):
        async def act(tx):
            await tx.execute("INSERT INTO sequences VALUES ('page', $1, 1)", str(uuid4()))
            return {"place": str(uuid4())}

        done = await door.run(act)
        return door.see_other(f"/things/{done['place']}")

    return [api, pages]


@pytest.fixture
async def database(database_of):
    return await database_of("proposals")


@pytest.fixture
def app(database):
    settings = Settings(
        environment=Environment.TEST,
        database_url=database.dsn,
        cookie_secret=SECRET,
        signing_public_key=json.dumps(SIGNING.as_dict(private=False)),
    )
    return application(service="proposals", settings=settings, database=database, routes=routes())


def a_sign_in(**changes) -> identity.SignIn:
    given = {
        "sign_in_id": uuid4().hex,
        "person_ref": uuid4(),
        "university": "oxford",
        "roles": (Role.APPLICANT.value,),
        "name": "Ada Byron",
        "method": "oidc",
        "signed_in_at": clock.real_now(),
    }
    return identity.SignIn(**(given | changes))


KEYS = identity.Keys.read(SECRET, json.dumps(SIGNING.as_dict(private=False)))


def cookie_of(sign_in, *, at=None) -> str:
    return identity.mint(sign_in, signing_key=SIGNING, keys=KEYS, now=at or clock.real_now())


@pytest.fixture
async def student(app):
    sign_in = a_sign_in()
    async with client_of(app, sign_in) as client:
        client.sign_in = sign_in
        yield client


def client_of(app, sign_in=None, **headers):
    known = {"accept": "application/json"}
    if sign_in:
        known["cookie"] = f"{identity.COOKIE}={cookie_of(sign_in)}"
        known["x-csrf-token"] = identity.csrf_token(KEYS, sign_in)
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(
        transport=transport, base_url="http://localhost", headers=known | headers
    )


async def rename(client, body, *, key=None, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body)
    sent = {"content-type": "application/json", "idempotency-key": key or uuid4().hex} | headers
    return await client.post(
        f"/api/proposals/v1/things/{THING}/rename",
        content=content,
        headers={name: value for name, value in sent.items() if value is not None},
    )


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


@pytest.mark.parametrize("is_page", [True, False])
async def test_a_visitor_is_asked_to_sign_in(app, is_page):
    async with client_of(app, accept="text/html") as visitor:
        answer = await visitor.get("/things?x=1" if is_page else "/api/proposals/v1/things")

    if is_page:
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in?next=%2Fthings%3Fx%3D1"
    else:
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_another_role_is_turned_away(student):
    answer = await student.get("/api/proposals/v1/office")

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


def _flipped(cookie: str) -> str:
    middle = len(cookie) // 2
    return cookie[:middle] + ("A" if cookie[middle] != "A" else "B") + cookie[middle + 1 :]


@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda s: _flipped(cookie_of(s)), id="a flipped letter"),
        pytest.param(
            lambda s: cookie_of(s, at=clock.real_now() - timedelta(minutes=31)), id="idle too long"
        ),
        pytest.param(
            lambda s: identity.mint(
                s,
                signing_key=OKPKey.generate_key("Ed25519"),
                keys=KEYS,
                now=clock.real_now(),
            ),
            id="signed by another",
        ),
        pytest.param(lambda s: "x" * 5000, id="far too long"),
        pytest.param(lambda s: "a.b.c.d.e", id="no cookie of ours"),
    ],
)
async def test_a_cookie_that_does_not_hold_is_cleared(app, bend):
    """bad_input[39]"""
    cookie = bend(a_sign_in())
    async with client_of(app) as client:
        answer = await client.get(
            "/api/proposals/v1/things", headers={"cookie": f"{identity.COOKIE}={cookie}"}
        )

    assert answer.status_code == 401
    assert f'{identity.COOKIE}=""' in answer.headers["set-cookie"]


async def test_a_cookie_in_use_is_carried_on_and_a_fresh_one_is_left_alone(app):
    sign_in = a_sign_in()
    earlier = cookie_of(sign_in, at=clock.real_now() - timedelta(minutes=2))
    async with client_of(app, sign_in) as client:
        fresh = await client.get("/things")
        used = await client.get("/things", headers={"cookie": f"{identity.COOKIE}={earlier}"})

    assert "set-cookie" not in fresh.headers
    renewed = used.headers["set-cookie"]
    assert renewed.startswith(f"{identity.COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(renewed.split("; "))


async def test_a_sign_in_of_twelve_hours_ago_is_over(app):
    old = a_sign_in(signed_in_at=clock.real_now() - timedelta(hours=12, seconds=1))
    async with client_of(app, old) as client:
        assert (await client.get("/api/proposals/v1/things")).status_code == 401


async def test_a_sign_in_at_another_university_is_none_here(app):
    async with client_of(app, a_sign_in(university="queen-mary")) as client:
        assert (await client.get("/api/proposals/v1/things")).status_code == 401


async def test_an_ended_sign_in_is_over_at_once(student, database):
    assert (await student.get("/api/proposals/v1/things")).status_code == 200
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO ended_sign_ins VALUES ($1, NULL, clock_timestamp())", student.sign_in.hash
        )

    assert (await student.get("/api/proposals/v1/things")).status_code == 401


async def test_a_form_posted_twice_is_one_row_and_one_result(student, database):
    """bad_input[41]"""
    form = {"csrf": student.headers["x-csrf-token"], "command_key": uuid4().hex, "what": "ever"}

    one, two = [await student.post("/things", data=form) for _ in range(2)]

    assert (one.status_code, two.status_code) == (303, 303)
    assert one.headers["location"] == two.headers["location"]
    assert await database.value("SELECT count(*) FROM sequences WHERE topic = 'page'") == 1


async def test_both_clicks_of_a_double_click_see_one_result(student, database):
    """bad_input[41], with both truly at once"""
    form = {"csrf": student.headers["x-csrf-token"], "command_key": uuid4().hex, "what": "ever"}

    one, two = await asyncio.gather(*(student.post("/things", data=form) for _ in range(2)))

    assert (one.status_code, two.status_code) == (303, 303)
    assert one.headers["location"] == two.headers["location"]
    assert await database.value("SELECT count(*) FROM sequences WHERE topic = 'page'") == 1


async def test_a_form_without_token_comes_back_with_its_text(student, database):
    """bad_input[40]"""
    answer = await student.post(
        "/things", data={"what": "My <long> text"}, headers={"accept": "text/html"}
    )

    assert answer.status_code == 403
    assert "My &lt;long&gt; text" in answer.text
    assert student.headers["x-csrf-token"] in answer.text
    assert await database.value("SELECT count(*) FROM sequences") == 0


async def test_text_typed_into_an_ended_sign_in_is_kept_for_its_author(app, database):
    """bad_input[43]"""
    sign_in = a_sign_in()
    stale = cookie_of(sign_in, at=clock.real_now() - timedelta(minutes=31))
    async with client_of(app, accept="text/html") as client:
        answer = await client.post(
            "/things", data={"what": "kept"}, headers={"cookie": f"{identity.COOKIE}={stale}"}
        )
    assert answer.status_code == 303
    kept_id = answer.headers["location"].rpartition("%3D")[2]

    from chassis import kept_forms

    whose = {"person_ref": sign_in.person_ref, "path": "/things", "keys": KEYS}
    theirs = await kept_forms.take(database, kept_id, **whose)
    others = await kept_forms.take(database, kept_id, **whose | {"person_ref": uuid4()})
    elsewhere = await kept_forms.take(database, kept_id, **whose | {"path": "/other"})
    assert (theirs, others, elsewhere) == ({"what": "kept"}, None, None)


async def test_kept_text_comes_back_on_its_own_page_to_be_sent(app, database):
    """bad_input[43], where a page has no form of its own to show it in"""
    sign_in = a_sign_in()
    stale = cookie_of(sign_in, at=clock.real_now() - timedelta(minutes=31))
    async with client_of(app, accept="text/html") as client:
        kept = await client.post(
            "/things?of=mine",
            data={"what": "a <long> text"},
            headers={"cookie": f"{identity.COOKIE}={stale}"},
        )
    address = unquote(kept.headers["location"].partition("next=")[2])
    async with client_of(app, sign_in, accept="text/html") as client:
        page = await client.get(address)
    async with client_of(app, a_sign_in(), accept="text/html") as client:
        others = await client.get(address)

    assert address.startswith("/things?of=mine&kept=")
    assert 'action="/things?of=mine"' in page.text
    assert "a &lt;long&gt; text" in page.text
    assert "long" not in others.text
    assert await database.value("SELECT count(*) FROM sequences") == 0


async def test_what_has_no_page_leads_back_to_the_one_above(app):
    """bad_input[43]"""
    stale = cookie_of(a_sign_in(), at=clock.real_now() - timedelta(minutes=31))
    async with client_of(app, accept="text/html") as client:
        answer = await client.post(
            f"/things/{THING}/remove",
            data={"why": "x"},
            headers={"cookie": f"{identity.COOKIE}={stale}"},
        )

    assert answer.headers["location"] == "/sign-in?next=%2Fthings"


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
