"""P6 and P7: whatever link fails, in whichever way, nothing is lost or parked, and it heals by itself.

Under traffic, one trouble after another befalls the links to Postgres, Kafka and SMTP: a server is
away, every link is cut and they come back in another order, a link is a black hole one way or both,
half-open, slow, lossy, or breaks in mid-frame. An outage is not poison: at the end nothing is parked.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis.database import connect
from deploy.local.probes import answers_ok
from deploy.local.services import SERVICES
from tests.chassis.delivery import until
from tests.promises.gates import AtLeast, AtMost
from tests.promises.scheduler import Fault, Played, Role
from tests.promises.siege import CLEAN, COMES_TO_REST, Siege, siege
from tests.promises.stage import LINKED, Stage, stage

PROMISES = "P6, P7"
COMMANDS = {"smoke": 150, "full": 600, "release": 6_000}
AWAY = {"smoke": 10.0, "full": 60.0, "release": 600.0}
HALF_OPEN = {"smoke": 5.0, "full": 20.0, "release": 900.0}
OTHERS = {"smoke": 3.0, "full": 6.0, "release": 60.0}
SHORT_ONES = {"smoke": 8, "full": 23, "release": 23}  # of all there are, drawn by the seed
BETWEEN = 2.0  # seconds of peace
SECONDS = {"smoke": 480.0, "full": 900.0, "release": 2 * 3600.0}
ROLES: dict[str, Role] = {"postgres": "postgres", "kafka": "broker"}

PARKED = "SELECT " + " + ".join(
    f"(SELECT count(*) FROM {service}.parked WHERE status IN ('parked', 'blocked'))"
    for service in SERVICES
)
PAGES = 4096


def gates(profile: str) -> dict[str, Any]:
    """Nothing amiss, and everything came back in time."""
    return {
        **CLEAN,
        "parked": 0,
        "commands": AtLeast(COMMANDS[profile]),
        "troubles": SHORT_ONES[profile] + 3,
        "accepted_while_kafka_is_away": AtLeast(1),
        "ready_seconds_most": AtMost(30),
        "recovery_server_lag_p99": AtMost(60),
        "memory_grown_mb": AtMost(100),
    }


@dataclass
class Troubles:
    """What befalls the links, one trouble after the other, drawn from a seed."""

    under: Siege
    profile: str
    dice: random.Random
    played: Counter[str] = field(default_factory=Counter[str])
    accepted: Counter[str] = field(default_factory=Counter[str])
    ready_after: list[float] = field(default_factory=list[float])

    async def play(self) -> None:
        """All of them, the two long ones first."""
        for link in ("postgres", "kafka"):
            async with self._trouble("away", link, AWAY):
                await self.under.on.links.set(link, refuse=True)
                await self.under.on.links.cut(link)
        await self._cut_one_by_one()
        rest = [("half-open", link, HALF_OPEN, None) for link in ("postgres", "kafka")] + [
            (name, link, OTHERS, faults) for link in LINKED for name, faults in self._ways_to_fail()
        ]
        rest = self.dice.sample(rest, k=SHORT_ONES[self.profile])
        for name, link, seconds, faults in rest:
            async with self._trouble(name, link, seconds):
                if faults is None:
                    await self.under.on.links.strand(link)
                else:
                    await self.under.on.links.set(link, **faults)

    def _ways_to_fail(self) -> list[tuple[str, dict[str, Any]]]:
        breaks = {
            "reset_after": self.dice.randint(20, 2000),
            "reset_way": self.dice.choice(["up", "down"]),
            "times": 10,
        }
        return [
            ("black hole", {"drop": "both"}),
            ("deaf", {"drop": "up"}),
            ("dumb", {"drop": "down"}),
            ("slow", {"delay": 1.0, "jitter": 0.3}),  # each way: a round trip takes two seconds
            ("lossy", {"loss": 0.3}),
            ("trickle", {"rate": 20_000}),
            ("broken in mid-frame", breaks),
        ]

    @asynccontextmanager
    async def _trouble(
        self, name: str, link: str, seconds: dict[str, float]
    ) -> AsyncIterator[None]:
        """One kind of it on one link, for so long; then it heals, and all must be ready."""
        await asyncio.sleep(BETWEEN)
        endings, began = self.under.house.door.endings, time.time()
        before = endings["ok"]
        self.under.history.fault(name, link)
        yield
        await asyncio.sleep(seconds[self.profile])
        self.accepted[f"{name} {link}"] += endings["ok"] - before
        await self.under.on.links.heal(link)
        self.under.history.fault("healed", link)
        await self._heals(name, link, began)

    async def _heals(self, name: str, link: str, began: float) -> None:
        healed = time.time()
        self.played[name] += 1
        if role := ROLES.get(link):
            number, lasted = self.played.total(), healed - began
            fault = Fault(number, BETWEEN, "freeze", role, 0.0, round(lasted, 1))
            self.under.recoveries.begin(Played(fault, link, began, healed))
        await self.under.on.is_well(within=120)
        for url in (url for urls in self.under.on.addresses.webs.values() for url in urls):
            # Asked anew: what the supervisor knows of a process is from its start.
            await until(lambda url=url: answers_ok(f"{url}/readyz"), bool, within=120)
        self.ready_after.append(time.time() - healed)

    async def _cut_one_by_one(self) -> None:
        """Every link is cut while others still are, and they heal in another order."""
        links, began = list(LINKED), time.time()
        self.dice.shuffle(links)
        for link in links:
            self.under.history.fault("cut", link)
            await self.under.on.links.set(link, refuse=True)
            await self.under.on.links.cut(link)
            await asyncio.sleep(OTHERS[self.profile] / 3)
        self.dice.shuffle(links)
        for link in links:
            await self.under.on.links.heal(link)
            self.under.history.fault("healed", link)
            await asyncio.sleep(self.dice.uniform(0.2, 1))
        await self._heals("cut one by one", "postgres", began)


async def run(profile: str, seed: int, folder: Path) -> dict[str, Any]:
    """Play every trouble under traffic, and tell what was left of it."""
    commands = COMMANDS[profile]
    async with (
        stage(folder / "stage", links=True, seed=seed) as on,
        siege(on, seed=seed, commands=commands) as under,
    ):
        return await besieged(under, profile, seed)


async def besieged(under: Siege, profile: str, seed: int) -> dict[str, Any]:
    """The same in a house that others have brought up, with links."""
    on, commands = under.on, COMMANDS[profile]
    troubles = Troubles(under, profile, random.Random(seed))
    before = _memory(on)
    lasts = AWAY[profile] * 2 + (OTHERS[profile] + BETWEEN) * SHORT_ONES[profile]
    await under.load(commands, troubles.play, rate=commands / lasts)
    await under.recoveries.are_over(within=120)
    await under.rests(within=COMES_TO_REST[profile])
    after = _memory(on)
    stayed = [name for name, (pid, _) in before.items() if after.get(name, (0, 0))[0] == pid]
    figures = await under.judged()
    counts = await on.links.counts()
    return {
        **figures,
        "parked": await _parked(on),
        "troubles": troubles.played.total(),
        "accepted_while_kafka_is_away": troubles.accepted["away kafka"],
        "accepted_while_postgres_is_away": troubles.accepted["away postgres"],
        "ready_seconds_most": round(max(troubles.ready_after), 1),
        "memory_grown_mb": max((after[name][1] - before[name][1] for name in stayed), default=0),
        "ended_meanwhile": len(before) - len(stayed),
        "links": [{"link": name, **told} for name, told in counts.items()],
    }


async def _parked(on: Stage) -> int:
    session = await connect(on.addresses.dsn, application="promises")
    try:
        return int(await session.fetchval(PARKED))
    finally:
        await session.close()


def _memory(on: Stage) -> dict[str, tuple[int, int]]:
    """Of each process of ours: its number, and the memory it holds, in megabytes."""
    found: dict[str, tuple[int, int]] = {}
    for role in ("web", "relay", "worker"):
        for name in on.names(role):
            if pid := on.pid(name):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                found[name] = (pid, pages * PAGES // 2**20)
    return found
