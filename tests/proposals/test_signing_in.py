"""Signing in through the university: a person comes in when everything fits, and never otherwise."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from joserfc.jwk import OctKey, RSAKey

from chassis.database import Database
from chassis.identity import COOKIE
from services.proposals.domain.assertion import person_ref
from services.proposals.web.next_page import known_page
from tests import doors
from tests.databases import DatabaseOf
from tests.proposals import desk
from tests.proposals.desk import OFFICER, Browser
from tests.proposals.provider import KEYS, PRIYA, Provider, query_of, running
from tests.proposals.test_accounts import cards_of

HELEN = {
    "sub": "helen.marsh",
    "name": "Helen Marsh",
    "email": "helen.marsh@office.university.example",
    "eduperson_affiliation": ["employee", "member"],
    "eduperson_entitlement": [OFFICER],
}


@pytest.fixture
async def database(database_of: DatabaseOf) -> Database:
    return await database_of("proposals")


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running(Provider(doors.OWN_SETTINGS["oidc_client_secret"])) as provider:
        yield provider


@pytest.fixture
async def visitor(database: Database, provider: Provider) -> AsyncIterator[Browser]:
    async with desk.opened(
        database, oidc_issuer=provider.issuer, failed_sign_ins_per_ip="100 per minute"
    ) as client:
        yield Browser(client)


async def there_and_back(visitor: Browser, page: str = "/sign-in/start") -> httpx2.Response:
    """To the provider and back, as a browser is sent."""
    away = await visitor.get(page)
    assert away.status_code == 303
    return await visitor.get(await back_address(away.headers["location"]))


async def back_address(address: str) -> str:
    async with httpx2.AsyncClient() as outside:
        return (await outside.get(address)).headers["location"]


async def test_student_comes_in_with_the_facts_that_the_university_asserts(
    visitor, provider, database
):
    answer = await there_and_back(visitor)

    assert (answer.status_code, answer.headers["location"]) == (303, "/applications")
    signed_in = visitor.signed_in
    key = doors.OWN_SETTINGS["person_key"].encode()
    assert signed_in.person_ref == person_ref(provider.issuer, "priya.raman", key=key)
    assert signed_in.person_ref.version == 8
    assert signed_in.roles == ("applicant",)
    assert signed_in.name == "Priya Raman"
    assert signed_in.method == "oidc"
    assert signed_in.facts == {
        "affiliation": "student",
        "level": "undergraduate",
        "course": "BA History",
        "is_matriculated": True,
    }
    assert len(visitor.cookies[COOKIE]) < 2048
    assert list(visitor.cookies) == [COOKIE]


async def test_officer_comes_in_by_entitlement_alone(visitor, provider):
    provider.person = HELEN

    answer = await there_and_back(visitor)

    assert answer.headers["location"] == "/office/applications"
    assert visitor.signed_in.roles == ("officer",)


async def test_page_that_was_asked_for_comes_after_signing_in(visitor):
    answer = await there_and_back(visitor, "/sign-in/start?next=%2Fvacancies%3Fmode%3Dremote")

    assert answer.headers["location"] == "/vacancies?mode=remote"


async def test_sign_in_that_must_be_new_is_asked_of_the_provider_anew(visitor):
    """A host opens applications with a recent sign-in: an old one at the provider is not enough."""
    page = await visitor.get("/sign-in?next=%2Fselections&again=yes")
    away = await visitor.get("/sign-in/start?next=%2Fselections&again=yes")
    usual = await visitor.get("/sign-in/start?next=%2Fselections")

    assert "with a sign-in of the last 15 minutes" in page.text
    assert "/sign-in/start?next=%2Fselections&amp;again=yes" in page.text
    assert query_of(away.headers["location"])["prompt"] == "login"
    assert "prompt" not in query_of(usual.headers["location"])


async def test_contact_card_goes_out_when_it_is_new_or_changed(visitor, provider, database):
    await there_and_back(visitor)
    await there_and_back(visitor)
    provider.person = PRIYA | {"email": "priya@students.university.example"}
    await there_and_back(visitor)

    assert [card["address"] for card in await cards_of(database, doors.CONTACTS_KEY)] == [
        "priya.raman@students.university.example",
        "priya@students.university.example",
    ]


async def test_each_sign_in_is_a_new_one(visitor):
    await there_and_back(visitor)
    first = visitor.signed_in
    await there_and_back(visitor)

    assert visitor.signed_in.sign_in_id != first.sign_in_id
    assert visitor.signed_in.person_ref == first.person_ref


async def test_same_name_with_another_subject_is_another_person(visitor, provider):
    """S5: a reused name or address opens nobody's account."""
    await there_and_back(visitor)
    first = visitor.signed_in
    provider.person = PRIYA | {"sub": "priya.raman2"}
    await there_and_back(visitor)

    assert visitor.signed_in.person_ref != first.person_ref


