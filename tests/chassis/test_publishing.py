"""What the relay's publisher does when the broker, or its own process, is not as it should be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from structlog.testing import capture_logs

from chassis import publisher, relay, topics
from chassis.courier import Courier, Sent
from chassis.database import Database
from chassis.metrics import OLDEST_UNPUBLISHED, RELAY_FAILURES, RELAY_HELD_BACK, RELAY_IS_ACTIVE
from tests.chassis.delivery import Trial, begun, record, until
from tests.chassis.test_relay import first_occurrences

UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
LARGE = "x" * 100_000


def value_of(gauge: Any, service: str = "proposals") -> float:
    return gauge.labels(service)._value.get()


async def drained(database: Database, *, within: float = 20, but: int = 0) -> None:
    await until(lambda: database.value(UNPUBLISHED), lambda left: left == but, within=within)


@asynccontextmanager
async def at_most(trial: Trial, size: int) -> AsyncIterator[None]:
    """The broker takes no larger batches, as after somebody's change to the topic."""
    name = f"{trial.prefix}.proposals.events"

    async def allow(largest: int) -> None:
        config = {"max.message.bytes": str(largest)}
        async with topics._admin(trial.settings("proposals")) as admin:
            await admin.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, name, configs=config)]
            )
        await asyncio.sleep(1)  # until the broker lives by it

    await allow(size)
    yield
    await allow(topics.LARGEST_MESSAGE)


async def test_row_that_the_broker_refuses_holds_back_its_key_alone(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
):
    database = trial.databases["proposals"]
    monkeypatch.setattr(publisher, "HELD_BACK", 4.0)
    await record(database, begun("refused", 1), begun("refused", 2, LARGE), begun("refused", 3))
    await record(database, *(begun(f"other-{number % 40}", number) for number in range(400)))

    with capture_logs() as said:
        async with at_most(trial, 20_000), trial.relay():
            await drained(database, but=2)
            await record(database, begun("refused", 4), begun("other-1", 400))
            await drained(database, but=3)
            assert value_of(RELAY_HELD_BACK) == 1
            await asyncio.sleep(1.2)
            assert value_of(OLDEST_UNPUBLISHED) > 1

        async with trial.relay():  # somebody has looked at it
            await drained(database)
            log = await trial.log(count=405)

    alarms = [one for one in said if one["event"] == "relay.row_refused"]
    assert alarms[0]["error"] == "MessageSizeTooLargeError"
    assert alarms[0]["log_level"] == "error"
    assert {one["topic"] for one in alarms} == {"proposals.events"}
    assert first_occurrences(log)["refused"] == [1, 2, 3, 4]
    assert first_occurrences(log)["other-1"] == list(range(1, 12))


async def test_held_back_key_is_tried_again_without_a_person(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
):
    database = trial.databases["proposals"]
    monkeypatch.setattr(publisher, "HELD_BACK", 1.0)

    async with trial.relay():
        async with at_most(trial, 20_000):
            await record(database, begun("refused", 1, LARGE), begun("refused", 2))
            await asyncio.sleep(2)
            assert await database.value(UNPUBLISHED) == 2
        await drained(database)
        log = await trial.log(count=2)

    assert first_occurrences(log)["refused"] == [1, 2]
    assert value_of(RELAY_HELD_BACK) == 0


async def test_batch_too_large_for_the_topic_goes_in_smaller_ones(trial: Trial):
    database = trial.databases["proposals"]
    await record(database, *(begun("one", number, "x" * 5_000) for number in range(30)))

    before = value_of(RELAY_FAILURES)
    async with at_most(trial, 20_000), trial.relay():
        await drained(database)
        log = await trial.log(count=30)

    assert value_of(RELAY_FAILURES) == before + 1
    assert first_occurrences(log)["one"] == list(range(1, 31))


async def test_a_partition_has_one_batch_on_its_way(trial: Trial, monkeypatch: pytest.MonkeyPatch):
    database = trial.databases["proposals"]
    rounds: list[int] = []
    send = Courier.send

    async def counted(self: Courier, rows: Any) -> Sent:
        sent = await send(self, rows)
        rounds.append(len(sent.arrived))
        return sent

    monkeypatch.setattr(Courier, "send", counted)
    for number in range(12):
        await record(database, begun("one", number, "x" * 200_000))

    async with trial.relay():
        await drained(database)
        log = await trial.log(count=12)

    assert rounds == [4, 4, 4]  # of at most 900 kB
    assert first_occurrences(log)["one"] == list(range(1, 13))


async def test_relay_that_is_frozen_loses_the_lock_and_may_not_mark(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
):
    database = trial.databases["proposals"]
    monkeypatch.setitem(relay.GIVEN_UP, "idle_session_timeout", "1500ms")
    monkeypatch.setattr(publisher, "PAUSE_WHEN_IDLE", 0.5)
    thaw = asyncio.Event()
    frozen: list[Courier] = []
    send = Courier.send

    async def freezes_once(self: Courier, rows: Any) -> Sent:
        sent = await send(self, rows)
        if not frozen:
            frozen.append(self)
            await thaw.wait()
        return sent

    monkeypatch.setattr(Courier, "send", freezes_once)
    leaders = (
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with trial.relay():
        await until(lambda: asyncio.sleep(0, value_of(RELAY_IS_ACTIVE)), lambda active: active == 1)
        first = await database.value(leaders)
        await asyncio.sleep(2.5)
        assert await database.value(leaders) == first  # idle is not frozen
        await record(database, begun("one", 1))
        await until(lambda: asyncio.sleep(0, len(frozen)), lambda count: count == 1)
        async with trial.relay():
            await drained(database)
            assert await database.value(leaders) != first
            thaw.set()
            await record(database, begun("one", 2))
            await drained(database)
            log = await trial.log(count=3)

    assert first_occurrences(log)["one"] == [1, 2]
