"""P8, P20: the broker's disk is lost under the whole house, and the outboxes fill a new one.

What an operator does is what the runbook says, command by command, while pages go on. Every reader then
reads another log under the same names, from its beginning; everything in it was read before. So nothing
may take effect again, and above all no letter may be sent again.
"""

import asyncio
import random
import shutil
import time
from pathlib import Path
from typing import Any

from chassis.database import connect
from deploy.local import kafka
from deploy.local.services import SERVICES
from tests.promises.gates import AtLeast, AtMost
from tests.promises.operating import SIGNED, runs
from tests.promises.siege import CLEAN, COMES_TO_REST, Siege, siege
from tests.promises.stage import Stage, stage

PROMISES = "P8, P20"
COMMANDS = {"smoke": 300, "full": 2_000, "release": 10_000}
AWAY = {"smoke": 5.0, "full": 20.0, "release": 60.0}  # under load, before anybody mends it
SECONDS = {"smoke": 300.0, "full": 900.0, "release": 3600.0}
REFILLED_WITHIN = 600.0

LETTERS = "SELECT count(*) FROM notifications.deliveries"
PUBLISHED = " UNION ALL ".join(
    f"SELECT count(*) AS rows FROM {service}.outbox WHERE published_at IS NOT NULL"
    for service in SERVICES
)


def gates(profile: str) -> dict[str, Any]:
    """Nothing amiss, nothing mailed again, and everything that was sent was sent again."""
    return {
        **CLEAN,
        "commands": AtLeast(2 * COMMANDS[profile]),
        "letters_again": 0,
        "refused_logs": AtLeast(len(SERVICES)),
        "events_sent_again": AtLeast(COMMANDS[profile]),
        "minutes": AtMost(5),
    }


async def run(profile: str, seed: int, folder: Path) -> dict[str, Any]:
    """Lose the disk while nothing is on its way, and once more under load; then judge."""
    commands = COMMANDS[profile]
    async with (
        stage(folder / "stage") as on,
        siege(on, seed=seed, commands=2 * commands) as under,
    ):
        dice = random.Random(f"{seed} disk")
        away = [AWAY[profile] * dice.uniform(0.5, 1) for _ in range(2)]
        await under.load(commands, lambda: asyncio.sleep(0))
        await under.rests(within=COMES_TO_REST[profile])
        at_rest = await _at_rest(under, away[0])
        await under.load(commands, lambda: _loses_its_disk(under, away[1]))
        await under.rests(within=COMES_TO_REST[profile])
        figures = await under.judged()
        return {**figures, **at_rest, "refused_logs": _seen_as_another(on)}


async def _at_rest(under: Siege, away: float) -> dict[str, Any]:
    """With nothing on its way before, whatever is written or mailed after was so twice."""
    on = under.on
    before, published = await _number(on, LETTERS), await _number(on, PUBLISHED)
    began = time.monotonic()
    await _loses_its_disk(under, away)
    await under.rests(within=REFILLED_WITHIN)
    return {
        "minutes": round((time.monotonic() - began - away) / 60, 2),
        "letters_before": before,
        "letters_again": await _number(on, LETTERS) - before,
        "events_sent_again": published,
    }


async def _loses_its_disk(under: Siege, away: float) -> None:
    """It is gone, for a while nobody sees to it, and then it is mended."""
    on = under.on
    await on.end("kafka")
    under.history.fault("disk lost", "kafka")
    broker = on.stack.brokers["kafka"]
    shutil.rmtree(broker.data)
    await asyncio.sleep(away)
    await _mends_it(on, broker)
    under.history.fault("disk mended", "kafka")


async def _mends_it(on: Stage, broker: kafka.Broker) -> None:
    """`docs/operating.md`, "The broker has lost its disk", step by step."""
    relays = on.names("relay")
    for relay in relays:
        await on.end(relay)
    await asyncio.to_thread(kafka.prepare, broker)
    on.begin("kafka")
    await on.is_well(within=120, names=["kafka"])
    for service in SERVICES:
        await runs(on, service, "topics", "apply")
    for service in SERVICES:
        await runs(on, service, "rebuild-broker", *SIGNED, within=REFILLED_WITHIN)
    for relay in relays:
        on.begin(relay)
    await on.is_well(within=120)
    await runs(on, "proposals", "restate", "contacts", "--anew", *SIGNED, within=REFILLED_WITHIN)


def _seen_as_another(on: Stage) -> int:
    """How many services found that a log they knew is another one now."""
    logs = on.addresses.folder / "logs"
    found = {
        file.name.partition("-")[0]
        for file in logs.glob("*-worker*")
        if "log.is_another" in file.read_text(errors="replace")
    }
    return len(found & set(SERVICES))


async def _number(on: Stage, sql: str) -> int:
    session = await connect(on.addresses.dsn, application="promises")
    try:
        return sum(row[0] for row in await session.fetch(sql))
    finally:
        await session.close()
