"""Forms sent twice, without their token, or after a sign-in has ended: nothing typed is lost."""

import asyncio
from datetime import timedelta
from urllib.parse import unquote
from uuid import uuid4

from chassis import clock, identity
from tests.chassis.things import (
    KEYS,
    THING,
    a_sign_in,
    client_of,
    cookie_of,
)


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
