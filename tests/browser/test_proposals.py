"""Every page of the proposals service in a real browser: axe, width, console, without scripts.

`PICTURES=folder pytest tests/browser/test_proposals.py` keeps a picture of each.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.proposals_stage import Stage, stage
from tests.browser.walk import AXE, WIDTHS

pytestmark = pytest.mark.browser

PUBLIC = {
    "start": "/",
    "search": "/vacancies",
    "search-table": "/vacancies?view=table",
    "search-filtered": "/vacancies?mode=in_person&mode=hybrid",
    "search-empty": "/vacancies?mode=hybrid&words=nothing",
    "advert": "/vacancies/{vacancy}",
    "programmes": "/programmes",
    "rules": "/programmes/students/rules/1",
    "hosts": "/hosts",
    "register": "/hosts/register",
    "registered": "/hosts/registered",
    "privacy": "/privacy",
    "accessibility": "/accessibility",
    "problem": "/problems/bad-cursor",
}
HOST = {
    "home": "/proposals",
    "new": "/proposals/new",
    "follow": "/proposals/{returned}",
    "withdraw": "/proposals/{returned}/withdraw",
    "mine": "/hosts/mine",
    **{
        f"step-{step}": "/proposals/{returned}/" + step
        for step in ("project", "tasks", "supervision", "when", "who", "check")
    },
}
OFFICE = {
    "queue": "/office/proposals",
    "screening": "/office/proposals/{to_screen}/screening",
    "office-hosts": "/office/proposals/hosts",
    "office-host": "/office/proposals/hosts/{host}",
    "office-cycles": "/office/proposals/cycles",
    "office-programmes": "/office/proposals/programmes",
    "office-vacancies": "/office/proposals/vacancies",
    "office-vacancy": "/office/proposals/vacancies/{vacancy}",
}
PAGES = [
    (audience, name)
    for audience, pages in (("public", PUBLIC), ("host", HOST), ("office", OFFICE))
    for name in pages
]


@pytest.fixture(scope="module")
def served() -> Iterator[Stage]:
    """One service for all these tests: they only look."""
    with stage() as made:
        yield made


def _open(browser: Browser, served: Stage, audience: str, name: str, **how: Any) -> Any:
    context = browser.new_context(**how)
    person = {"host": served.oxford.host, "office": served.oxford.office}.get(audience)
    if person:
        context.add_cookies([served.cookie(person)])
    path = {"public": PUBLIC, "host": HOST, "office": OFFICE}[audience][name]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    answer = page.goto(served.address + path.format(**served.ids))
    assert answer is not None
    assert answer.status == 200, (path, answer.status)
    return page, said


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("audience", "name"), PAGES)
def test_page_is_accessible_and_fits(
    browser: Browser, served: Stage, audience: str, name: str, width: int
):
    page, said = _open(browser, served, audience, name, viewport={"width": width, "height": 900})
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{audience}-{name}-{width}.png", full_page=True)

    results = Axe().run(page, options=AXE)

    assert results.violations_count == 0, results.generate_report()
    too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0
    assert said == []
    page.context.close()


def test_search_works_without_scripts(browser: Browser, served: Stage):
    page, _ = _open(browser, served, "public", "search", java_script_enabled=False)

    page.get_by_label("Remote (1)").check()
    page.get_by_role("button", name="Show vacancies").click()

    assert page.get_by_role("heading", level=2, name="1 vacancy").is_visible()
    page.context.close()
