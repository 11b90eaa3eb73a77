"""P28: workers that come and go, freeze and wake: nothing twice, nothing lost, zombies refused.

Events arrive at an even rate while a worker joins or leaves every three seconds. Then one is stopped
(SIGSTOP) until the group has long given its partitions away, and continues; and another is made to
hesitate as long between a poll and its transaction, so that it wakes with records in hand and writes
them: each such record must be refused. Workers that are killed are the matter of P1.
"""

import asyncio
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chassis.delivery import begun, until, wire
from tests.promises.gates import AtLeast, AtMost
from tests.promises.trials import Applied, Stand, judge, stand

PROMISES = "P28"
SECONDS = {"smoke": 150, "full": 300, "release": 900}
STORM = {"smoke": 9.0, "full": 60.0, "release": 300.0}  # seconds
FROZEN = {"smoke": 25.0, "full": 25.0, "release": 60.0}  # seconds; a session ends after 10
EVERY = 3.0  # seconds from one join or leave to the next: twenty a minute
RATE = 100  # events a second
CASES = 60
FEWEST, MOST = 2, 4  # workers


def gates(profile: str) -> dict[str, Any]:
    """What the figures must be. The smallest storm is too short to measure throughput in."""
    share = {} if profile == "smoke" else {"throughput_share": AtLeast(0.5)}
    return share | {
        "changes": AtLeast(int(STORM[profile] / EVERY) - 1),
        "lost": 0,
        "duplicated": 0,
        "reordered": 0,
        "phantom": 0,
        "parked": 0,
        "zombies_woken": AtLeast(2),
        "zombie_records_refused": AtLeast(1),
        "seconds_to_lag_0": AtMost(60),
        "ended_badly": 0,
    }


@dataclass
class Storm:
    """What is done to the workers, and what came of it."""

    at: Stand
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter[str])
    ended_badly: int = 0

    async def blow(self, seconds: float) -> None:
        """Somebody joins or leaves, every few seconds."""
        ends, leaving = time.monotonic() + seconds, list[asyncio.Future[None]]()
        while time.monotonic() < ends:
            await asyncio.sleep(EVERY)
            joined = [one for one in self.at.workers.running if self.at.workers.has_begun(one)]
            running = len(self.at.workers.running)
            if len(joined) <= FEWEST or (running < MOST and self.dice.random() < 0.5):
                self.at.workers.start()
                self.done["joined"] += 1
            else:
                leaving.append(asyncio.ensure_future(self._leave(self.dice.choice(joined))))
                self.done["left"] += 1
        await asyncio.gather(*leaving)

    async def _leave(self, worker: Any) -> None:
        self.ended_badly += await self.at.workers.stop(worker) != 0

    async def freeze(self, seconds: float) -> int:
        """One is stopped in the middle of whatever it does, another falls asleep with records in hand.

        A third goes on with their partitions, when the group has given them up. How many woke again.
        """
        while len(self.at.workers.running) < FEWEST + 1:
            self.at.workers.start()
            await asyncio.sleep(EVERY)
        failpoints = self.at.folder / "failpoints"
        (failpoints / "worker.polled").write_text(f"sleep {seconds}")
        taken = await until(
            lambda: asyncio.sleep(0, list(failpoints.glob("worker.polled.*"))), bool, within=30
        )
        asleep = int(taken[0].suffix[1:])
        victim = self.dice.choice([one for one in self.at.workers.running if one.pid != asleep])
        victim.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        victim.send_signal(signal.SIGCONT)
        await asyncio.sleep(EVERY)  # let them find out
        return sum(one.poll() is None for one in self.at.workers.running if one is victim) + len(
            taken
        )


async def run(profile: str, seed: int, folder: Path) -> dict[str, Any]:
    """Play it; the figures."""
    async with stand(folder) as at:
        storm = Storm(at, random.Random(seed))
        for _ in range(FEWEST + 1):
            at.workers.start()
        await at.send(wire(begun("first", 1), sequence=1))
        await until(at.applied, bool, within=60)

        began, over = time.monotonic(), asyncio.Event()
        sending = asyncio.ensure_future(_send(at, random.Random(f"{seed}/events"), over))
        await storm.blow(STORM[profile])
        in_time, so_far = sum(map(len, (await at.applied()).values())), at.sent
        stalled = await _longest_stall(at)
        woken = await storm.freeze(FROZEN[profile])
        over.set()
        wanted = await sending
        ended = time.monotonic()
        sent = sum(map(len, wanted.values()))
        left = await _caught_up(at, sent)
        caught_up = time.monotonic()
        refused = at.workers.said("records.refused")
        return {
            "events": sent,
            "changes": storm.done.total(),
            **dict(sorted(storm.done.items())),
            "zombies_woken": woken,
            "zombie_records_refused": sum(line["count"] for line in refused),
            **judge(wanted, await at.applied()),
            "left_at_the_end": left,
            "parked": await at.database.value("SELECT count(*) FROM parked"),
            "throughput_share": round(in_time / so_far, 3),
            "longest_stall_in_storm_seconds": stalled,
            "seconds_to_lag_0": round(caught_up - ended, 1),
            "ended_badly": storm.ended_badly,
            "seconds": round(caught_up - began, 1),
        }


async def _send(at: Stand, dice: random.Random, over: asyncio.Event) -> Applied:
    """Events of some cases at an even rate until told to stop; what was sent."""
    wanted: Applied = {"first": [1]}
    began = time.monotonic()
    number = 0
    while not over.is_set():
        case = f"case-{dice.randrange(CASES)}"
        numbers = wanted.setdefault(case, [])
        numbers.append(len(numbers) + 1)
        await at.send(wire(begun(case, numbers[-1]), sequence=numbers[-1]))
        number += 1
        await asyncio.sleep(max(0, began + number / RATE - time.monotonic()))
    await at.producer.flush()
    return wanted


async def _caught_up(at: Stand, sent: int) -> int:
    """Wait until all has taken effect; how much has not, if it takes for ever."""
    count = "SELECT count(DISTINCT (trial_id, number)) FROM trial_effects"
    with suppress(AssertionError):
        await until(lambda: at.database.value(count), lambda done: done >= sent, within=90)
    await asyncio.sleep(1)  # whatever comes too often comes now
    return sent - await at.database.value(count)


async def _longest_stall(at: Stand) -> float:
    """The longest time in which nothing at all took effect."""
    return await at.database.value(
        """
        SELECT round(max(gap), 1)::float8
          FROM (SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY at)) AS gap
                  FROM trial_effects) AS gaps
        """
    )
