"""Every copy that a service keeps, spoilt and made anew from the topics, is what it was (P3, I21)."""

import importlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, get_args
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from chassis import outbox, rebuilding, relay, topics, worker
from chassis.actor import the_clock
from chassis.database import Database
from chassis.intake import Consumer
from chassis.parts import Kept, Parts
from schemas.envelope import Event, Service
from schemas.proposals import HostContactRemoved
from tests.chassis.answering import OPERATOR
from tests.chassis.delivery import Trial, running, until
from tests.databases import DatabaseOf
from tests.house.tree import ROOT

SERVICES: tuple[Service, ...] = get_args(Service)


def parts_of(service: str) -> Parts:
    return importlib.import_module(f"services.{service}.main").SERVICE


@pytest.fixture
async def trial(kafka_bootstrap: str, database_of: DatabaseOf) -> AsyncIterator[Trial]:
    """All four services, under a prefix of this test's own."""
    trial = Trial(kafka_bootstrap, f"trial-{uuid4().hex[:12]}")
    for service in SERVICES:
        trial.databases[service] = await database_of(service)
        await topics.apply(trial.settings(service), service)
    yield trial
    made = [topic for owner in SERVICES for topic in topics.owned_by(owner)]
    async with topics._admin(trial.settings("proposals")) as admin:
        await admin.delete_topics([topic.under(trial.prefix) for topic in made])


def copying_alone(parts: Parts) -> Parts:
    """The service as far as it fills its copies: no command, no letter."""
    whole = Consumer.of(parts)
    handles = {handle for kept in parts.copies for handle in kept.filled_by}
    reactions = {
        kind: filling
        for kind in whole.reactions
        if (filling := tuple(r for r in whole.reactions_to(kind) if r.handle in handles))
    }
    return replace(parts, reactions=reactions, queues=lambda _: ())


async def tell_examples(trial: Trial, parts: Parts) -> None:
    """Have the owners record every example of what this service copies, and publish it."""
    by_owner: dict[Service, list[Event]] = {}
    for kind in sorted(parts.reactions, key=lambda each: each is not HostContactRemoved):
        examples = [kind.model_validate(one) for one in kind.examples]
        by_owner.setdefault(kind.service, []).extend(examples)
    for owner, events in by_owner.items():
        database = trial.databases[owner]
        for event in events:
            async with database.transaction() as tx:
                await outbox.record(tx, [event], actor=the_clock(event.university))
        bare = replace(trial.parts(owner), reactions={})
        async with running(relay.run, bare, trial.settings(owner), database):
            await until(
                lambda d=database: d.value(
                    "SELECT count(*) FROM outbox WHERE published_at IS NULL"
                ),
                lambda left: left == 0,
                within=30,
            )


async def rows(database: Database, kept: Kept) -> dict[str, list[dict[str, Any]]]:
    """What a copy says, without what is not copied."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in kept.tables:
        told = await database.list_rows(f"SELECT * FROM {table}")
        copied = [{k: v for k, v in row.items() if k not in kept.own} for row in told]
        found[table] = sorted(copied, key=str)
    return found


async def rebuild(trial: Trial, parts: Parts, table: str, **more: Any) -> list[Any]:
    given = {"actor": OPERATOR, "reason": "it is wrong"} | more
    return await rebuilding.rebuild(
        parts, trial.settings(parts.name), trial.databases[parts.name], table, **given
    )


async def all_copied(database: Database, parts: Parts) -> None:
    """Wait until nothing more comes in, and make sure that nothing was put aside."""
    seen = -1

    async def count() -> int:
        return await database.value("SELECT coalesce(sum(next_position), 0)::int FROM positions")

    async def is_still() -> bool:
        nonlocal seen
        before, seen = seen, await count()
        return seen == before > 0

    await until(is_still, lambda still: still, within=40)
    assert await database.list_rows("SELECT reason, error, type FROM parked") == []
    assert await database.list_rows("SELECT missing_type, missing_id FROM waiting") == []


@pytest.mark.parametrize("service", SERVICES)
async def test_copies_made_anew_are_what_they_were(trial: Trial, service: Service):
    parts = copying_alone(parts_of(service))
    database = trial.databases[service]
    await tell_examples(trial, parts)
    async with running(worker.run, parts, trial.settings(service), database):
        await all_copied(database, parts)

    for kept in parts.copies:
        old = await rows(database, kept)
        assert all(old.values()), "nothing was copied: this test would prove nothing"
        assert all(one.are_none for one in await rebuild(trial, parts, kept.tables[0]))
        async with database.transaction() as tx:
            for table in reversed(kept.tables):
                await tx.execute(f"DELETE FROM {table}")

        looked = await rebuild(trial, parts, kept.tables[0], actor=None)
        untouched = await rows(database, kept)
        found = await rebuild(trial, parts, kept.tables[0])
        again = await rebuild(trial, parts, kept.tables[0])

        assert looked == found
        assert not any(untouched.values())
        assert [one.missing for one in found] == [len(old[name]) for name in kept.tables]
        assert await rows(database, kept) == old
        assert all(one.are_none for one in again)
    acts = await database.value("SELECT count(*) FROM audit WHERE act = 'RebuildCopy'")
    assert acts == sum(len(kept.tables) for kept in parts.copies)


async def test_what_a_trimmed_log_forgot_is_not_taken_away(trial: Trial):
    parts = copying_alone(parts_of("proposals"))
    database = trial.databases["proposals"]
    await tell_examples(trial, parts)
    async with running(worker.run, parts, trial.settings("proposals"), database):
        await all_copied(database, parts)
    [kept] = parts.copies
    old = await rows(database, kept)
    async with topics._admin(trial.settings("applications")) as admin:
        name = f"{trial.prefix}.applications.events"
        await admin.delete_records(
            {TopicPartition(name, number): RecordsToDelete(-1) for number in range(12)}
        )

    with pytest.raises(rebuilding.LogIsTrimmed):
        await rebuild(trial, parts, "known_placements")

    assert await rows(database, kept) == old


def test_every_copy_is_declared():
    """A table named `known_…` can be made anew, or it must not be called so."""
    shared = (ROOT / "chassis" / "migrations").glob("*.sql")
    everywhere = {name for file in shared for name in _known_in(file.read_text())}
    for service in SERVICES:
        own = {
            name
            for file in (ROOT / "services" / service / "migrations").glob("*.sql")
            for name in _known_in(file.read_text())
        }
        declared = {name for kept in parts_of(service).copies for name in kept.tables}
        expected = own if service == "proposals" else own | everywhere  # it owns what these tell
        assert declared == expected, service


def _known_in(sql: str) -> set[str]:
    return set(re.findall(r"CREATE TABLE (known_\w+)", sql))
