"""A batch that was fetched before its partition was sent elsewhere waits for nobody, and is dropped.

It has been polled, and waits for its turn; meanwhile the position is found anew. Taken for what stands
there, its first record would pass for the first of a log without a beginning, or for another log's.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.engine import Engine
from chassis.parts import Reactions, project
from schemas.topics import PARTITIONS
from tests.chassis.delivery import Trial, TrialBegun, begun, effect, effects, until, wire

EFFECTS: Reactions = {TrialBegun: project(effect)}
TOLD = 6
FORGOTTEN = """
    UPDATE positions SET next_position = 0, last_event_id = NULL, last_record_at = NULL
     WHERE next_position > 0
"""


class Reader:
    """The worker's two steps, one by one: it polls, and later its batch is taken in."""

    def __init__(self, engine: Engine, client: Any) -> None:
        self.engine = engine
        self.client = client

    async def polls(self) -> list[Any]:
        """The next record."""
        found = await self.client.getmany(timeout_ms=2000, max_records=1)
        self.engine.polled()
        return [record for records in found.values() for record in records]

    async def takes_in(self, records: list[Any]) -> None:
        await self.engine.run(records)


@pytest.fixture
async def reader(trial: Trial) -> AsyncIterator[Reader]:
    consumer = trial.consumer(EFFECTS)
    engine = Engine(consumer, prefix=trial.prefix, database=trial.databases["applications"])
    client: Any = AIOKafkaConsumer(
        bootstrap_servers=trial.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await client.start()
    engine.find_client = lambda: client
    name = f"{trial.prefix}.proposals.events"
    parts = [TopicPartition(name, number) for number in range(PARTITIONS)]
    client.assign(parts)
    await engine.on_partitions_assigned(parts)
    yield Reader(engine, client)
    await client.stop()


async def test_batch_from_before_is_not_what_stands_there(trial: Trial, reader: Reader):
    there = trial.databases["applications"]
    for number in range(TOLD):
        await trial.send(**wire(begun("one", number), sequence=number + 1))
    await reader.takes_in(await reader.polls())
    assert await effects(there) == [("one", 0)]

    async with there.transaction() as tx:
        await tx.execute(FORGOTTEN)
    await reader.takes_in(await reader.polls())  # refused: somebody else has moved it
    in_hand = await reader.polls()
    assert in_hand
    await reader.engine.tend()  # finds the position anew, and reads on from there
    await reader.takes_in(in_hand)

    async def go_on() -> list[tuple[str, int]]:
        await reader.engine.tend()
        await reader.takes_in(await reader.polls())
        return await effects(there)

    await until(go_on, lambda seen: len(seen) >= TOLD)
    assert await effects(there) == [("one", number) for number in range(TOLD)]
    assert not await there.value("SELECT bool_or(born_late) FROM positions")


async def test_nothing_is_taken_in_once_it_was_drained(trial: Trial, reader: Reader):
    there = trial.databases["applications"]
    await trial.send(**wire(begun("one", 0), sequence=1))
    await reader.engine.drain()
    # The group may give us partitions once more before we have left it.
    name = f"{trial.prefix}.proposals.events"
    await reader.engine.on_partitions_assigned(
        [TopicPartition(name, number) for number in range(PARTITIONS)]
    )
    in_hand = await reader.polls()
    assert in_hand
    await reader.takes_in(in_hand)

    assert await effects(there) == []
