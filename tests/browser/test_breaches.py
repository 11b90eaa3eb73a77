"""The office's page of what must never be, looked at wide and narrow, without scripts.

`PICTURES=folder pytest tests/browser/test_breaches.py` keeps a picture of each page.
"""

import pytest

from chassis.checking import look_once
from deploy.local.ports import free_port
from services.applications.main import SERVICE
from tests.browser.walk import WIDTHS, as_person, look, looking
from tests.impossible.applications import accepted, made, placement, word
from tests.impossible.planting import ago, plant
from tests.proposals.provider import listening

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", WIDTHS)
async def test_office_reads_what_is_to_be_repaired(chromium, doors_of, database_url, width):
    doors = await doors_of("applications")
    async with (
        listening(doors.app, port=free_port()) as address,
        looking(chromium, width=width, scripts=False) as page,
    ):
        await as_person(page, doors.office())
        await page.goto(f"{address}/office/applications")
        await page.get_by_role("link", name="Impossible states").click()
        await look(page, "breaches-none")
        await plant(
            database_url,
            "applications",
            [
                word(),
                made("forgotten", respond_by_at=ago(minutes=6)),
                accepted("taken"),
                placement("hasty"),
            ],
        )
        await look_once(SERVICE, doors.database)
        await page.reload()
        assert await page.get_by_text("See due: start the relay", exact=False).count() == 1
        await look(page, "breaches")
        others = page.get_by_role("navigation", name="Impossible states").get_by_role("link")
        assert await others.all_text_contents() == ["Proposals", "Applications", "Mail", "Expenses"]
