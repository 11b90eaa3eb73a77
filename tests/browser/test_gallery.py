"""Every template of the chassis in a real browser: wide, narrow, with scripts and without.

`PICTURES=folder pytest tests/browser/test_gallery.py` keeps a picture of each.
"""

import json
import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from chassis.pages import STATIC
from tests.browser.walk import AXE
from tests.chassis import gallery

pytestmark = pytest.mark.browser

PAGES = gallery.pages()
LOOKED_AT = ("form", "slips", "house", "refused", "typed", "error-404", "error-503")
POLICY = "default-src 'self'; script-src 'self' 'nonce-n0nce'; object-src 'none'; base-uri 'none'"
WIDTHS = (1180, 390, 320)
GOLDEN = Path(gallery.__file__).parent


class Gallery(SimpleHTTPRequestHandler):
    """Serves the pages and the static files, under the policy of the house."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self) -> None:
        name = self.path.strip("/").partition("?")[0]
        if name not in PAGES:
            self.path = self.path.removeprefix("/static")
            return super().do_GET()
        body = PAGES[name].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Say nothing: a failing test says what was wrong."""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Gallery, directory=str(STATIC)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def scripts(request) -> bool:
    return request.param


@pytest.fixture(params=WIDTHS)
def view(request, browser: Browser, scripts: bool) -> Iterator[Page]:
    """A page of one width, which must stay silent in the console."""
    context = browser.new_context(
        viewport={"width": request.param, "height": 900}, java_script_enabled=scripts
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_fits_its_width(view, address, scripts, name):
    view.goto(f"{address}/{name}", wait_until="networkidle")
    width = view.viewport_size["width"]
    _keep_picture(view, f"{name}-{width}{'' if scripts else '-plain'}")

    # Read from the layout, which needs no script of the page's own.
    session = view.context.new_cdp_session(view)
    size = session.send("Page.getLayoutMetrics")["cssContentSize"]

    assert size["width"] <= width


@pytest.mark.parametrize("width", [1180, 390])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_can_be_used_by_everyone(browser, address, name, width):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    page.goto(f"{address}/{name}", wait_until="networkidle")

    found = Axe().run(page, options=AXE).response["violations"]
    context.close()

    assert [
        (each["id"], [node["html"][:160] + str(node["any"][:1])[:300] for node in each["nodes"]])
        for each in found
    ] == []


def test_focus_goes_to_the_summary_and_from_there_to_the_field(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/slips", wait_until="networkidle")

    assert page.evaluate("document.activeElement.className") == "govuk-error-summary"

    page.get_by_role("link", name="There is no such day").click()
    assert page.evaluate("document.activeElement.id") == "first_day-day"
    page.close()


def test_the_keyboard_reaches_the_matter_first(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/form", wait_until="networkidle")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"

    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"
    page.close()


def test_words_are_counted_while_someone_types(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/form", wait_until="networkidle")

    page.fill("#statement", "one – two\u200bthree four")

    page.get_by_text("3 of 300 words").wait_for()
    page.close()


def test_page_and_server_count_words_and_time_alike(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/form", wait_until="networkidle")
    words = json.loads((GOLDEN / "words.json").read_text())
    left = json.loads((GOLDEN / "left.json").read_text())

    counted = page.evaluate(
        "async (texts) => texts.map((await import('/static/page.js')).countWords)",
        [case["text"] for case in words],
    )
    said = page.evaluate(
        "async (spans) => spans.map((await import('/static/page.js')).sayLeft)",
        [case["milliseconds"] for case in left],
    )
    page.close()

    assert counted == [case["words"] for case in words]
    assert said == [case["left"] for case in left]


def test_time_left_is_renewed_from_the_servers_count(browser, address):
    page = browser.new_page()
    page.clock.install(time=0)  # a reader's clock may be wrong by decades
    page.goto(f"{address}/slips", wait_until="networkidle")
    assert page.locator("[data-milliseconds]").first.text_content() == "47 minutes left"

    page.clock.run_for(125_000)
    assert page.locator("[data-milliseconds]").first.text_content() == "45 minutes left"

    page.clock.run_for(60 * 60_000)
    assert "the time is over" in page.locator("[data-milliseconds]").first.text_content()
    page.close()


def _keep_picture(page: Page, name: str) -> None:
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
