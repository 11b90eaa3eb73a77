"""The relay finds a planted breach within one cycle; the office reads of it; it goes when it is repaired."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from chassis import breaches, relay
from chassis.checking import look_once
from chassis.database import connect
from chassis.settings import Settings
from services.applications.main import SERVICE
from tests.impossible.applications import made, word
from tests.impossible.planting import ago, ident, plant

SUBJECT = f"offer {ident('forgotten')}"


def forgotten():
    return [word(), made("forgotten", respond_by_at=ago(minutes=6))]


def count(rule):
    return REGISTRY.get_sample_value("impossible_states", {"service": "applications", "rule": rule})


async def repair(admin):
    connection = await connect(admin, application="tests", search_path="applications")
    await connection.execute("DELETE FROM offers")
    await connection.close()


async def test_running_relay_finds_a_breach_within_one_cycle(database_url, database_of):
    database = await database_of("applications")
    settings = Settings(
        environment="test",
        database_url=database.dsn,
        kafka_bootstrap="127.0.0.1:1",  # nobody is there: it looks all the same
        cookie_secret="not a secret, but long enough for one",
        signing_public_key="{}",
        check_every=timedelta(seconds=1),
    )
    quiet = SERVICE.__class__(  # no deadline runs, which would repair it first
        name="applications",
        settings=Settings,
        paths=(),
        app=lambda *_: None,
        reactions={},
        impossible=SERVICE.impossible,
    )
    await plant(database_url, "applications", forgotten())
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(quiet, settings, database, stop))
    try:
        await comes_to(database, [SUBJECT])
        assert count("I9") == 1
        await repair(database_url)
        await comes_to(database, [])
    finally:
        stop.set()
        await running


async def comes_to(database, subjects):
    """Wait for the relay's next look."""
    for _ in range(300):
        if await standing(database) == subjects:
            return
        await asyncio.sleep(0.1)
    assert await standing(database) == subjects


async def standing(database):
    return [each["subject"] for each in await breaches.list_standing(database, university="oxford")]


async def test_breach_is_kept_once_and_ends_when_it_is_repaired(database_url, database_of):
    database = await database_of("applications")
    await plant(database_url, "applications", forgotten())

    await look_once(SERVICE, database)
    (first,) = await breaches.list_standing(database, university="oxford")
    await look_once(SERVICE, database)
    (again,) = await breaches.list_standing(database, university="oxford")
    elsewhere = await breaches.list_standing(database, university="northfield")
    await repair(database_url)
    await look_once(SERVICE, database)

    assert (first["rule"], first["subject"]) == ("I9", SUBJECT)
    assert again["first_seen_at"] == first["first_seen_at"]
    assert elsewhere == []
    assert await standing(database) == []
    (gone,) = await breaches.list_gone(database, university="oxford")
    assert (gone["subject"], count("I9")) == (SUBJECT, 0)


async def test_rule_that_cannot_be_judged_ends_no_breach(database_url, database_of):
    database = await database_of("applications")
    await plant(database_url, "applications", forgotten())
    await look_once(SERVICE, database)
    connection = await connect(database_url, application="tests", search_path="applications")
    await connection.execute("ALTER TABLE offers RENAME TO offers_away")

    judged = await look_once(SERVICE, database)

    assert "I9" in {each.rule.rule_id for each in judged if each.found is None}
    assert await standing(database) == [SUBJECT]
    await connection.close()


@pytest.mark.parametrize("service", ["proposals", "applications", "notifications", "expenses"])
async def test_office_reads_what_stands_and_nobody_else_does(service, database_url, doors_of):
    doors = await doors_of(service)
    page = f"/office/{service}/breaches"
    empty = await doors.office().get(page)
    async with doors.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO breaches (rule, subject, state, university, sentence, repair)
            VALUES ('I9', 'offer 17', 'made', 'oxford', 'An offer is open.', 'Start the relay.'),
                   ('I5', 'person 3', 'two', 'northfield', 'Another''s.', 'Not here.')
            """
        )

    full = await doors.office().get(page)

    assert "Nothing is in a state that must never be." in empty.text
    for words in ("I9", "An offer is open.", "offer 17", "Start the relay."):
        assert words in full.text
    assert "Another" not in full.text
    assert (await doors.student().get(page)).status_code == 403
