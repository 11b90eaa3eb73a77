"""Signing in by a mailed link: once, in time, in the browser that asked; and nothing learnt by asking."""

import json
import re
import statistics
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from joserfc import jwe

from chassis import clock
from chassis.database import Database, connect
from chassis.identity import COOKIE, SignIn, mint
from services.proposals.commands import accounts as commands
from services.proposals.contacts import ALGORITHMS, Contacts
from services.proposals.deadlines import accounts as deadlines
from tests import doors
from tests.databases import DatabaseOf
from tests.proposals import desk
from tests.proposals.desk import Browser
from tests.proposals.provider import query_of

ROSA = "rosa@wren-press.example"
CONTACTS = Contacts(doors.OWN_SETTINGS["contacts_public_key"])


@pytest.fixture
async def database(database_of: DatabaseOf) -> Database:
    """With one account in it: Rosa's."""
    database = await database_of("proposals")
    async with database.transaction() as tx:
        await commands.open_account(
            tx,
            university="oxford",
            display_name="Rosa Thistlewood",
            mail_address=ROSA,
            contacts=CONTACTS,
            now=clock.now,
        )
    return database


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with desk.opened(
        database, links_per_address="100 per minute", failed_sign_ins_per_ip="100 per minute"
    ) as client:
        yield client


@pytest.fixture
def visitor(client: httpx2.AsyncClient) -> Browser:
    return Browser(client)


@pytest.fixture
def elsewhere(client: httpx2.AsyncClient) -> Browser:
    """Another browser: a telephone."""
    return Browser(client)


async def letters(database: Database) -> list[dict[str, Any]]:
    """The sealed letters, as notifications opens them."""
    rows = await database.list_rows(
        "SELECT topic, value FROM outbox WHERE type LIKE '%SealedLetter%' ORDER BY id"
    )
    assert {row["topic"] for row in rows} <= {"contacts"}
    values = [json.loads(row["value"]) for row in rows]
    return [
        {"letter": value["letter"]}
        | json.loads(jwe.decrypt_compact(value["sealed"], doors.CONTACTS_KEY, ALGORITHMS).plaintext)
        for value in values
    ]


async def ask(visitor: Browser, address: str = ROSA, **more: str) -> httpx2.Response:
    return await visitor.post("/sign-in/links", {"email": address, **more})


async def token_of(database: Database) -> str:
    return query_of((await letters(database))[-1]["link"])["token"]


async def code_shown(visitor: Browser, token: str) -> str:
    page = await visitor.get("/sign-in/link", params={"token": token})
    return re.search(r"app-code\">(\d{4} \d{4})<", page.text)[1]


async def travel_real_time(admin: str, minutes: int) -> None:
    """Let the links be older than they are: real time cannot be shifted."""
    connection = await connect(admin, application="tests")
    await connection.execute(
        "UPDATE proposals.sign_in_links SET expires_at = expires_at - make_interval(mins => $1)",
        minutes,
    )
    await connection.close()


async def test_host_signs_in_by_a_mailed_link(visitor, database):
    asked = await ask(visitor)
    sent = await visitor.get(asked.headers["location"])
    token = await token_of(database)
    opened = await visitor.get("/sign-in/link", params={"token": token})
    answer = await visitor.post("/sign-in/link", {"token": token})

    assert f"We sent a link to {ROSA}. It works for 10 minutes." in sent.text
    assert "Press the button to sign in" in opened.text
    assert answer.status_code == 303
    assert visitor.signed_in.name == "Rosa Thistlewood"
    assert visitor.signed_in.method == "mail"
    assert visitor.signed_in.roles == ()
    assert list(visitor.cookies) == [COOKIE]
    assert await letters(database) == [
        {
            "letter": "sign_in_link",
            "address": ROSA,
            "name": "Rosa Thistlewood",
            "language": "en",
            "link": f"http://localhost/sign-in/link?token={token}",
        }
    ]


async def test_page_that_was_asked_for_comes_after_signing_in(visitor, database):
    await ask(visitor, next="/selections")
    answer = await visitor.post("/sign-in/link", {"token": await token_of(database)})

    assert answer.headers["location"] == "/selections"


async def test_only_hashes_are_stored(visitor, database):
    await ask(visitor)
    token = await token_of(database)

    stored = await database.list_rows("SELECT * FROM sign_in_links")
    kept = json.dumps([stored, await database.list_rows("SELECT * FROM commands")], default=str)
    assert token not in kept
    assert ROSA not in kept


