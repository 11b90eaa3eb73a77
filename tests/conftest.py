"""What every test may ask for: a real Postgres, a real Kafka, and a database of its own.

One's own servers are used where `DATABASE_URL` (an administrator's login) and `KAFKA_BOOTSTRAP` are
given; see `tests/servers.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests import databases, servers
from tests.databases import DatabaseOf
from tests.doors import Doors, open_doors


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the run prepares what the others share."""
    if not hasattr(config, "workerinput"):
        servers.open_run()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say on which servers the promises are tested, however quiet the run is."""
    if not hasattr(session.config, "workerinput"):
        terminal = session.config.pluginmanager.getplugin("terminalreporter")
        if terminal is not None:
            terminal.write_line(servers.description())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no process behind."""
    if not hasattr(config, "workerinput"):
        servers.close_run()


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """An administrator's address of the Postgres of this run."""
    return servers.postgres_dsn()


@pytest.fixture(scope="session")
def kafka_bootstrap() -> str:
    """The address of the broker of this run. Topics are made by whoever needs them."""
    return servers.kafka_bootstrap()


@pytest.fixture
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """An administrator's address of this test's own database, all migrations applied."""
    async with databases.cloned(postgres_url) as dsn:
        yield dsn


@pytest.fixture
async def database_of(database_url: str) -> AsyncIterator[DatabaseOf]:
    """Open a service's `Database` in this test's own database: `await database_of("expenses")`."""
    async with databases.opened(database_url) as database_of:
        yield database_of


@pytest.fixture
async def doors_of(
    database_of: DatabaseOf,
) -> AsyncIterator[Callable[..., Awaitable[Doors]]]:
    """A service's application on this test's own database: `doors = await doors_of("expenses")`."""
    opened: list[Doors] = []

    async def doors_of(service: str, **settings: object) -> Doors:
        doors = await open_doors(service, await database_of(service), **settings)
        opened.append(doors)
        return doors

    yield doors_of
    for doors in opened:
        await doors.client.aclose()
