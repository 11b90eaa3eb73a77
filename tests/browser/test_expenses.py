"""A claim in a real browser: each page at two widths, with a silent console, without scripts for the intern.

`PICTURES=folder pytest tests/browser/test_expenses.py` keeps a picture of each page.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from deploy.local.ports import free_port
from tests.browser.walk import WIDTHS, as_person, look, looking
from tests.expenses.claiming import API, Museum, a_museum, a_png
from tests.proposals.provider import listening

pytestmark = pytest.mark.browser


@pytest.fixture
async def museum(doors_of, database_url) -> Museum:
    return await a_museum(await doors_of("expenses"), database_url, mon="remote")


@pytest.fixture
async def address(museum: Museum) -> AsyncIterator[str]:
    """The service on a port of its own."""
    async with listening(museum.doors.app, port=free_port()) as address:
        yield address


async def write(page: Page, day: str, kind: str, amount: str, *, receipt: bool = True) -> None:
    """Fill in one line."""
    await page.get_by_label("Which day was it for?").select_option(day)
    await page.get_by_label(kind, exact=True).check()
    await page.get_by_label("How much was it?").fill(amount)
    if receipt:
        file: Any = {"name": "a.png", "mimeType": "image/png", "buffer": a_png()}
        await page.get_by_label("Receipt").set_input_files(file)


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_claim_without_scripts(chromium, address, museum, width):
    async with looking(chromium, width=width, scripts=False) as page:
        await as_person(page, museum.intern)
        await page.goto(f"{address}/expenses")
        await look(page, "expenses-none-yet")
        await page.get_by_role("button", name="Begin a claim").click()
        await look(page, "claim-line")
        await write(page, "2024-03-11", "Lunch", "6.20", receipt=False)
        await page.get_by_role("button", name="See what the rules say").click()
        await look(page, "claim-line-verdict")
        await page.get_by_label("How much was it?").fill("6,20")
        await page.get_by_role("button", name="Save this line").click()
        assert (await page.title()).startswith("Error: ")
        await look(page, "claim-line-slip")
        await write(page, "2024-03-11", "Lunch", "6.20")
        await page.get_by_role("button", name="Save this line").click()
        await page.get_by_role("button", name="Add a receipt").click()
        await write(page, "2024-03-13", "Local travel", "5.60")
        await page.get_by_role("button", name="Save this line").click()
        await look(page, "claim-draft")
        await page.get_by_role("link", name="change").first.click()
        await look(page, "claim-line-change")
        await page.get_by_role("link", name="Go back, nothing is saved").click()
        await page.get_by_role("link", name="Take this claim back").click()
        await look(page, "claim-withdraw")
        await page.get_by_role("link", name="Go back, nothing is changed").click()
        await page.get_by_role("button", name="Send claim").click()
        await look(page, "claim-submitted")

    async with looking(chromium, width=width, scripts=False) as page:
        await as_person(page, museum.host)
        await page.goto(f"{address}/expenses")
        await look(page, "claims-host")
        await page.get_by_role("button", name="Decide the oldest").click()
        await look(page, "claim-decide")
        await page.get_by_label("You repay").fill("5.00")
        await page.get_by_role("button", name="Check your decision").click()
        assert (await page.title()).startswith("Error: ")
        await look(page, "claim-decide-slip")
        await page.get_by_label("Reason, if").fill("The rest was for a friend")
        await page.get_by_role("button", name="Check your decision").click()
        await look(page, "claim-decide-check")
        await page.get_by_role("button", name="Agree to repay £5.00").click()
        await look(page, "claim-approved-host")
        await page.get_by_role("button", name="Report the payment").click()
        await look(page, "claim-report")
        for part, value in (("Day", "18"), ("Month", "3"), ("Year", "2024")):
            await page.get_by_label(part, exact=True).fill(value)
        await page.get_by_role("button", name="Report the payment").click()

    async with looking(chromium, width=width, scripts=False) as page:
        await as_person(page, museum.intern)
        await page.goto(f"{address}/expenses")
        await page.locator(".app-result a").click()
        await look(page, "claim-reported")
        await page.get_by_role("button", name="Yes, £5.00 has arrived").click()
        assert await page.get_by_text("£5.00 has arrived. The claim is closed.").first.is_visible()
        await look(page, "claim-confirmed")


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_dispute_and_what_the_office_sees(chromium, address, museum, width):
    claim_id = await museum.sent_claim({"date": "2024-03-12"})
    path = f"{API}/claims/{claim_id}"
    async with looking(chromium, width=width) as page:
        await as_person(page, museum.host)
        for act in ("return", "reject"):
            await page.goto(f"{address}/expenses/{claim_id}/{act}")
            await look(page, f"claim-{act}")
    await museum.host.post(f"{path}/decide", {})
    await museum.host.post(f"{path}/report-reimbursement", {"paid": "7", "paid_on": "2024-03-18"})

    async with looking(chromium, width=width) as page:
        await as_person(page, museum.intern)
        await page.goto(f"{address}/expenses/{claim_id}")
        await page.get_by_role("link", name="No, something is wrong").click()
        await page.get_by_role("button", name="Tell the office").click()
        await look(page, "claim-dispute-slip")
        await page.get_by_label("The amount is not right").check()
        await page.get_by_role("button", name="Tell the office").click()
        await look(page, "claim-disputed")

    async with looking(chromium, width=width) as page:
        await as_person(page, museum.office)
        await page.goto(f"{address}/office/expenses")
        await look(page, "office-expenses")
        await page.get_by_role("button", name="Decide the dispute").click()
        await look(page, "office-settle")
        await page.get_by_label("The money has arrived").check()
        await page.get_by_label("Reason, for the record").fill("Both sides agree")
        await page.get_by_role("button", name="Record and tell both sides").click()
        await look(page, "claim-settled")