async def test_s06_link_works_once(visitor, database):
    await ask(visitor)
    token = await token_of(database)
    asked = dict(visitor.cookies)
    await visitor.post("/sign-in/link", {"token": token})
    visitor.cookies = asked

    again = await visitor.post("/sign-in/link", {"token": token})
    looked = await visitor.get("/sign-in/link", params={"token": token})

    for answer in (again, looked):
        assert answer.status_code == 410
        assert "This link has been used or is too old. Ask for a new one." in answer.text
    assert visitor.signed_in is None


async def test_s06_link_runs_out_after_ten_minutes(visitor, database, database_url):
    await ask(visitor)
    token = await token_of(database)
    await travel_real_time(database_url, 10)

    answer = await visitor.post("/sign-in/link", {"token": token})

    assert answer.status_code == 410
    assert visitor.signed_in is None


async def test_business_time_makes_no_link_older(visitor, database, database_url):
    await ask(visitor)
    await doors.travel(database_url, clock.real_now().replace(year=2024))

    answer = await visitor.post("/sign-in/link", {"token": await token_of(database)})

    assert answer.status_code == 303


async def test_s06_a_mail_scanner_uses_nothing_up(visitor, elsewhere, database):
    await ask(visitor)
    token = await token_of(database)
    for _ in range(3):
        await elsewhere.get("/sign-in/link", params={"token": token})
        await elsewhere.send("HEAD", "/sign-in/link", params={"token": token})

    assert (await visitor.post("/sign-in/link", {"token": token})).status_code == 303


async def test_s06_link_opened_elsewhere_signs_nobody_in_there(visitor, elsewhere, database):
    await ask(visitor)
    token = await token_of(database)

    answer = await elsewhere.post("/sign-in/link", {"token": token})

    assert answer.status_code == 410
    assert elsewhere.signed_in is None
    assert (await visitor.post("/sign-in/link", {"token": token})).status_code == 303


async def test_code_shown_elsewhere_signs_in_where_the_link_was_asked_for(
    visitor, elsewhere, database
):
    await ask(visitor)
    code = await code_shown(elsewhere, await token_of(database))

    answer = await visitor.post("/sign-in/code", {"code": code})

    assert answer.status_code == 303
    assert visitor.signed_in.name == "Rosa Thistlewood"
    assert elsewhere.signed_in is None


async def test_cookie_that_has_ended_does_not_stand_in_the_way(visitor, database):
    long_ago = clock.real_now() - timedelta(hours=13)
    ended = SignIn("old", uuid4(), "oxford", (), "Rosa", "mail", long_ago)
    visitor.cookies[COOKIE] = mint(
        ended, signing_key=doors.SIGNING_KEY, keys=doors.KEYS, now=clock.real_now()
    )

    await visitor.get("/sign-in")
    assert COOKIE not in visitor.cookies
    await ask(visitor)
    answer = await visitor.post("/sign-in/link", {"token": await token_of(database)})

    assert answer.status_code == 303
    assert visitor.signed_in.name == "Rosa Thistlewood"


async def test_either_link_works_in_a_browser_that_asked_twice(visitor, elsewhere, database):
    await ask(visitor)
    first = await token_of(database)
    await ask(visitor)

    assert "Press the button" in (await visitor.get("/sign-in/link", params={"token": first})).text
    code = await code_shown(elsewhere, first)
    assert (await visitor.post("/sign-in/code", {"code": code})).status_code == 303


async def test_s06_code_can_be_tried_five_times(visitor, elsewhere, database):
    await ask(visitor)
    token = await token_of(database)
    code = await code_shown(elsewhere, token)
    wrong = "0000 0000" if code != "0000 0000" else "1111 1111"

    for _ in range(5):
        answer = await visitor.post("/sign-in/code", {"code": wrong})
        assert answer.status_code == 422
        assert "This code is not right." in answer.text
    sixth = await visitor.post("/sign-in/code", {"code": code})

    assert sixth.status_code == 410
    assert (await visitor.post("/sign-in/link", {"token": token})).status_code == 410
    assert visitor.signed_in is None


async def test_code_typed_where_nobody_asked_signs_nobody_in(visitor, elsewhere, database):
    await ask(visitor)
    code = await code_shown(elsewhere, await token_of(database))

    answer = await elsewhere.post("/sign-in/code", {"code": code})

    assert answer.status_code == 410
    assert elsewhere.signed_in is None


