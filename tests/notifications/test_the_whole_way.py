"""From another service's outbox through Kafka to a mail in somebody's hands."""

from collections.abc import AsyncIterator

import pytest

from chassis import relay, topics, worker
from chassis.database import Database
from schemas import applications, proposals
from services.notifications.main import SERVICE
from services.notifications.settings import NotificationsSettings
from tests.chassis.delivery import Trial, make_trial, record, remove_topics, running, until
from tests.doors import COOKIE_SECRET
from tests.notifications.post_office import (
    ADDRESSES,
    PRIVATE_KEY,
    Catcher,
    card,
    example,
    sealed,
)

OTHERS = ("notifications", "expenses")


@pytest.fixture
async def trial(kafka_bootstrap, database, database_of) -> AsyncIterator[Trial]:
    trial = await make_trial(kafka_bootstrap, database_of)
    for owner in OTHERS:
        await topics.apply(trial.settings("proposals"), owner)
    yield trial
    await remove_topics(trial)
    made = [topic for owner in OTHERS for topic in topics.owned_by(owner)]
    async with topics._admin(trial.settings("proposals")) as admin:
        await admin.delete_topics([topic.under(trial.prefix) for topic in made])


def settings_of(trial: Trial, database: Database, catcher: Catcher) -> NotificationsSettings:
    return NotificationsSettings(
        environment="test",
        database_url=database.dsn,
        kafka_bootstrap=trial.bootstrap,
        topic_prefix=trial.prefix,
        cookie_secret=COOKIE_SECRET,
        signing_public_key="{}",
        contacts_private_key=PRIVATE_KEY,
        smtp_port=catcher.port,
    )


async def test_facts_of_other_services_become_mails_and_mails_become_facts(
    trial, database, catcher
):
    settings = settings_of(trial, database, catcher)
    link = {"address": "tomos@weather.example", "name": "Tomos Price", "link": "http://x/l?token=t"}

    async with (
        trial.relay("proposals"),
        trial.relay("applications"),
        running(relay.run, SERVICE, settings, database),
        running(worker.run, SERVICE, settings, database),
    ):
        # The application comes before anything that its receipt must say, and waits for it.
        await record(trial.databases["applications"], example(applications.ApplicationSubmitted))
        await record(
            trial.databases["proposals"],
            example(proposals.RuleSetPublished),
            example(proposals.HostApproved),
            example(proposals.HostContactAdded),
            example(proposals.VacancyPublished),
            *(card(person, *who) for person, who in ADDRESSES.items()),
            example(proposals.SealedLetter, sealed=sealed(link)),
        )

        async def subjects() -> set[str]:
            return set(catcher.subjects())

        await until(subjects, lambda seen: len(seen) >= 3, within=40)
        told = await trial.log("notifications", count=2)

    assert "Received: your application to Museum of the History of Weather (OX-4F7K)" in (
        await subjects()
    )
    assert "Your link to sign in: it works for 10 minutes" in await subjects()
    kinds = {dict(each.headers)["ce_type"].decode() for each in told}
    assert kinds == {"micro-internships.notifications.MessageSent.v1"}
    story = dict(told[0].headers)
    assert story["ce_causationid"]
    assert story["ce_correlationid"]


async def test_secret_is_kept_nowhere(trial, database, catcher):
    settings = settings_of(trial, database, catcher)
    link = {"address": "tomos@weather.example", "name": "Tomos Price", "link": "http://x/l?token=t"}

    async with trial.relay("proposals"), running(worker.run, SERVICE, settings, database):
        await record(
            trial.databases["proposals"], example(proposals.SealedLetter, sealed=sealed(link))
        )

        async def row():
            return await database.find_row(
                "SELECT status, sealed, subject, body, fact FROM deliveries"
            )

        kept = await until(row, lambda seen: bool(seen) and seen["status"] == "sent", within=40)

    assert kept == {"status": "sent", "sealed": None, "subject": None, "body": None, "fact": {}}
    assert "http://x/l?token=t" in catcher.mails[0].get_body(("plain",)).get_content()
    assert catcher.recipients == ["tomos@weather.example"]
