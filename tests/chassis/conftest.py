"""A trial installation for the tests of delivery."""

from collections.abc import AsyncIterator

import pytest

from chassis.database import connect
from tests.chassis.delivery import Trial, make_trial, remove_topics
from tests.databases import DatabaseOf


@pytest.fixture
async def trial(
    kafka_bootstrap: str, database_url: str, database_of: DatabaseOf
) -> AsyncIterator[Trial]:
    """Topics under a prefix of this test's own, and a table that shows each effect."""
    admin = await connect(database_url, application="tests")
    await admin.execute(
        """
        CREATE TABLE applications.trial_effects (
            id bigint GENERATED ALWAYS AS IDENTITY, trial_id text, number integer
        );
        CREATE TABLE applications.trials (trial_id text PRIMARY KEY, words text);
        GRANT ALL ON applications.trial_effects, applications.trials TO applications;
        """
    )
    await admin.close()
    trial = await make_trial(kafka_bootstrap, database_of)
    yield trial
    await remove_topics(trial)
