"""The notifications service on a database of the test, a mail server, and somebody who tells it things."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from chassis.database import Database
from services.notifications.queues import Sender
from tests.doors import travel
from tests.notifications.post_office import Catcher, Teller, catching, sender_to


@pytest.fixture
async def database(database_of, database_url) -> Database:
    """At noon on 26 February 2024, when the offers of the story are made."""
    await travel(database_url, datetime(2024, 2, 26, 12, 0, 0, tzinfo=UTC))
    return await database_of("notifications")


@pytest.fixture
async def catcher() -> AsyncIterator[Catcher]:
    async with catching() as catcher:
        yield catcher


@pytest.fixture
def sender(catcher) -> Sender:
    return sender_to(catcher.port)


@pytest.fixture
async def teller(database) -> Teller:
    teller = Teller(database)
    await teller.the_beginning()
    return teller
