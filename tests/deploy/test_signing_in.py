"""Signing in to the local stack: against the development identity provider itself, and a real mailbox."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import httpx2
import pytest

from chassis import clock, identity
from chassis.database import Database
from deploy.local import mail
from deploy.local.identity import issuer, people
from deploy.local.ports import free_port, is_open
from deploy.local.signing_in import NotSignedIn, sign_in, sign_in_by_mail
from services.proposals.commands import accounts as commands
from services.proposals.contacts import Contacts
from tests import doors
from tests.databases import DatabaseOf
from tests.proposals import desk
from tests.proposals.provider import listening
from tests.proposals.test_signing_in_by_mail import letters

ROSA = "rosa@wren-press.example"
STUDENT = next(person for person in people() if person["sub"] == "amara.okafor")


@pytest.fixture
async def provider() -> AsyncIterator[str]:
    """The development identity provider, as the stack starts it."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.local.identity", str(port), env=dict(os.environ)
    )
    async with asyncio.timeout(30):
        while not is_open(port):  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.05)
    yield issuer(port)
    process.terminate()
    await process.wait()


@pytest.fixture
async def database(database_of: DatabaseOf) -> Database:
    return await database_of("proposals")


def whose(cookie: str) -> identity.SignIn:
    return identity.open_cookie(cookie, keys=doors.KEYS, now=clock.real_now()).sign_in


async def test_anyone_of_the_people_signs_in_through_real_redirects(provider, database):
    port = free_port()
    app = desk.app_of(database, oidc_issuer=provider, public_url=f"http://localhost:{port}")
    async with listening(app, port=port) as front_door:
        student = whose(await sign_in(front_door, "amara.okafor"))
        officer = whose(await sign_in(front_door, "helen.marsh"))
        with pytest.raises(NotSignedIn, match="403"):
            await sign_in(front_door, "somebody.else")

    assert student.name == STUDENT["name"]
    assert student.roles == ("applicant",)
    assert student.facts == {
        "affiliation": "student",
        "level": STUDENT["level"],
        "course": STUDENT["course"],
        "is_matriculated": True,
    }
    assert officer.roles == ("officer",)


async def test_host_signs_in_by_the_mail_that_comes(database, tmp_path):
    async with database.transaction() as tx:
        await commands.open_account(
            tx,
            university="oxford",
            display_name="Rosa Thistlewood",
            mail_address=ROSA,
            contacts=Contacts(doors.OWN_SETTINGS["contacts_public_key"]),
            now=clock.now,
        )
    mailbox = mail.Mailbox(tmp_path)
    port = free_port()
    app = desk.app_of(database, public_url=f"http://localhost:{port}")
    async with (
        listening(app, port=port) as front_door,
        listening(mail.pages(mailbox)) as catcher,
    ):
        posting = asyncio.create_task(post(database, mailbox))
        cookie = await sign_in_by_mail(front_door, catcher, ROSA)
        await posting

    assert whose(cookie).name == "Rosa Thistlewood"
    assert whose(cookie).method == "mail"


async def post(database: Database, mailbox: mail.Mailbox) -> None:
    """Hand the letter over as notifications does: opened, and put into words."""
    async with asyncio.timeout(10):
        while not (sealed := await letters(database)):  # noqa: ASYNC110 (a row of Postgres)
            await asyncio.sleep(0.05)
    letter = sealed[0]
    content = f"To: {letter['address']}\r\nSubject: Sign in\r\n\r\nFollow {letter['link']}\r\n"
    mailbox.add("office@university.example", [letter["address"]], content.encode())


async def test_no_mail_is_said(database, tmp_path):
    port = free_port()
    app = desk.app_of(database, public_url=f"http://localhost:{port}")
    async with (
        listening(app, port=port) as front_door,
        listening(mail.pages(mail.Mailbox(tmp_path))) as catcher,
    ):
        with pytest.raises(NotSignedIn, match="no mail"):
            await sign_in_by_mail(front_door, catcher, "nobody@wren-press.example", patience=0.3)


async def test_front_door_that_is_not_there_raises():
    with pytest.raises(httpx2.ConnectError):
        await sign_in(f"http://localhost:{free_port()}", "amara.okafor")
