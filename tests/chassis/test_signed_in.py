"""Who is let in, by which cookie, and until when."""

from datetime import timedelta

import pytest
from joserfc.jwk import OKPKey

from chassis import clock, identity
from tests.chassis.things import KEYS, a_sign_in, client_of, cookie_of


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
