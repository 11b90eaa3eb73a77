"""What the tests of this service share."""

import pytest

from tests.doors import Doors
from tests.proposals.oxford import Oxford, open_oxford


@pytest.fixture
async def oxford(doors_of, database_url: str) -> Oxford:
    """Hilary 2024 is published, a museum is approved; it is 20 November 2023."""
    return await open_oxford(await doors_of("proposals"), database_url)


@pytest.fixture
async def desk(doors_of) -> Doors:
    """The service alone, with nothing in it yet."""
    return await doors_of("proposals")
