"""Pages: through the front door, at the service itself, and beside a bare constant of the same size."""

from dataclasses import dataclass

from bench.figures import Figure, Result, Target
from bench.limit import bare_server
from bench.stage import Stage
from bench.wire import Wire
from deploy.demo.people import APPLICATIONS

ABOUT = "a page, fetched by one visitor after the other, in milliseconds"
TARGET = Target(of="median", most=50)
WARM_UP = 3
SHOWN = 120  # applications there are while the office's page counts them


@dataclass
class Page:
    """One page, by its three ways."""

    name: str
    path: str
    service: str
    headers: dict[str, str]
    size: int = 0

    def figures(self) -> tuple[Figure, Figure, Figure]:
        """Through the front door, directly, and the limit."""
        return (
            Figure(f"`{self.name}` through Caddy", "ms", TARGET),
            Figure(f"`{self.name}` at the service", "ms"),
            Figure(f"`{self.name}`: constant of its size, bare Starlette", "ms", is_limit=True),
        )


async def measure(stage: Stage) -> Result:
    """Every page in turn by every way, again and again."""
    pages = await _pages(stage)
    figures = {page.name: page.figures() for page in pages}
    async with bare_server() as bare_port:
        front_door, bare = stage.front_door, Wire(bare_port)
        behind = {page.service: stage.behind(page.service) for page in pages}
        for page in pages:
            page.size = _warm_up(page, (front_door, behind[page.service]))
        for _ in range(stage.size.repetitions):
            for of_page in figures.values():
                for figure in of_page:
                    figure.begin_repetition()
            for _ in range(stage.size.page_loads):
                for page in pages:
                    through, direct, limit = figures[page.name]
                    through.add(1000 * front_door.get(page.path, page.headers).seconds)
                    direct.add(1000 * behind[page.service].get(page.path, page.headers).seconds)
                    limit.add(1000 * bare.get(f"/constant/{page.size}").seconds)
    await stage.clear()
    return Result(
        name="pages",
        about=ABOUT,
        figures=[figure for of_page in figures.values() for figure in of_page],
        counts={
            "vacancies": len(stage.vacancies),
            "applications": min(SHOWN, 2 * len(stage.students)),
            "bytes": {page.name: page.size for page in pages},
        },
    )


async def _pages(stage: Stage) -> list[Page]:
    """The five, with something to show on each."""
    wanted = min(SHOWN, 2 * len(stage.students))
    drafts = await stage.drafts(wanted)
    wire = stage.front_door
    for draft in drafts:
        draft.submit(wire)
    stage.note_sent(*drafts)
    await stage.clock.settles()
    student, officer = drafts[0].student, await stage.badge_of(stage.officer)
    own = {"Cookie": (await stage.badge_of(student)).headers["Cookie"]}
    vacancy = f"/vacancies/{stage.vacancies[0]}"
    application = f"/applications/{drafts[0].application_id}"
    listed = (await student.caller.get(f"{APPLICATIONS}/applications"))["applications"]
    if not listed:
        raise RuntimeError("the student whose pages are to be measured has no application")
    office = {"Cookie": officer.headers["Cookie"]}
    return [
        Page("/vacancies", "/vacancies", "proposals", {}),
        Page("/vacancies/{id}", vacancy, "proposals", {}),
        Page("/applications", "/applications", "applications", own),
        Page("/applications/{id}", application, "applications", own),
        Page("/office/applications", "/office/applications", "applications", office),
    ]


def _warm_up(page: Page, ways: tuple[Wire, ...]) -> int:
    """Fetch it a few times by each way; its size."""
    sizes = [len(wire.get(page.path, page.headers).body) for wire in ways for _ in range(WARM_UP)]
    return sizes[-1]
