"""P8: the broker's disk is lost under two services, and is refilled from the outbox.

Every event is an ordinary command at the reader: taken in twice, it would show twice. Some rows took
their number early and committed late, so that the new log has another order than the old.
"""

import asyncio
import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from chassis import history, outbox, refilling
from chassis.actor import Actor, Role
from chassis.clock import Clock
from chassis.database import Database, connect
from chassis.parts import Reactions, react
from tests import databases, servers
from tests.chassis.brokers import Mortal, mortal_broker
from tests.chassis.delivery import (
    CLOCK,
    Trial,
    TrialBegun,
    begun,
    effect,
    make_trial,
    record,
    until,
)
from tests.promises.gates import AtLeast, AtMost
from tests.promises.trials import EFFECTS

EVENTS = {"smoke": 500, "full": 10_000, "release": 100_000}
CASES, AT_ONCE = 100, 250
LATE = 10  # commits that another event overtook
UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"

GATES = {
    "lost": 0,
    "doubled": 0,
    "reordered": 0,
    "parked": 0,
    "waiting": 0,
    "sent_again": AtLeast(500),
    "minutes": AtMost(5),  # of 100,000 in the release profile
}


async def act(tx: Any, event: TrialBegun, *, now: Clock) -> None:
    """A command, which no reading of another log may run again."""
    await effect(tx, event)


ACTS: Reactions = {TrialBegun: react(act)}


async def run(profile: str, seed: int, folder: Path) -> dict[str, Any]:
    """Publish, lose the disk, refill, and count what the reader did."""
    dice = random.Random(seed)
    with mortal_broker(folder) as broker:
        async with databases.cloned(servers.postgres_dsn()) as admin:
            session = await connect(admin, application="campaign")
            await session.execute(EFFECTS)
            await session.close()
            async with databases.opened(admin) as database_of:
                trial = await make_trial(broker.bootstrap, database_of)
                return await _lose_the_disk(trial, broker, EVENTS[profile], dice)


async def _lose_the_disk(
    trial: Trial, broker: Mortal, events: int, dice: random.Random
) -> dict[str, Any]:
    front, back = trial.databases["proposals"], trial.databases["applications"]
    total = events + 2 * LATE
    async with trial.worker(ACTS):
        async with trial.relay():
            for number in range(LATE):
                await _overtake(front, f"late-{number}", f"early-{number}")
            await _write(front, events, dice)
            await _effects(back, total, within=600)
        await asyncio.to_thread(broker.wipe)
        began = time.monotonic()
        actor = Actor(None, "", frozenset({Role.SUPPORT}), name="the campaign")
        parts, settings = trial.parts("proposals"), trial.settings("proposals")
        steps = refilling.refill(parts, settings, front, actor=actor, reason="the disk is gone")
        sent_again = max([gap.events async for _, gap in steps])
        async with trial.relay():
            await until(lambda: front.value(UNPUBLISHED), lambda left: left == 0, within=600)
            took = time.monotonic() - began
            await _all_read(trial)
            was = total
            await _write(front, AT_ONCE, dice, first=events)
            await _effects(back, was + AT_ONCE, within=120)
    figures = await _judge(front, back)
    return figures | {
        "events": total + AT_ONCE,
        "sent_again": sent_again,
        "minutes": round(took / 60, 2),
    }


async def _write(front: Database, events: int, dice: random.Random, *, first: int = 0) -> None:
    for start in range(first, first + events, AT_ONCE):
        told = [
            begun(f"case-{dice.randrange(CASES)}", number)
            for number in range(start, min(start + AT_ONCE, first + events))
        ]
        async with front.transaction() as tx:
            await outbox.record(tx, told, actor=CLOCK)


async def _overtake(front: Database, late: str, early: str) -> None:
    async with front.transaction() as tx:
        await outbox.record(tx, [begun(late)], actor=CLOCK)
        await record(front, begun(early))
        await until(lambda: front.value(UNPUBLISHED), lambda left: left == 0)


async def _effects(back: Database, count: int, *, within: float) -> None:
    await until(
        lambda: back.value("SELECT count(*) FROM trial_effects"),
        lambda seen: seen >= count,
        within=within,
    )


async def _all_read(trial: Trial) -> None:
    """The reader stands at the end of the new log."""
    back = trial.databases["applications"]
    async with history.opened(trial.settings("proposals")) as past:
        consumer = trial.consumer(ACTS)
        ends = (await past.bounds(consumer.topics)).end

    async def behind() -> int:
        rows = await back.list_rows("SELECT topic, partition, next_position FROM positions")
        at = {(row["topic"], row["partition"]): row["next_position"] for row in rows}
        begun_anew = [place for place, end in ends.items() if end > 3]
        return sum(max(0, ends[place] - at.get(place, 0)) for place in begun_anew)

    await until(behind, lambda left: left == 0, within=300)


async def _judge(front: Database, back: Database) -> dict[str, int]:
    """Against the outbox, which is what was decided."""
    told = await front.list_rows(
        "SELECT key, convert_from(value, 'UTF8')::jsonb ->> 'number' AS number"
        " FROM outbox ORDER BY key, sequence"
    )
    seen = await back.list_rows("SELECT trial_id, number FROM trial_effects ORDER BY id")
    expected, found = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for row in told:
        expected[row["key"]].append(int(row["number"]))
    for row in seen:
        found[row["trial_id"]].append(row["number"])
    return {
        "lost": sum(len(set(all_of) - set(found[case])) for case, all_of in expected.items()),
        "doubled": sum(len(each) - len(set(each)) for each in found.values()),
        "reordered": sum(list(dict.fromkeys(found[c])) != all_of for c, all_of in expected.items()),
        "parked": await back.value("SELECT count(*) FROM parked"),
        "waiting": await back.value("SELECT count(*) FROM waiting"),
    }
