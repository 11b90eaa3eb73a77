"""A trial installation for the tests of delivery."""

import json
from collections.abc import AsyncIterator

import pytest

from chassis.application import application
from chassis.database import connect
from chassis.settings import Environment, Settings
from tests.chassis.delivery import Trial, make_trial, remove_topics
from tests.chassis.things import SECRET, SIGNING, a_sign_in, client_of, routes
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


@pytest.fixture
async def database(database_of):
    return await database_of("proposals")


@pytest.fixture
def app(database):
    settings = Settings(
        environment=Environment.TEST,
        database_url=database.dsn,
        cookie_secret=SECRET,
        signing_public_key=json.dumps(SIGNING.as_dict(private=False)),
    )
    return application(service="proposals", settings=settings, database=database, routes=routes())


@pytest.fixture
async def student(app):
    sign_in = a_sign_in()
    async with client_of(app, sign_in) as client:
        client.sign_in = sign_in
        yield client
