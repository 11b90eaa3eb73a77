"""Signing in, in a real browser: by the university and by mail, with and without scripts, for everyone.

`PICTURES=folder pytest tests/browser/test_front_desk.py` keeps a picture of each page.
"""

from collections.abc import AsyncIterator

import pytest

from chassis import clock
from chassis.database import Database
from deploy.local.ports import free_port
from services.proposals.commands import accounts as commands
from services.proposals.contacts import Contacts
from tests import doors
from tests.browser.walk import WIDTHS, judge, looking
from tests.databases import DatabaseOf
from tests.proposals import desk
from tests.proposals.provider import Provider, listening, running
from tests.proposals.test_signing_in_by_mail import ROSA, letters

pytestmark = pytest.mark.browser


@pytest.fixture
async def database(database_of: DatabaseOf) -> Database:
    database = await database_of("proposals")
    async with database.transaction() as tx:
        await commands.open_account(
            tx,
            university="oxford",
            display_name="Rosa Thistlewood",
            mail_address=ROSA,
            contacts=Contacts(doors.OWN_SETTINGS["contacts_public_key"]),
            now=clock.now,
        )
    return database


@pytest.fixture
async def address(database: Database) -> AsyncIterator[str]:
    """The front desk on a port of its own, beside a provider that checks everything."""
    provider, port = Provider(doors.OWN_SETTINGS["oidc_client_secret"]), free_port()
    async with running(provider):
        app = desk.app_of(
            database, oidc_issuer=provider.issuer, public_url=f"http://localhost:{port}"
        )
        async with listening(app, port=port) as address:
            yield address


@pytest.mark.parametrize("width", WIDTHS)
async def test_host_comes_in_by_mail(chromium, address, database, width):
    async with looking(chromium, width=width) as page, looking(chromium, width=width) as telephone:
        await page.goto(f"{address}/sign-in")
        await judge(page, "sign-in")
        await page.get_by_label("Your e-mail address").fill("rosa@wren-press")
        await page.get_by_role("button", name="Send me a link").click()
        assert (await page.title()).startswith("Error: ")
        await judge(page, "sign-in-slip")

        await page.get_by_label("Your e-mail address").fill(ROSA)
        await page.get_by_role("button", name="Send me a link").click()
        await page.wait_for_url("**/sign-in/sent")
        await judge(page, "link-sent")
        link = (await letters(database))[0]["link"]

        await telephone.goto(link)
        await judge(telephone, "link-elsewhere")
        code = await telephone.locator(".app-code").inner_text()

        await page.get_by_label("Code", exact=True).fill("1234 5678")
        await page.get_by_role("button", name="Go on").click()
        await judge(page, "code-wrong")
        await page.goto(link)
        await judge(page, "link-here")
        await page.goto(f"{address}/sign-in/sent")
        await page.get_by_label("Code", exact=True).fill(code)
        await page.get_by_role("button", name="Go on").click()
        await page.goto(f"{address}/account")
        assert "Rosa Thistlewood" in await page.locator("main").inner_text()
        await judge(page, "account")

        await telephone.goto(link)
        await judge(telephone, "link-spent")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_student_comes_in_by_the_university_and_goes_out(chromium, address, scripts):
    async with looking(chromium, scripts=scripts) as page:
        await page.goto(f"{address}/sign-in?next=%2Faccount")
        await page.get_by_role("button", name="Sign in with your university account").click()
        await page.wait_for_url("**/account")
        assert "Priya Raman" in await page.locator("main").inner_text()

        await page.get_by_role("button", name="Sign out", exact=True).click()
        await page.goto(f"{address}/account")

        assert page.url == f"{address}/sign-in?next=%2Faccount"
