"""Walking through the pages in a real browser: who looks, how wide, and what every page must keep."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from chassis import clock, identity
from tests import doors

WIDTHS = (1180, 390)

AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}


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


async def as_person(page: Page, person: doors.Person) -> None:
    """Sign this browser in."""
    value = identity.mint(
        person.sign_in, signing_key=doors.SIGNING_KEY, keys=doors.KEYS, now=clock.real_now()
    )
    cookie = {"name": identity.COOKIE, "value": value, "secure": True, "httpOnly": True}
    await page.context.add_cookies([{**cookie, "domain": "localhost", "path": "/"}])


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


async def look(page: Page, name: str) -> None:
    """Once it is whole: a click returns as soon as the next page has begun to come."""
    await page.wait_for_load_state("networkidle")
    await judge(page, name)
