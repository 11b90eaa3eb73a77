"""Choosing, offers and placements in a real browser: each page at two widths, with a silent console.

`PICTURES=folder pytest tests/browser/test_choosing.py` keeps a picture of each page.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from deploy.local.ports import free_port
from tests import doors
from tests.applications.choosing import MONDAY_NOON
from tests.applications.way import Way, a_way
from tests.browser.walk import WIDTHS, as_person, look, looking
from tests.proposals.provider import listening

pytestmark = pytest.mark.browser


@pytest.fixture
async def way(doors_of, database_url) -> Way:
    return await a_way(doors_of, database_url)


@pytest.fixture
async def address(way: Way) -> AsyncIterator[str]:
    """The service on a port of its own."""
    async with listening(way.doors.app, port=free_port()) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS)
async def test_host_chooses_without_scripts(chromium, address, way, width):
    ids = way.given.applications
    async with looking(chromium, width=width, scripts=False) as page:
        await as_person(page, way.host)
        await page.goto(f"{address}/selections")
        await look(page, "selections")
        await page.get_by_role("button", name="Choose: Catalogue").click()
        await look(page, "selection-empty")
        await page.get_by_role("link", name="Ada").click()
        await look(page, "selection-application")
        await page.get_by_role("link", name="Back to the applications").click()
        await page.locator(f"#rank-{ids['ada']}").fill("1")
        await page.locator(f"#rank-{ids['ben']}").fill("1")
        await page.get_by_role("button", name="Check your choice").click()
        assert (await page.title()).startswith("Error: ")
        await look(page, "selection-slips")
        await page.locator(f"#rank-{ids['ben']}").fill("2")
        await page.locator(f"#reason-{ids['cleo']}").select_option("closer_fit")
        await page.get_by_role("button", name="Check your choice").click()
        await look(page, "selection-check")
        await page.get_by_role("button", name="Confirm this choice").click()
        assert await page.get_by_text("Your choice is confirmed.").is_visible()
        await look(page, "selection-ranked")


@pytest.mark.parametrize("width", WIDTHS)
async def test_office_tells_and_a_student_answers(chromium, address, way, width):
    await way.ranks("ada", "ben", refused=["cleo"])
    await doors.travel(way.admin, MONDAY_NOON)
    async with looking(chromium, width=width) as page:
        await as_person(page, way.office)
        await page.goto(f"{address}/office/applications/selections")
        await look(page, "office-selections")
        await page.get_by_label("For").select_option("all")
        await page.get_by_role("button", name="See what would happen").click()
        await look(page, "office-dry-run")
        await page.get_by_role("link", name="Show all 3").click()
        await look(page, "office-dry-run-all")
        await page.get_by_role("button", name="Make 1 offer").click()
        await look(page, "office-told")
        await way.loop()
        await page.goto(f"{address}/office/applications/offers")
        await look(page, "office-offers")
        await page.get_by_role("link", name="Ada").click()
        await look(page, "office-offer")
        await page.get_by_role("button", name="Let it stand longer").click()
        await look(page, "office-extend")

    offer = await way.offer_of("ada")
    await doors.travel(way.admin, MONDAY_NOON + timedelta(hours=22))
    async with looking(chromium, width=width) as page:
        await as_person(page, way.student("ada"))
        await page.goto(f"{address}/offers/{offer['offer_id']}")
        await look(page, "offer")
        await page.get_by_role("button", name="Decline").click()
        await look(page, "offer-decline")
        await page.get_by_role("link", name="Go back, nothing is changed").click()
        await page.get_by_role("button", name="Accept this place").click()
        await page.get_by_role("button", name="Accept this place").click()
        await look(page, "offer-accept-slip")
        await page.get_by_label("I agree to this").check()
        await page.get_by_role("button", name="Accept this place").click()
        await look(page, "offer-accepted")
        await page.get_by_role("link", name="See your placement").click()
        await look(page, "placement")
        await page.get_by_role("link", name="Cancel this placement").click()
        await look(page, "placement-cancel")
        await page.goto(f"{address}/placements")
        await look(page, "placements")
        await page.goto(f"{address}/applications")
        await look(page, "home-after-accepting")

    async with looking(chromium, width=width) as page:
        await as_person(page, way.office)
        await page.goto(f"{address}/office/applications/placements")
        await look(page, "office-placements")
        await page.get_by_role("link", name="Ada").click()
        await look(page, "office-placement")
