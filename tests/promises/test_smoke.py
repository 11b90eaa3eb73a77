"""The smallest size of the campaigns that need the whole house: on one stage, one after the other."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.promises.campaigns import failpoints, kills
from tests.promises.gates import judged
from tests.promises.scheduler import drawn, play
from tests.promises.siege import CLEAN, COMES_TO_REST, Siege, siege
from tests.promises.stage import stage

SEED = 4
KAFKA_AWAY = 10.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def under() -> AsyncIterator[Siege]:
    """One house for all of them."""
    commands = kills.COMMANDS["smoke"] + failpoints.COMMANDS["smoke"]
    async with stage(links=True) as on, siege(on, seed=SEED, commands=commands) as under:
        yield under


async def test_kills_lose_nothing(under: Siege):
    schedule = drawn(SEED, kills.KILLS["smoke"])
    played = await under.load(
        kills.COMMANDS["smoke"],
        lambda: play(schedule, under.on, under.history, when_healed=under.recoveries.begin),
        rate=kills.COMMANDS["smoke"] / sum(fault.after for fault in schedule),
    )
    assert await under.recoveries.are_over(within=120)

    await _is_clean(under, kills.gates("smoke"), kills.counted(played))


async def test_commands_are_accepted_while_kafka_is_away(under: Siege):
    accepted = under.house.door.endings["ok"]

    async def away() -> int:
        await under.on.links.set("kafka", drop="both")
        await under.on.links.cut("kafka")
        await asyncio.sleep(KAFKA_AWAY)
        meanwhile = under.house.door.endings["ok"] - accepted
        await under.on.links.heal("kafka")
        return meanwhile

    meanwhile = await under.load(50, away, clients=8)
    began = time.monotonic()

    await _is_clean(under, CLEAN, {})
    assert meanwhile > 0
    assert time.monotonic() - began < 2 * COMES_TO_REST["smoke"]


async def test_what_falls_between_two_steps_loses_nothing(under: Siege):
    arming = await failpoints.besieged(under, "smoke", SEED, failpoints.COMMANDS["smoke"])

    await _is_clean(under, failpoints.gates("smoke"), failpoints.told(arming))


async def _is_clean(under: Siege, gates: dict[str, Any], told: dict[str, Any]) -> None:
    await under.rests(within=COMES_TO_REST["smoke"])
    figures = {**await under.judged(), **told}
    failed = [gate for gate in judged(figures, gates) if not gate.passed]
    assert failed == [], figures.get("examples")
