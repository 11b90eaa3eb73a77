"""The proposals service on a port, with a cycle in it, for a real browser."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import uvicorn

from chassis import clock, identity
from tests import databases, doors, servers
from tests.doors import Person, open_doors, travel
from tests.proposals.oxford import API, OPENING, WRITING, Oxford, open_oxford, verdict
from tests.proposals.test_host_pages import REGISTRATION


@dataclass(slots=True)
class Stage:
    """Where it is, and who may come in."""

    address: str = ""
    oxford: Any = None
    ids: dict[str, str] = field(default_factory=dict)

    def cookie(self, person: Person) -> dict[str, Any]:
        """A person's sign-in for Playwright."""
        assert person.sign_in is not None
        value = identity.mint(
            person.sign_in,
            signing_key=doors.SIGNING_KEY,
            keys=doors.KEYS,
            now=clock.real_now(),
        )
        return {
            "name": identity.COOKIE,
            "value": value,
            "domain": "localhost",
            "path": "/",
            "secure": True,
            "httpOnly": True,
        }


@contextmanager
def stage() -> Iterator[Stage]:
    """Serve until the tests are over."""
    made, ready, over = Stage(), Event(), Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_serve(made, ready, over))
        except BaseException as error:
            failed.append(error)
            ready.set()

    thread = Thread(target=run, daemon=True)
    thread.start()
    ready.wait(120)
    if failed:
        raise failed[0]
    try:
        yield made
    finally:
        over.set()
        thread.join(30)


async def _serve(made: Stage, ready: Event, over: Event) -> None:
    async with (
        databases.cloned(servers.postgres_dsn()) as admin,
        databases.opened(admin) as database_of,
    ):
        opened = await open_doors("proposals", await database_of("proposals"))
        oxford = await open_oxford(opened, admin)
        await _act(made, oxford)
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
        config = uvicorn.Config(
            opened.app, host="127.0.0.1", port=port, log_config=None, lifespan="off"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.05)
        made.address, made.oxford = f"http://localhost:{port}", oxford
        ready.set()
        await asyncio.to_thread(over.wait)
        server.should_exit = True
        await serving
        await opened.client.aclose()


async def _act(made: Stage, oxford: Oxford) -> None:
    """Vacancies that are open, one that is not, a proposal to screen, one returned, one draft."""
    titles = (
        ("Photograph and describe forty manuscript fragments", {}),
        ("Five articles on clouds for readers of fourteen", {"mode": "remote", "city": ""}),
        ("A business model for a weather shop that lasts", {"places": 1}),
    )
    for title, more in titles:
        writing = more | {"title": title}
        if more.get("mode") == "remote":
            writing["days"] = [day | {"mode": "remote"} for day in WRITING["days"][:3]]
        made.ids[title] = await oxford.has_a_vacancy(**writing)
    made.ids["vacancy"] = await oxford.has_a_vacancy()
    returned = await oxford.has_sent(title="Ask the harbour masters what they remember")
    asked = verdict("changes_requested", reason="Please name who is there on Fridays.")
    await oxford.office.post(f"{API}/proposals/{returned}/screening", asked)
    path = f"{API}/proposals/{returned}"
    version = (await oxford.host.get(path)).headers["etag"].strip('"')
    change = {"supervision": "A curator sits at the next desk; on Fridays it is the founder."}
    await oxford.host.put(path, change, version=version)
    await oxford.host.post(f"{path}/submit")
    made.ids["to_screen"] = returned
    again = await oxford.has_sent(title="Measure the rain of one valley")
    await oxford.office.post(f"{API}/proposals/{again}/screening", asked)
    made.ids["returned"] = again
    made.ids["draft"], _ = await oxford.has_a_draft(title="Draw the winds of the year 1703")
    registered = await oxford.doors.visitor().form("/hosts/register", REGISTRATION)
    made.ids["host"] = registered.headers["location"].partition("of=")[2]
    await travel(oxford.admin, OPENING)