BENT = {
    "nonce": {"claims": {"nonce": "of another journey"}},
    "no nonce": {"claims": {"nonce": None}},
    "issuer": {"claims": {"iss": "http://localhost:1"}},
    "issuer with a slash": {"claims": {"iss": "http://localhost:1/"}},
    "audience": {"claims": {"aud": "another-client"}},
    "two audiences without a party": {"claims": {"aud": ["micro-internships", "another"]}},
    "authorised party": {"claims": {"azp": "another-client"}},
    "expired": {"claims": {"exp": 1_700_000_000}},
    "no expiry": {"claims": {"exp": None}},
    "no time": {"claims": {"iat": None}},
    "time as words": {"claims": {"exp": "never"}},
    "made tomorrow": {"claims": {"iat": 4_000_000_000, "exp": 4_100_000_000}},
    "made yesterday": {"claims": {"iat": 1_700_000_000}},
    "no subject": {"claims": {"sub": None}},
    "empty subject": {"claims": {"sub": ""}},
    "access token": {"header": {"typ": "at+jwt"}},
    "alg none": {"header": {"alg": "none"}},
    "alg HS256 with the public key": {"header": {"alg": "HS256"}},
    "unknown kid": {"header": {"kid": "nobody-knows"}},
    "key not published": {"key": KEYS[1]},
    "jku": {"header": {"jku": "https://elsewhere.example/keys"}},
    "jwk": {"header": {"jwk": KEYS[1].as_dict(private=False)}, "key": KEYS[1]},
    "state": {"answer": {"state": "another"}},
    "no state": {"answer": {"state": None}},
    "iss of the answer": {"answer": {"iss": "https://elsewhere.example"}},
    "no iss of the answer": {"answer": {"iss": None}},
    "code": {"answer": {"code": "guessed"}},
    "denied": {"answer": {"error": "access_denied"}},
    "access token of another": {"claims": {"at_hash": "bm90IHRoaXMgb25l"}},
}


async def test_s02_whatever_is_bent_nobody_comes_in(visitor, provider, database):
    """One thing at a time; each try leaves its row in the audit, with the doubt as its subject."""
    await there_and_back(visitor)  # unbent, it works
    await visitor.post("/sign-out")
    for name, bend in BENT.items():
        provider.bend = bend
        answer = await there_and_back(visitor)
        assert (name, answer.status_code) == (name, 403)
        assert "You are not signed in" in answer.text
        assert (name, COOKIE in visitor.cookies) == (name, False)

    assert await database.value("SELECT count(*) FROM sign_ins") == 1
    doubts = await database.list_rows(
        "SELECT subject FROM audit WHERE act = 'SignIn' AND outcome = 'refused' ORDER BY id"
    )
    assert len(doubts) == len(BENT)
    assert {"nonce", "issuer", "audience", "expired", "alg", "kid", "state", "iss"} <= {
        row["subject"] for row in doubts
    }


async def test_wrong_verifier_is_refused_by_the_provider(visitor, provider):
    """A code that was stolen on its way is worth nothing without the journey it belongs to."""
    stolen = await back_address((await visitor.get("/sign-in/start")).headers["location"])
    code = query_of(stolen)["code"]
    other = await back_address((await visitor.get("/sign-in/start")).headers["location"])
    mixed = other.replace(query_of(other)["code"], code)

    answer = await visitor.get(mixed)

    assert answer.status_code == 403
    assert visitor.signed_in is None


async def test_answer_works_once(visitor):
    back = await back_address((await visitor.get("/sign-in/start")).headers["location"])
    journey = dict(visitor.cookies)
    await visitor.get(back)
    visitor.cookies = journey

    again = await visitor.get(back)

    assert again.status_code == 403
    assert visitor.signed_in is None


async def test_answer_in_a_browser_that_never_left_signs_nobody_in(visitor, database, provider):
    """Code injection: somebody's own answer, planted in another's browser."""
    back = await back_address((await visitor.get("/sign-in/start")).headers["location"])
    visitor.cookies.clear()

    answer = await visitor.get(back)

    assert answer.status_code == 403
    assert visitor.signed_in is None


async def test_unknown_kids_make_us_look_at_the_keys_once_a_minute(visitor, provider):
    await there_and_back(visitor)
    provider.bend = {"header": {"kid": "nobody-knows"}}
    for _ in range(5):
        await there_and_back(visitor)

    assert provider.looks_at_keys == 1


async def test_s03_new_keys_are_found_when_the_provider_changes_them(
    visitor, provider, monkeypatch
):
    await there_and_back(visitor)
    monkeypatch.setattr("services.proposals.provider.PAUSE", 0.0)  # a minute has passed
    provider.published = KEYS
    provider.bend = {"header": {"kid": KEYS[1].kid}, "key": KEYS[1]}

    answer = await there_and_back(visitor)

    assert answer.status_code == 303
    assert provider.looks_at_keys == 2


