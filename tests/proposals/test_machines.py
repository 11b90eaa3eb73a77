"""Machines at the API: a bearer token that is not exactly right is 401 with a challenge (rows 37, 38)."""

import time
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest

from schemas.programme import PROGRAMMES
from tests import doors
from tests.databases import DatabaseOf
from tests.proposals.provider import CLIENT_ID, KEYS, Provider, running


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running(Provider(doors.OWN_SETTINGS["oidc_client_secret"])) as provider:
        yield provider


@pytest.fixture
async def client(database_of: DatabaseOf, provider: Provider) -> AsyncIterator[httpx2.AsyncClient]:
    database = await database_of("proposals")
    doors_of_all = await doors.open_doors("proposals", database, issuer=provider.issuer)
    async with doors_of_all.client as client:
        yield client


async def act(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    """An act of the office, on an organisation that does not exist."""
    headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
    return await client.post(f"/api/proposals/v1/hosts/{uuid4()}/approve", headers=headers)


async def test_machine_comes_in_by_client_credentials(client, provider):
    async with httpx2.AsyncClient() as machine:
        given = await machine.post(
            f"{provider.issuer}/token",
            data={"grant_type": "client_credentials"},
            auth=(CLIENT_ID, provider.client_secret),
        )

    answer = await act(client, given.json()["access_token"])

    assert answer.status_code == 404  # it came in, and found no such organisation


async def test_machine_needs_the_scope_of_what_it_does(client, provider):
    assert (await act(client, provider.bearer(scope="openid"))).status_code == 403
    assert (await act(client, provider.bearer(scope=None))).status_code == 403


async def test_two_machines_with_the_same_scopes_have_keys_of_their_own(client, provider):
    programme = (PROGRAMMES / "oxford-students.toml").read_text()

    async def load(machine: str) -> dict[str, object]:
        token = provider.bearer(client_id=machine)
        answer = await client.post(
            "/api/proposals/v1/programmes",
            json={"file": programme},
            headers={"authorization": f"Bearer {token}", "idempotency-key": "the-same"},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    first, second, again = await load("one"), await load("two"), await load("one")

    assert first["is_new_version"] is True
    assert second["is_new_version"] is False  # run for itself, and found nothing new
    assert again == first


async def test_token_that_is_not_exactly_right_opens_nothing(client, provider):
    """bad_input[37] and bad_input[38] among them"""
    now = int(time.time())
    tokens = {
        "expired": provider.bearer(exp=now - 120),
        "another audience": provider.bearer(aud="elsewhere"),
        "no audience": provider.bearer(aud=None),
        "another issuer": provider.bearer(iss="https://elsewhere.example"),
        "no expiry": provider.bearer(exp=None),
        "no subject": provider.bearer(sub=None),
        "no token": "",
        "no JWT": "opaque",
    }
    for name, bend in (
        ("alg none", {"header": {"alg": "none"}}),
        ("alg HS256", {"header": {"alg": "HS256"}}),
        ("unknown kid", {"header": {"kid": "nobody-knows"}}),
        ("key not published", {"key": KEYS[1]}),
        ("jku", {"header": {"jku": "https://elsewhere.example/keys"}}),
    ):
        provider.bend = bend
        tokens[name] = provider.bearer()
    provider.bend = {}

    for name, token in tokens.items():
        answer = await act(client, token)
        assert (name, answer.status_code) == (name, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_no_machine_comes_in_where_no_issuer_is_named(database_of, provider):
    doors_of_all = await doors.open_doors("proposals", await database_of("proposals"))
    async with doors_of_all.client as client:
        answer = await act(client, provider.bearer())

    assert answer.status_code == 401
