"""The reader that we hand to subscribers reads what our relay sends, with a client that is not ours."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chassis.delivery import Trial, begun, record, wire
from tests.house.tree import ROOT

READER = ROOT / "docs" / "readers" / "reader.py"


@asynccontextmanager
async def reading(trial: Trial, *arguments: str) -> AsyncIterator[Process]:
    given = {
        "KAFKA_BOOTSTRAP": trial.bootstrap,
        "TOPIC_PREFIX": trial.prefix,
        "GROUP": trial.prefix,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(READER), *arguments, stdout=PIPE, env=os.environ | given
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def lines_of(process: Process, *, count: int) -> list[list[str]]:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return [(await process.stdout.readline()).decode().split(" ", 4) for _ in range(count)]


async def test_reader_prints_a_case_in_order_and_each_event_once(trial: Trial):
    told = [begun("one", number) for number in range(5)]
    for event in told:
        await record(trial.databases["proposals"], event, begun("two", event.number))
    twice = wire(begun("one", 5), sequence=6)

    async with trial.relay():
        await trial.log(count=10)
    await trial.send(**twice)
    await trial.send(**twice)
    await trial.send(**wire(begun("one", 6), sequence=7))
    async with reading(trial, "one") as process:
        printed = await lines_of(process, count=7)

    assert [(line[2], line[3]) for line in printed] == [("one", str(n)) for n in range(1, 8)]
    assert {line[1] for line in printed} == {"micro-internships.proposals.TrialBegun.v1"}
    assert printed[0][4].strip() == told[0].model_dump_json()
