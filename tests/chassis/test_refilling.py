"""The broker's disk is lost: what was published is published again, and nobody notices twice (P8)."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chassis import kafka, outbox, refilling, topics
from chassis.database import Database, connect
from schemas.envelope import Service
from schemas.topics import PARTITIONS
from tests.chassis.answering import EFFECTS, JUDGES, NOTES, OPERATOR
from tests.chassis.brokers import Mortal, mortal_broker
from tests.chassis.delivery import (
    CLOCK,
    SERVICES,
    Trial,
    begun,
    effects,
    make_trial,
    record,
    remove_topics,
    until,
)
from tests.databases import DatabaseOf
from tests.proposals.test_proposals_settings import ENVIRON


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    with mortal_broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
async def trial(broker: Mortal, database_url: str, database_of: DatabaseOf) -> AsyncIterator[Trial]:
    """Two services that answer each other, on a broker that may die."""
    admin = await connect(database_url, application="tests")
    for service in SERVICES:
        await admin.execute(
            f"CREATE TABLE {service}.trial_effects"
            " (id bigint GENERATED ALWAYS AS IDENTITY, trial_id text, number integer);"
            f"GRANT ALL ON {service}.trial_effects TO {service}"
        )
    await admin.close()
    trial = await make_trial(broker.bootstrap, database_of)
    yield trial
    await remove_topics(trial)


async def refill(trial: Trial, service: Service = "proposals") -> refilling.Gap:
    steps = refilling.refill(
        trial.parts(service),
        trial.settings(service),
        trial.databases[service],
        actor=OPERATOR,
        reason="the disk is gone",
    )
    gaps = [gap async for _, gap in steps]
    return gaps[-1]


async def all_published(trial: Trial, service: Service = "proposals") -> None:
    database = trial.databases[service]
    await until(
        lambda: database.value("SELECT count(*) FROM outbox WHERE published_at IS NULL"),
        lambda left: left == 0,
        within=90,
    )


async def publish(trial: Trial, service: Service = "proposals") -> None:
    async with trial.relay(service):
        await all_published(trial, service)


def neighbour_of(key: str) -> str:
    """Another case in the same partition."""
    partition = kafka.partition_of(key.encode(), PARTITIONS)
    names = (f"early-{key}-{number}" for number in range(1000))
    return next(one for one in names if kafka.partition_of(one.encode(), PARTITIONS) == partition)


async def commit_out_of_order(database: Database, first: str, second: str) -> None:
    """One takes its number and commits late; another overtakes it."""
    async with database.transaction() as tx:
        await outbox.record(tx, [begun(first)], actor=CLOCK)
        await record(database, begun(second))
        await until(
            lambda: database.value(
                "SELECT count(*) FROM outbox WHERE key = $1 AND published_at IS NOT NULL", second
            ),
            lambda published: published == 1,
        )


async def places(trial: Trial) -> dict[str, tuple[int, int]]:
    """Where each event lies in the log, by its id."""
    count = await trial.databases["proposals"].value("SELECT count(*) FROM outbox")
    return {
        dict(one.headers)["ce_id"].decode(): (one.partition, one.offset)
        for one in await trial.log(count=count)
    }


async def test_nothing_is_lost_or_doubled_when_the_disk_is(trial: Trial, broker: Mortal):
    """With every role running throughout, events recorded meanwhile, and numbers that overtook."""
    front, back = trial.databases["proposals"], trial.databases["applications"]
    expected: dict[str, int] = {}

    async def write(numbers: range) -> None:
        for number in numbers:
            await record(front, *(begun(f"case-{case}", number) for case in range(20)))

    async def settled() -> None:
        total = await front.value("SELECT count(*) FROM outbox")
        for database in (front, back):
            await until(
                lambda d=database: d.value("SELECT count(*) FROM trial_effects"),
                lambda seen: seen >= total,
                within=120,
            )
        for service in SERVICES:
            await all_published(trial, service)

    async with (
        trial.relay("proposals"),
        trial.relay("applications"),
        trial.worker(JUDGES, "applications"),
        trial.worker(NOTES, "proposals"),
    ):
        for number in range(4):
            await commit_out_of_order(front, f"late-{number}", neighbour_of(f"late-{number}"))
        await write(range(10))
        await settled()
        before = await places(trial)
        broker.kill()
        await write(range(10, 13))
        await asyncio.to_thread(broker.wipe)
        for service in SERVICES:
            gap = await refill(trial, service)
            assert gap.events >= 200
        await write(range(13, 16))
        await settled()
        await asyncio.sleep(2)
        after = await places(trial)

    judged_effects = await effects(back)
    expected = {f"case-{case}": list(range(16)) for case in range(20)}
    assert {
        name: [number for case, number in judged_effects if case == name] for name in expected
    } == expected
    assert len(judged_effects) == 20 * 16 + 8
    assert len(await effects(front)) == 20 * 16 + 8
    assert await back.value("SELECT count(*) FROM outbox") == 20 * 16 + 8
    both = [one for one in before if after[one][0] == before[one][0]]
    assert sorted(both, key=before.__getitem__) != sorted(both, key=after.__getitem__)
    for database in (front, back):
        assert await database.value("SELECT count(*) FROM parked") == 0
        assert await database.value("SELECT count(*) FROM waiting") == 0
        assert (
            await database.value(
                "SELECT count(*) FROM audit WHERE act LIKE '%rebuil%' OR act LIKE 'Rebuild%'"
            )
        ) >= 1


async def test_second_run_does_nothing(trial: Trial, broker: Mortal):
    await record(trial.databases["proposals"], *(begun(f"case-{n}") for n in range(10)))
    await publish(trial)
    assert (await refill(trial)).is_closed
    broker.wipe()

    first = await refill(trial)
    await publish(trial)
    second = await refill(trial)

    assert first.events == 10
    assert second.is_closed
    assert len(await trial.log(count=10)) == 10


async def test_reader_that_is_new_reads_a_refilled_log_whole(trial: Trial, broker: Mortal):
    """Though cases older than the outbox begin at some later number, and one has nothing left."""
    front = trial.databases["proposals"]
    for number in range(4):
        await record(front, begun("whole", number), begun("old", number), begun("silent", number))
    await publish(trial)
    async with front.transaction() as tx:
        await tx.execute("DELETE FROM outbox WHERE key = 'old' AND sequence < 3 OR key = 'silent'")
    broker.wipe()
    await refill(trial)
    await record(front, begun("silent", 9), begun("old", 9))
    await publish(trial)
    expected = {"whole": [0, 1, 2, 3], "old": [2, 3, 9], "silent": [9]}

    async with trial.worker(EFFECTS):
        seen = await until(
            lambda: effects(trial.databases["applications"]), lambda seen: len(seen) >= 8, within=30
        )

    assert {case: [n for name, n in seen if name == case] for case in expected} == expected


async def test_what_lies_below_a_hole_is_not_told_again(trial: Trial, broker: Mortal):
    front = trial.databases["proposals"]
    for number in range(4):
        await record(front, begun("torn", number))
    await publish(trial)
    async with front.transaction() as tx:
        await tx.execute("DELETE FROM outbox WHERE sequence = 2")
    broker.wipe()

    assert (await refill(trial)).events == 2


async def test_what_a_hasty_relay_sent_first_does_not_come_before_what_is_older(
    trial: Trial, broker: Mortal
):
    """Somebody ran `topics apply`, and the relay began with what was recorded meanwhile."""
    front = trial.databases["proposals"]
    await record(front, begun("one", 1), begun("one", 2))
    await publish(trial)
    broker.wipe()
    await record(front, begun("one", 3))
    await topics.apply(trial.settings("proposals"), "proposals")
    await publish(trial)

    gap = await refill(trial)
    await publish(trial)

    assert gap.events == 3
    assert [dict(one.headers)["ce_sequence"] for one in await trial.log(count=3)] == [
        b"1",
        b"2",
        b"3",
    ]


@pytest.mark.parametrize("where", ["rebuild.half", "rebuild.unmarked"])
async def test_killed_half_way_it_is_run_again(
    trial: Trial, broker: Mortal, where: str, tmp_path: Path
):
    front = trial.databases["proposals"]
    for number in range(3):
        await record(front, *(begun(f"case-{case}", number) for case in range(5)))
    await publish(trial)
    broker.wipe()
    (tmp_path / where).touch()
    died = await run_alone(trial, FAILPOINTS=str(tmp_path))
    assert died == -signal.SIGKILL
    await record(front, begun("case-0", 3))
    await topics.apply(trial.settings("proposals"), "proposals")
    await publish(trial)  # a relay that is back before the operator is

    gap = await refill(trial)
    await publish(trial)

    assert gap.events == 16
    assert not gap.is_closed
    assert (await refill(trial)).is_closed
    async with trial.worker(EFFECTS):
        seen = await until(
            lambda: effects(trial.databases["applications"]), lambda seen: len(seen) >= 16
        )
    assert sorted(seen) == sorted(
        [(f"case-{case}", number) for case in range(5) for number in range(3)] + [("case-0", 3)]
    )


async def run_alone(trial: Trial, **environment: str) -> int:
    """`rebuild-broker` as the operator runs it: a process of its own, which may be killed."""
    settings = trial.settings("proposals")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.proposals", "rebuild-broker", "--as", "Ada",
        "--reason", "the disk is gone",
        env={
            **os.environ,
            **ENVIRON,
            "DATABASE_URL": settings.dsn,
            "KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "TOPIC_PREFIX": settings.topic_prefix,
            "ENVIRONMENT": "test",
            **environment,
        },
    )  # fmt: skip
    return await asyncio.wait_for(process.wait(), 60)
