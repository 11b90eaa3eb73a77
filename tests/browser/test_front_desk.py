"""Signing in, in a real browser: by the university and by mail, with and without scripts, for everyone.

`PICTURES=folder pytest tests/browser/test_front_desk.py` keeps a picture of each page.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from chassis import clock
from chassis.database import Database
from deploy.local.ports import free_port
from services.proposals.commands import accounts as commands
from services.proposals.contacts import Contacts
from tests import doors
from tests.browser.test_gallery import AXE
from tests.databases import DatabaseOf
from tests.proposals import desk
from tests.proposals.provider import Provider, listening, running
from tests.proposals.test_signing_in_by_mail import ROSA, letters

pytestmark = pytest.mark.browser


@pytest.fixture
async def chromium(browser_type_launch_args: dict[str, Any]) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**browser_type_launch_args)
        yield browser
        await browser.close()


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


@asynccontextmanager
async def looking(
    chromium: Browser, *, width: int = 1180, scripts: bool = True
) -> AsyncIterator[Page]:
    """One visitor with one browser, whose console must stay silent."""
    context = await chromium.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=scripts
    )
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    await context.close()
    assert [line for line in said if "status of 4" not in line] == []  # an answer of 410 is meant


async def judge(page: Page, name: str) -> None:
    """It fits its width, and everyone can use it."""
    width = page.viewport_size["width"]
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    # axe is put in by the test, which our own policy rightly forbids: it runs in a copy of the page.
    context = await page.context.browser.new_context(
        viewport=page.viewport_size, bypass_csp=True, reduced_motion="reduce"
    )
    copy = await context.new_page()
    await copy.route(page.url, lambda route: route.fulfill(body=html, content_type="text/html"))
    html = await page.content()
    await copy.goto(page.url)
    found = (await Axe().run(copy, options=AXE)).response
    await context.close()
    assert found["passes"]
    broken = found["violations"]
    assert [(name, each["id"], each["nodes"][0]["html"][:200]) for each in broken] == []


@pytest.mark.parametrize("width", [1180, 390])
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
