"""Applying, in a real browser: each page at two widths, for everyone, with a silent console.

`PICTURES=folder pytest tests/browser/test_applying.py` keeps a picture of each page.
"""

from collections.abc import AsyncIterator

import pytest

from chassis import clock
from chassis.database import Database
from deploy.local.ports import free_port
from services.applications.deadlines.rounds import close_rounds
from services.applications.main import SERVICE
from tests import doors
from tests.applications.files import a_pdf
from tests.applications.known import AFTER, CLOSES, STATEMENT, TERM, told
from tests.browser.walk import WIDTHS, as_person, judge, looking
from tests.databases import DatabaseOf
from tests.proposals.provider import listening

pytestmark = pytest.mark.browser


@pytest.fixture
async def database(database_of: DatabaseOf, database_url: str) -> Database:
    await doors.travel(database_url, TERM)
    return await database_of("applications")


@pytest.fixture
async def address(database: Database) -> AsyncIterator[str]:
    """The service on a port of its own."""
    opened = await doors.open_doors("applications", database)
    await opened.client.aclose()
    async with listening(opened.app, port=free_port()) as address:
        yield address


def a_person(who: str) -> doors.Person:
    """A student or an officer, whose browser is the page's own."""
    nobody = doors.Doors(SERVICE, None, None)
    return nobody.student(name="Priya Raman") if who == "student" else nobody.office()


@pytest.mark.parametrize("width", WIDTHS)
async def test_student_applies(chromium, address, database, width):
    vacancy_id = await told(database)
    async with looking(chromium, width=width) as page:
        await as_person(page, a_person("student"))
        await page.goto(f"{address}/applications")
        await judge(page, "home-empty")

        await page.goto(f"{address}/applications/new?vacancy={vacancy_id}")
        await judge(page, "apply-empty")
        await page.get_by_label("Your statement").fill(STATEMENT)
        await page.get_by_text("14 of 300 words").wait_for()
        await page.get_by_role("button", name="Check before you submit").click()
        await page.get_by_text("There is a problem").wait_for()
        assert (await page.title()).startswith("Error: ")
        await judge(page, "apply-slips")

        cv = {"name": "my cv.pdf", "mimeType": "application/pdf", "buffer": a_pdf(3)}
        await page.locator("#cv").set_input_files(cv)
        await page.get_by_label("I can take part on all days.").check()
        await page.get_by_role("button", name="Save draft").click()
        await page.wait_for_url("**/edit")
        await judge(page, "apply-draft")
        await page.get_by_role("button", name="Check before you submit").click()
        await page.wait_for_url("**/check")
        await judge(page, "apply-check")
        await page.get_by_role("button", name="Submit application").click()
        await page.get_by_text("OX-").first.wait_for()
        await judge(page, "receipt")
        await page.goto(f"{address}/applications")
        await judge(page, "home")
        await page.get_by_role("link", name="Catalogue two centuries").click()
        await page.get_by_role("link", name="Withdraw this application").click()
        await page.wait_for_url("**/withdraw")
        await judge(page, "withdraw")


@pytest.mark.parametrize("width", WIDTHS)
async def test_office_releases(chromium, address, database, database_url, width):
    vacancy_id = await told(database)
    await told(database, title="Map the readers")
    async with looking(chromium, width=width, scripts=False) as page:
        await as_person(page, a_person("student"))
        await page.goto(f"{address}/applications/new?vacancy={vacancy_id}")
        await page.get_by_label("Your statement").fill(STATEMENT)
        cv = {"name": "cv.pdf", "mimeType": "application/pdf", "buffer": a_pdf()}
        await page.locator("#cv").set_input_files(cv)
        await page.get_by_label("I can take part on all days.").check()
        await page.get_by_role("button", name="Check before you submit").click()
        await page.get_by_role("button", name="Submit application").click()

        await doors.travel(database_url, CLOSES)
        await page.goto(f"{address}/applications/new?vacancy={vacancy_id}")
        await doors.travel(database_url, AFTER)
        await close_rounds(database, now=clock.now)
        await as_person(page, a_person("officer"))
        await page.goto(f"{address}/office/applications")
        await judge(page, "office-cycle")
        await page.get_by_role("button", name="Send the applications to the host").click()
        await page.wait_for_url("**/releases")
        await judge(page, "office-releases")
        await page.get_by_label("For").select_option("all")
        await page.get_by_role("button", name="See what would happen").click()
        await page.wait_for_url("**/check")
        await judge(page, "office-release-check")
        await page.get_by_role("button", name="Release 2 rounds").click()
        await page.wait_for_url("**/releases")
        await judge(page, "office-released")


@pytest.mark.parametrize("width", WIDTHS)
async def test_late_student_reads_when_it_closed(chromium, address, database, database_url, width):
    vacancy_id = await told(database)
    await doors.travel(database_url, CLOSES)
    async with looking(chromium, width=width) as page:
        await as_person(page, a_person("student"))
        await page.goto(f"{address}/applications/new?vacancy={vacancy_id}")
        said = "Applications closed at 12 noon on Monday 12 February 2024"
        assert await page.get_by_text(said).is_visible()
        await judge(page, "apply-closed")
