"""Takes the pictures of this folder: plays the demo on a stack that is up and empty, and looks on the way.

    make down; make up
    .venv/bin/python -m docs.pictures.take

By hand, after a page has changed: most of what is shown is over when the demo has ended, so it cannot be
seen on a stack that has played it already. `LOCAL_…` says which stack, as for `make up`; `CHROMIUM`
names the browser. Names and numbers are those of the demo, so two runs differ where a page does.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from chassis.identity import COOKIE
from deploy.chromium import find
from deploy.demo import cv
from deploy.demo.clock import Clock
from deploy.demo.patience import open_client
from deploy.demo.people import House, Person
from deploy.demo.story import MIDDAY, Story
from deploy.local import status
from deploy.local.settings import LocalSettings

HERE = Path(__file__).parent
SEEN_AT, WIDTH, HIGHEST = 1180, 900, 1400
COLOURS, LARGE = 56, 8
UNSENT = 50  # a student whom the story leaves a second application
STATEMENT = """I have read parish registers for two summers, and I like finding the one line that says \
what the weather did.

Your advert asks for somebody who brings three hundred diaries into one catalogue. I kept the catalogue \
of our college's photographs, and wrote the page that says how to use it."""
Look = Callable[[], Awaitable[None]]


class Eyes:
    """Sees each page as one person does, and keeps a small picture of it."""

    def __init__(self, browser: Browser, front_door: str) -> None:
        self._browser = browser
        self._front_door = front_door

    async def opens(self, path: str, person: Person | None = None) -> Page:
        """A page in a browser of its own, signed in as somebody or as nobody."""
        context = await self._browser.new_context(
            viewport={"width": SEEN_AT, "height": 800}, reduced_motion="reduce"
        )
        if person:
            value = person.caller.cookie.partition("=")[2]
            cookie: Any = {"name": COOKIE, "value": value, "domain": "localhost", "path": "/"}
            await context.add_cookies([cookie | {"secure": True, "httpOnly": True}])
        page = await context.new_page()
        answer = await page.goto(f"{self._front_door}{path}", wait_until="networkidle")
        if answer and not answer.ok:
            raise SystemExit(f"{path} answered {answer.status}")
        return page

    async def keeps(self, page: Page, name: str) -> None:
        """One picture; the browser is closed after it."""
        await page.wait_for_load_state("networkidle")
        shown = Image.open(BytesIO(await page.screenshot(full_page=True))).convert("RGB")
        height = round(shown.height * WIDTH / shown.width)
        small = shown.resize((WIDTH, height), Image.Resampling.LANCZOS)
        cut = small.crop((0, 0, WIDTH, min(height, HIGHEST)))
        _with_few_colours(cut).save(HERE / f"{name}.png", optimize=True)
        print(f"{name}: {(HERE / f'{name}.png').stat().st_size / 1024:.0f} KB", flush=True)
        await page.context.close()

    async def sees(self, path: str, name: str, person: Person | None = None) -> None:
        """Open and keep."""
        await self.keeps(await self.opens(path, person), name)


