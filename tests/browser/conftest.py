"""A real Chromium for the browser tests: `CHROMIUM`, or the one on the path.

Without one they are skipped with a reason; with `CI=true` that is a failure.
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright
from playwright.sync_api import Browser as PlainBrowser
from playwright.sync_api import sync_playwright


def find_chromium() -> str | None:
    """Where Chromium is, if anywhere."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How the browser is started: headless, and outside the sandbox only where root must."""
    chromium = find_chromium()
    if chromium is None:
        no_browser = "no Chromium: set CHROMIUM, or install it"
        if os.environ.get("CI") == "true":
            pytest.fail(no_browser)
        pytest.skip(no_browser)
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return {"executable_path": chromium, "args": [*root, "--disable-dev-shm-usage"]}


@pytest.fixture(scope="module")
def browser(browser_type_launch_args: dict[str, Any]) -> Iterator[PlainBrowser]:
    """The browser of tests without a loop of their own.

    For one file, not for the whole run as the plugin has it: while its loop lives, no asynchronous
    test of the same process can start one.
    """
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**browser_type_launch_args)
        yield started
        started.close()


@pytest.fixture
async def chromium(browser_type_launch_args: dict[str, Any]) -> AsyncIterator[Browser]:
    """The browser of one test that walks through pages."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**browser_type_launch_args)
        yield browser
        await browser.close()
