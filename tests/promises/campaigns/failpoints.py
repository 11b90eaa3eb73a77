"""Every boundary fells processes: between any two steps that matter, nothing is lost or doubled.

Each name of `chassis/failpoints.py`, in each role that passes it, is armed in turn until enough processes
have fallen there; many fall side by side. What only time brings about comes at the end: business time
leaps to where the open cycle closes, and the relays fall at what is due.
"""

import asyncio
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from deploy.demo.clock import Clock
from tests.promises import drivers
from tests.promises.arming import PAIRS, Arming, Pair, drawn
from tests.promises.gates import AtLeast
from tests.promises.load import programme
from tests.promises.load.preparing import OXFORD
from tests.promises.siege import CLEAN, COMES_TO_REST, Siege, siege
from tests.promises.stage import stage

PROMISES = "P1, P2, P3, P19, P29, P30"
COMMANDS = {"smoke": 200, "full": 1_200, "release": 6_000}
EACH = {"smoke": 1, "full": 3, "release": 20}
DRAWN = {"smoke": 10, "full": None, "release": None}
WITHIN = {"smoke": 60.0, "full": 240.0, "release": 1500.0}  # of each of its two parts
SECONDS = {"smoke": 240.0, "full": 900.0, "release": 4000.0}
NEEDS_THREE_BROKERS = "relay.part_acknowledged"  # one broker answers for all partitions at once


def gates(profile: str) -> dict[str, Any]:
    """Nothing amiss, and no boundary left out."""
    return {**CLEAN, "coverage_percent": AtLeast(100), "least_felled": AtLeast(EACH[profile])}


async def run(profile: str, seed: int, folder: Path, *, brokers: int = 3) -> dict[str, Any]:
    """Arm everything that is to be armed, and judge what is left."""
    commands = COMMANDS[profile]
    async with (
        stage(folder / "stage", brokers=brokers) as on,
        siege(on, seed=seed, commands=commands) as under,
    ):
        arming = await besieged(under, profile, seed, commands)
        await under.rests(within=COMES_TO_REST[profile])
        return {**await under.judged(), **told(arming)}


async def besieged(under: Siege, profile: str, seed: int, commands: int) -> Arming:
    """Under load first, then with what time brings about."""
    source = random.Random(f"{seed} failpoints")
    has_three = len(under.on.names("broker")) == 3
    pairs = [pair for pair in PAIRS if has_three or pair[0] != NEEDS_THREE_BROKERS]
    wanted = drawn(source, DRAWN[profile], EACH[profile], pairs)
    arming = Arming(under.on, under.history, source, wanted)
    by_time = [pair for pair in wanted if is_brought_by_time(pair)]
    under_load = [pair for pair in wanted if pair[1] != "operator" and pair not in by_time]
    await under.load(commands, lambda: _fall(arming, under_load, WITHIN[profile]))
    await drivers.operate(arming)
    if arming.open_pairs(by_time):
        await under.rests(within=COMES_TO_REST[profile])
        await asyncio.gather(arming.fell(by_time, within=WITHIN[profile]), _time_passes(under))
    return arming


def is_brought_by_time(pair: Pair) -> bool:
    """In a relay, commands are what falls due."""
    name, role = pair
    return role == "relay" and not name.startswith("relay.")


def told(arming: Arming) -> dict[str, Any]:
    """The whole list, and what it comes to."""
    rows = arming.coverage()
    met = [row for row in rows if row["felled"] >= row["wanted"]]
    return {
        "coverage_percent": round(100 * len(met) / len(rows), 1),
        "least_felled": min(row["felled"] for row in rows),
        "felled": sum(row["felled"] for row in rows),
        "boundaries": len(rows),
        "boundaries_known": len(PAIRS),
        "failpoints": rows,
    }


async def _fall(arming: Arming, pairs: list[Pair], within: float) -> None:
    driving = [
        asyncio.create_task(drive(arming))
        for pair, drive in drivers.ALONGSIDE.items()
        if pair in pairs
    ]
    try:
        await arming.fell(pairs, within=within)
    finally:
        for each in driving:
            each.cancel()
        await asyncio.gather(*driving, return_exceptions=True)


async def _time_passes(under: Siege) -> None:
    """To where the open cycle closes: an act falls due for each of its vacancies."""
    clock = Clock(under.on.addresses.dsn, patience=120)
    try:
        closing = programme.NOW + timedelta(days=40, minutes=1)
        await clock.leaps_to(closing.replace(tzinfo=OXFORD))
    finally:
        await clock.close()
