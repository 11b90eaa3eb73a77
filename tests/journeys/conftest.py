"""`oxford`: four services, Kafka, Postgres and mail as they run, once for all journeys of a run."""

import fcntl
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.demo.clock import Clock
from deploy.demo.patience import open_client
from deploy.demo.people import House
from tests import servers
from tests.journeys.oxford import Oxford


@pytest.fixture(scope="session")
def addresses() -> dict[str, str]:
    """Where everything of the stack is."""
    return json.loads((servers.stack_folder() / "state.json").read_text())["addresses"]


@pytest.fixture
def turn(addresses: dict[str, str]) -> Iterator[Path]:
    """One journey at a time, over all processes of the run: business time belongs to everybody."""
    folder = servers.stack_folder()
    with (folder / "turn.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture
async def oxford(addresses: dict[str, str], turn: Path) -> AsyncIterator[Oxford]:
    """Autumn at Oxford."""
    clock = Clock(addresses["database"])
    async with open_client() as client:
        house = House(client, front_door=addresses["front door"], mail_page=addresses["mails"])
        oxford = Oxford(house, clock, addresses=addresses, folder=turn)
        await oxford.begins()
        yield oxford
        await clock.settles()
    await clock.close()