async def test_s17_an_unknown_address_gets_the_same_words_and_no_letter(visitor, database):
    known = await ask(visitor)
    known_page = await visitor.get("/sign-in/sent")
    visitor.cookies.clear()
    unknown = await ask(visitor, "nobody@wren-press.example")
    unknown_page = await visitor.get("/sign-in/sent")

    assert (known.status_code, known.headers["location"]) == (303, "/sign-in/sent")
    assert (unknown.status_code, unknown.headers["location"]) == (303, "/sign-in/sent")
    fresh = re.compile(r'(nonce|value)="[^"]*"')
    assert fresh.sub("", known_page.text) == fresh.sub("", unknown_page.text).replace(
        "nobody@wren-press.example", ROSA
    )
    assert len(await letters(database)) == 1
    for _ in range(5):
        assert (await visitor.post("/sign-in/code", {"code": "1234 5678"})).status_code == 422
    assert (await visitor.post("/sign-in/code", {"code": "1234 5678"})).status_code == 410


async def test_s17_an_unknown_address_takes_as_long(client, database):
    times: dict[str, list[float]] = {ROSA: [], "nobody@wren-press.example": []}
    for _ in range(30):
        for address, taken in times.items():
            began = time.perf_counter()
            await ask(Browser(client), address)
            taken.append(time.perf_counter() - began)

    known, unknown = (statistics.median(taken) for taken in times.values())
    assert abs(known - unknown) < 0.02


async def test_links_are_braked_by_address_whether_known_or_not(database):
    async with desk.opened(database, links_per_address="2 per minute") as client:
        for address in (ROSA, "nobody@wren-press.example"):
            answers = [await ask(Browser(client), address) for _ in range(3)]
            assert [each.status_code for each in answers] == [303, 303, 429]
            assert answers[-1].headers["retry-after"] == "900"
            assert "Wait a quarter of an hour" in answers[-1].text


async def test_failing_too_often_brings_a_pause(database):
    async with desk.opened(database, failed_sign_ins_per_ip="2 per minute") as client:
        answers = [
            (await Browser(client).post("/sign-in/link", {"token": "guessed"})).status_code
            for _ in range(3)
        ]

    assert answers == [410, 410, 429]


@pytest.mark.parametrize(
    ("typed", "sentence_of"),
    [("a@b", "email"), ("", "email"), ("a..b@example.org", "email"), ("a@b.org,c@d.org", "email")],
)
async def test_no_address_is_told_at_its_field(visitor, typed, sentence_of):
    answer = await ask(visitor, typed)

    assert answer.status_code == 422
    assert "<title>Error: Sign in" in re.sub(r"\s+<", "<", answer.text.replace("<title>\n", ""))
    assert f'href="#{sentence_of}"' in answer.text


FORMS = {
    "/sign-in/links": {"email": ROSA},
    "/sign-in/link": {"token": "guessed"},
    "/sign-in/code": {"code": "12345678"},
    "/sign-out": {},
    "/account/sign-ins/end": {},
}


@pytest.mark.parametrize("path", FORMS)
async def test_s12_form_that_is_not_from_our_own_page_changes_nothing(visitor, database, path):
    right = visitor.csrf
    await ask(visitor)
    before = await database.list_rows("SELECT * FROM sign_in_links")
    for token, headers in (
        ("", {}),
        ("0" * 64, {}),
        (right, {"sec-fetch-site": "cross-site"}),
        (right, {"sec-fetch-site": "same-site"}),
        (right, {"origin": "null"}),
        (right, {"origin": "https://elsewhere.example"}),
    ):
        fields = FORMS[path] | {"csrf": token}
        answer = await visitor.send("POST", path, data=fields, headers=headers)
        assert (headers, answer.status_code) == (headers, 403)
    assert await database.list_rows("SELECT * FROM sign_in_links") == before
    assert await database.value("SELECT count(*) FROM sign_ins") == 0


async def test_link_can_be_asked_for_by_the_api(visitor, database):
    ways = (await visitor.get("/api/proposals/v1/sign-in")).json()
    answer = await visitor.send(
        "POST",
        "/api/proposals/v1/sign-in-links",
        json={"email": ROSA},
        headers={"x-csrf-token": ways["csrf_token"], "idempotency-key": "one"},
    )
    used = await visitor.post("/sign-in/link", {"token": await token_of(database)})

    assert (answer.status_code, answer.json()) == (202, {"valid_for_seconds": 600})
    assert used.status_code == 303
    assert visitor.signed_in.name == "Rosa Thistlewood"


async def test_links_and_old_sign_ins_are_forgotten(visitor, database, database_url):
    await ask(visitor)
    await visitor.post("/sign-in/link", {"token": await token_of(database)})
    await deadlines.forget_sign_ins(database, now=clock.now)
    assert await database.value("SELECT count(*) FROM sign_in_links") == 1
    await travel_real_time(database_url, 90)

    await deadlines.forget_sign_ins(database, now=clock.now)

    assert await database.value("SELECT count(*) FROM sign_in_links") == 0
    assert await database.value("SELECT count(*) FROM sign_ins") == 1