class Album:
    """What is looked at, and after which chapter of the story or before which act."""

    def __init__(self, story: Story, eyes: Eyes) -> None:
        self._story = story
        self._eyes = eyes
        _first_look(story.hosts[0], "ranks", self.selection)
        _first_look(story.officer, "tells_outcomes", self.dry_run)
        _first_look(story.students[0], "confirms", self.claim)

    async def fills(self) -> None:
        """The whole story, with a look after some of its chapters."""
        looks: dict[str, tuple[Look, ...]] = {
            "proposing": (self.screening,),
            "opening": (self.search, self.advert, self.application),
            "midday": (self.cycle,),
            "telling": (self.applicant_home, self.mail),
        }
        for name, chapter in self._story.chapters:
            await chapter()
            for look in looks.get(name, ()):
                await look()

    async def screening(self) -> None:
        """A proposal before the office has said anything."""
        path = f"/office/proposals/{self._story.proposals[0]}/screening"
        await self._eyes.sees(path, "screening", self._story.officer)

    async def search(self) -> None:
        """What a visitor finds."""
        await self._eyes.sees("/vacancies", "search")

    async def advert(self) -> None:
        """One vacancy."""
        await self._eyes.sees(f"/vacancies/{self._vacancy}", "advert")

    async def application(self) -> None:
        """A draft with everything but the last ticks."""
        student = self._story.students[UNSENT]
        await student.signs_in()
        page = await self._eyes.opens(f"/applications/new?vacancy={self._vacancy}", student)
        await page.locator("textarea").first.fill(STATEMENT)
        paper = cv.two_pages(student.name, student.course)
        await page.set_input_files(
            "#cv", {"name": "cv-january.pdf", "mimeType": "application/pdf", "buffer": paper}
        )
        await page.get_by_role("button", name="Save draft").click()
        await page.get_by_text("Draft saved").wait_for()
        await page.locator("input[type=checkbox]").first.check()
        await self._eyes.keeps(page, "application")

    async def cycle(self) -> None:
        """The office at the moment of closing."""
        await self._eyes.sees("/office/applications", "cycle", self._story.officer)

    async def selection(self) -> None:
        """A host in the middle of choosing."""
        await self._story.clock.leaps_to(MIDDAY + timedelta(days=3))
        host = self._story.hosts[0]
        page = await self._eyes.opens(f"/selections/{self._vacancy}", host)
        ranks = page.locator("input[id^=rank-]")
        for row, rank in ((1, "1"), (3, "2"), (4, "3")):
            await ranks.nth(row).fill(rank)
        await page.locator("select[id^=reason-]").first.select_option(index=1)
        await page.get_by_role("button", name="Save and go on later").click()
        await page.get_by_text("are kept").wait_for()
        await page.context.close()
        await self._eyes.sees(f"/selections/{self._vacancy}", "selection", host)

    async def dry_run(self) -> None:
        """What would happen if the office told all outcomes now."""
        page = await self._eyes.opens("/office/applications/selections", self._story.officer)
        for box in await page.locator("tbody input[type=checkbox]").all():
            await box.check()
        await page.get_by_role("button", name="See what would happen").click()
        await page.get_by_text("Nothing has been done yet").wait_for()
        await self._eyes.keeps(page, "dry-run")

    async def applicant_home(self) -> None:
        """An offer that waits for its answer."""
        await self._eyes.sees("/applications", "applicant-home", self._story.students[0])

    async def mail(self) -> None:
        """The mail of that offer, as it was sent."""
        mail = await self._story.students[0].gets_mail("offer")
        page = await self._eyes.opens("/")
        await page.set_viewport_size({"width": 760, "height": 400})
        await page.goto("about:blank")
        await page.set_content(mail["html"])
        await self._eyes.keeps(page, "offer-mail")

    async def claim(self) -> None:
        """A claim that the host says is repaid."""
        student = self._story.students[0]
        claim = await student.claim()
        await self._eyes.sees(f"/expenses/{claim['claim_id']}", "claim", student)

    @property
    def _vacancy(self) -> str:
        return self._story.vacancies[0].vacancy_id


def _with_few_colours(picture: Image.Image) -> Image.Image:
    """The tints of large places as they are, and what covers all else: a small yellow tag stays yellow."""
    few = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    sizes: Counter[Any] = Counter(picture.get_flattened_data())
    large = [part for colour, _ in sizes.most_common(LARGE) for part in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*large, *(few.getpalette() or [])[: 3 * COLOURS]])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def _first_look(person: Person, act: str, look: Look) -> None:
    """Before somebody does something for the first time, look."""
    does = getattr(person, act)

    async def looks_first(*values: object, **more: object) -> object:
        setattr(person, act, does)
        await look()
        return await does(*values, **more)

    setattr(person, act, looks_first)


async def main() -> None:
    """Play and look."""
    told = status.read(LocalSettings())
    if not told:
        raise SystemExit("The stack is not up: make up")
    addresses: dict[str, str] = told["addresses"]
    clock = Clock(addresses["database"], patience=120)
    async with open_client() as client, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        house = House(client, front_door=addresses["front door"], mail_page=addresses["mails"])
        story = Story(house, clock)
        await Album(story, Eyes(browser, addresses["front door"])).fills()
        await browser.close()
        await clock.close()


if __name__ == "__main__":
    asyncio.run(main())
