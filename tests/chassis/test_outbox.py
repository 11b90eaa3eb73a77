"""What is recorded, and in which order."""

import asyncio
import random
from uuid import uuid4

import pytest

from chassis import outbox
from chassis.actor import Actor, Role
from schemas.envelope import LARGEST_VALUE
from tests.chassis.delivery import CLOCK, begun, record
from tests.databases import DatabaseOf


async def test_events_and_audit_rows_are_written_with_every_header(database_of: DatabaseOf):
    database = await database_of("proposals")
    person = uuid4()
    actor = Actor(person, "oxford", frozenset({Role.OFFICER}))
    event = begun("one")

    async with database.transaction() as tx:
        await outbox.record(tx, [event], actor=actor, reason="asked by telephone")
        assert tx.has_recorded

    row = await database.get_row("SELECT * FROM outbox")
    assert row["topic"] == "proposals.events"
    assert (row["key"], row["sequence"]) == ("one", 1)
    assert row["value"] == event.model_dump_json().encode()
    headers = row["headers"]
    assert headers.pop("ce_correlationid") == headers["ce_id"] == str(row["event_id"])
    assert headers == {
        "ce_specversion": "1.0",
        "ce_id": str(row["event_id"]),
        "ce_type": "micro-internships.proposals.TrialBegun.v1",
        "ce_source": "/services/proposals",
        "ce_subject": "one",
        "ce_time": outbox.wire_time(event.occurred_at),
        "ce_dataschema": "urn:micro-internships:schema:proposals:TrialBegun:v1",
        "ce_partitionkey": "one",
        "ce_sequence": "1",
        "ce_university": "oxford",
        "ce_dataclassification": "public",
        "content-type": "application/json",
    }
    audit = await database.get_row("SELECT actor, role, act, subject, outcome, reason FROM audit")
    assert audit == {
        "actor": person,
        "role": "officer",
        "act": "TrialBegun",
        "subject": "one",
        "outcome": "done",
        "reason": "asked by telephone",
    }


async def test_ids_sequences_and_commits_agree_under_concurrent_writers(database_of: DatabaseOf):
    database = await database_of("proposals")
    keys = ["a", "b", "c"]

    async def write(writer: int) -> None:
        choose = random.Random(writer)
        for _ in range(15):
            async with database.transaction() as tx:
                picked = choose.sample(keys, choose.randint(1, 3))
                await outbox.record(tx, [begun(key) for key in picked], actor=CLOCK)
                await asyncio.sleep(choose.random() / 200)
                await outbox.record(tx, [begun(sorted(picked)[-1])], actor=CLOCK)

    # Keys are sorted within a statement; a second statement may only raise the last of them.
    await asyncio.gather(*(write(writer) for writer in range(8)))

    for key in keys:
        rows = await database.list_rows(
            "SELECT sequence, recorded_at FROM outbox WHERE key = $1 ORDER BY id", key
        )
        assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))


async def test_rolling_back_leaves_no_hole_in_the_sequence(database_of: DatabaseOf):
    database = await database_of("proposals")
    await record(database, begun("a"))

    async def fail_half_way() -> None:
        async with database.transaction() as tx:
            await outbox.record(tx, [begun("a")], actor=CLOCK)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_half_way()
    await record(database, begun("a"))

    rows = await database.list_rows("SELECT sequence FROM outbox ORDER BY id")
    assert [row["sequence"] for row in rows] == [1, 2]


async def test_event_too_large_for_the_wire_is_refused(database_of: DatabaseOf):
    database = await database_of("proposals")
    with pytest.raises(outbox.EventTooLarge) as refusal:
        await record(database, begun("a", words="x" * LARGEST_VALUE))

    assert refusal.value.status == 422
    assert await database.value("SELECT count(*) FROM outbox") == 0


async def test_state_topic_takes_a_tombstone(database_of: DatabaseOf):
    database = await database_of("proposals")
    async with database.transaction() as tx:
        await outbox.record_state(tx, None, kind="vacancies", key="v", university="oxford")

    row = await database.get_row("SELECT topic, key, value, sequence FROM outbox")
    assert row == {"topic": "proposals.vacancies", "key": "v", "value": None, "sequence": 1}
    assert await database.value("SELECT count(*) FROM audit") == 0
