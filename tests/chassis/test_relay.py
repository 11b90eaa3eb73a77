"""From the outbox to the broker: in order, nothing skipped, by one relay at a time."""

import asyncio
from collections import defaultdict
from typing import Any

import pytest

from chassis import outbox, topics
from chassis.clock import Clock
from chassis.database import Database
from tests.chassis.delivery import CLOCK, Trial, begun, record, until


def first_occurrences(log: list[Any]) -> dict[str, list[int]]:
    """The sequence of each key as a reader that drops duplicates sees it."""
    seen = set[bytes]()
    found: dict[str, list[int]] = defaultdict(list)
    for entry in log:
        headers = dict(entry.headers)
        if headers["ce_id"] not in seen:
            seen.add(headers["ce_id"])
            found[entry.key.decode()].append(int(headers["ce_sequence"]))
    return found


async def test_publishes_with_headers_and_marks(trial: Trial):
    database = trial.databases["proposals"]
    await record(database, begun("one"), begun("one", 1), begun("two"))

    async with trial.relay():
        log = await trial.log(count=3)
        await until(
            lambda: database.value("SELECT count(*) FROM outbox WHERE published_at IS NULL"),
            lambda unpublished: unpublished == 0,
        )

    stored = await database.get_row("SELECT * FROM outbox WHERE key = 'two'")
    sent = next(entry for entry in log if entry.key == b"two")
    assert {name: value.decode() for name, value in sent.headers} == stored["headers"]
    assert sent.value == stored["value"]


async def test_key_goes_to_the_partition_any_client_would_choose(trial: Trial):
    await record(trial.databases["proposals"], begun("one"))
    headers = {"x": b"1"}
    await trial.send(key=b"one", value=b"{}", headers=headers)

    async with trial.relay():
        log = await trial.log(count=2)

    assert len({entry.partition for entry in log}) == 1


async def test_order_survives_concurrent_writers_and_a_fail_over(trial: Trial):
    database = trial.databases["proposals"]

    async def write(writer: int) -> None:
        for number in range(25):
            await record(database, begun(f"case-{(writer + number) % 4}", number))

    async def lose_the_lock() -> None:
        for _ in range(3):
            await asyncio.sleep(0.3)
            await database.value(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'proposals.relay' AND datname = current_database()"
            )

    async with trial.relay(), trial.relay():
        await asyncio.gather(*(write(writer) for writer in range(8)), lose_the_lock())
        await until(
            lambda: database.value("SELECT count(*) FROM outbox WHERE published_at IS NULL"),
            lambda unpublished: unpublished == 0,
            within=30,
        )
        log = await trial.log(count=200)

    assert first_occurrences(log) == {f"case-{n}": list(range(1, 51)) for n in range(4)}


async def test_row_that_commits_late_is_neither_skipped_nor_overtaken(trial: Trial):
    database = trial.databases["proposals"]
    async with trial.relay():
        async with database.transaction() as tx:
            await outbox.record(tx, [begun("late", 1)], actor=CLOCK)
            for number in range(30):  # for three seconds later ids are committed and published
                await record(database, begun(f"other-{number}"))
                await asyncio.sleep(0.1)
            await trial.log(count=30)
        await record(database, begun("late", 2))
        log = await trial.log(count=32)

    assert first_occurrences(log)["late"] == [1, 2]


async def test_nudge_wakes_a_relay_that_has_been_idle(trial: Trial):
    database = trial.databases["proposals"]
    async with trial.relay():
        await asyncio.sleep(4)  # long enough to poll once a second only
        slowest = 0.0
        for number in range(5):
            await record(database, begun("one", number))
            row = await until(
                lambda: database.get_row("SELECT * FROM outbox ORDER BY id DESC LIMIT 1"),
                lambda row: row["published_at"] is not None,
            )
            slowest = max(slowest, (row["published_at"] - row["recorded_at"]).total_seconds())
            await asyncio.sleep(1.5)

    assert slowest < 0.5


async def test_topics_that_are_missing_are_named(trial: Trial):
    trial.prefix += "-misspelt"
    with pytest.raises(topics.TopicsAreMissing, match="topics apply"):
        async with trial.relay():
            await asyncio.sleep(10)


async def test_deadlines_run_in_the_active_relay_alone_and_without_kafka(trial: Trial):
    database = trial.databases["proposals"]
    ran: list[str] = []

    def deadline_of(relay: str) -> Any:
        async def lapse(database: Database, *, now: Clock) -> None:
            ran.append(relay)

        return lapse

    async def always_raises(database: Database, *, now: Clock) -> None:
        raise ZeroDivisionError

    nobody_there = "127.0.0.1:9"
    one = trial.relay(bootstrap=nobody_there, deadlines=(always_raises, deadline_of("one")))
    two = trial.relay(bootstrap=nobody_there, deadlines=(deadline_of("two"),))
    async with one:
        await until(lambda: asyncio.sleep(0, len(ran)), lambda count: count >= 2)
        async with two:
            await record(database, begun("one"))
            await asyncio.sleep(1.5)
            assert set(ran) == {"one"}
            await database.value(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'proposals.relay' AND datname = current_database()"
                "   AND EXISTS (SELECT FROM pg_locks WHERE pg_locks.pid = pg_stat_activity.pid"
                "               AND locktype = 'advisory')"
            )
            await asyncio.sleep(0.5)
            ran.clear()
            await until(lambda: asyncio.sleep(0, len(ran)), lambda count: count >= 2)
            assert len(set(ran)) == 1