@pytest.mark.filterwarnings("ignore:Key size should be")
async def test_s03_weak_and_symmetric_keys_are_left_out(visitor, provider):
    weak = RSAKey.generate_key(1024, auto_kid=True)
    provider.published = [KEYS[0], weak, OctKey.generate_key(256, auto_kid=True)]
    assert (await there_and_back(visitor)).status_code == 303
    provider.bend = {"header": {"kid": weak.kid}, "key": weak}

    assert (await there_and_back(visitor)).status_code == 403


NOTHING_OPEN = (
    {"eduperson_affiliation": ["alum", "member"]},
    {"eduperson_affiliation": ["employee"]},
    {"eduperson_affiliation": [], "eduperson_scoped_affiliation": ["student@elsewhere.example"]},
    {"eduperson_affiliation": [], "eduperson_entitlement": ["urn:mace:elsewhere:officer"]},
    {"eduperson_affiliation": None},
)


async def test_s05_whom_nothing_is_open_to_stays_out(visitor, provider):
    for claims in NOTHING_OPEN:
        provider.person = PRIYA | claims
        answer = await there_and_back(visitor)
        assert (claims, answer.status_code) == (claims, 403)
        assert "does not say that you study here" in answer.text
        assert visitor.signed_in is None


async def test_provider_away_is_said_and_keeps_nobody_signed_in_out(database):
    async with desk.opened(database, oidc_issuer="http://localhost:1") as client:
        answer = await Browser(client).get("/sign-in/start")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"


ELSEWHERE = [
    "https://elsewhere.example",
    "//elsewhere.example",
    "///elsewhere.example",
    "/\\elsewhere.example",
    "\\\\elsewhere.example",
    "/%2f%2felsewhere.example",
    "/%5celsewhere.example",
    "http:elsewhere.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/account/../../elsewhere",
    "/account//elsewhere.example",
    "/account\r\nset-cookie:x=y",
    "/account\t",
    " /account",
    "account",
    "elsewhere.example/account",
    "/account@elsewhere.example",
    "/account#https://elsewhere.example",
    "/account?next=//elsewhere.example",
    "/sign-out",
    "/sign-in/start",
    "/api/proposals/v1/account",
    "/",
    "/accountancy",
    "/vacancies/" + "a" * 600,
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_s16_an_address_that_is_no_page_of_ours_is_forgotten(target):
    assert known_page(target) is None


async def test_s16_nobody_is_led_elsewhere(visitor):
    for target in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"):
        answer = await visitor.get("/sign-in/start", params={"next": target})
        back = await visitor.get(await back_address(answer.headers["location"]))
        assert back.headers["location"] == "/applications"


async def test_signing_out_ends_the_cookie_here_at_once_and_tells_the_others(visitor, database):
    await there_and_back(visitor)
    kept, signed_in = visitor.cookies[COOKIE], visitor.signed_in

    answer = await visitor.post("/sign-out")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert COOKIE not in visitor.cookies
    visitor.cookies[COOKIE] = kept
    after = await visitor.get("/account")
    assert (after.status_code, after.headers["location"]) == (303, "/sign-in?next=%2Faccount")
    refused = await visitor.get("/api/proposals/v1/account")
    assert refused.status_code == 401
    assert COOKIE not in visitor.cookies
    told = await database.get_row("SELECT * FROM outbox WHERE type LIKE '%SignInEnded%'")
    assert signed_in.hash in told["value"].decode()
    assert signed_in.sign_in_id not in told["value"].decode()


async def test_sign_out_needs_the_token_of_this_sign_in(visitor):
    await there_and_back(visitor)

    answer = await visitor.send("POST", "/sign-out", data={"csrf": "another's"})

    assert answer.status_code == 403
    assert visitor.signed_in is not None


async def test_signing_out_everywhere_ends_the_other_browsers_too(visitor, database, provider):
    await there_and_back(visitor)
    elsewhere = dict(visitor.cookies)

    await visitor.post("/account/sign-ins/end")

    visitor.cookies = elsewhere
    assert (await visitor.get("/account")).status_code == 303


async def test_account_shows_what_we_know(visitor):
    await there_and_back(visitor)

    page = await visitor.get("/account")
    data = (await visitor.get("/api/proposals/v1/account")).json()

    assert "priya.raman@students.university.example" in page.text
    assert "University account" in page.text
    assert data["display_name"] == "Priya Raman"
    assert [each["method"] for each in data["sign_ins"]] == ["oidc"]


def test_person_ref_is_the_same_each_time_and_split_nowhere_else():
    key = b"k" * 32

    assert person_ref("a", "bc", key=key) == person_ref("a", "bc", key=key)
    assert person_ref("a", "bc", key=key) != person_ref("ab", "c", key=key)
    assert person_ref("a", "bc ", key=key) != person_ref("a", "bc", key=key)
    assert person_ref("a", "BC", key=key) != person_ref("a", "bc", key=key)
    assert person_ref("a", "bc", key=b"o" * 32) != person_ref("a", "bc", key=key)
    assert person_ref("a", "bc", key=key).variant == "specified in RFC 4122"
