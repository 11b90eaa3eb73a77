"""P3, P4, P5: records that come again, out of order, late or spoilt, and a deploy that fails them all.

Straight onto the topic go plain cases, shuffled ones (each record one to five times, out of order
within the case, of one case one record withheld) and spoilt ones: one event in a hundred is poison, and
what follows it in its case must be blocked and nothing else. Half of all cases share one partition.
Then what is parked is settled as an operator would, and a deploy fails every event.
"""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis import parking
from chassis.actor import Actor, Role
from chassis.intake import Consumer
from chassis.kafka import partition_of
from chassis.parts import project
from schemas.topics import PARTITIONS
from tests.chassis.delivery import begun, effect, until, wire
from tests.promises.gates import AtLeast, AtMost
from tests.promises.trial_worker import CONSUMER
from tests.promises.trials import Applied, Stand, cpu_seconds, judge, stand

PROMISES = "P3, P4, P5"
SECONDS = {"smoke": 120, "full": 300, "release": 1200}
EVENTS = {"smoke": 200, "full": 2_000, "release": 10_000}
WITHHELD = {"smoke": 2.0, "full": 20.0, "release": 60.0}  # seconds
RATE = 300  # records a second
OF_A_CASE = 10  # events
MOST_TIMES = 5
AFTERWARDS = 60  # cases that the bad deploy meets
OPERATOR = Actor(None, "oxford", frozenset({Role.SUPPORT}), name="campaign")
KINDS = ("reaction", "json", "header", "schema", "nested")
"""How an event is spoilt; the first is mended later, the others are given up."""
REASONS = {
    "reaction": "handler",
    "json": "undecodable",
    "header": "undecodable",
    "schema": "schema",
    "nested": "too-large",
}


def gates(profile: str) -> dict[str, Any]:
    """What the figures must be."""
    return {
        "events": AtLeast(EVENTS[profile]),
        "poison": AtLeast(EVENTS[profile] // 100),
        "lost": 0,
        "duplicated": 0,
        "reordered": 0,
        "phantom": 0,
        "parked_amiss": 0,
        "blocked_amiss": 0,
        "waiting_at_the_end": 0,
        "withheld_drained_seconds": AtMost(5),
        "neighbours_lag_p99": AtMost(2),
        "cpu_share_at_rest": AtMost(0.5),
        "bad_deploy_parked": AtMost(20),
        "bad_deploy_cpu_share": AtMost(0.5),
        "bad_deploy_alarms": AtLeast(1),
        "workers_fallen": 0,
    }


@dataclass
class Plan:
    """What is sent, and what has to come of it."""

    dice: random.Random
    plain: list[str] = field(default_factory=list[str])
    wanted: Applied = field(default_factory=dict[str, list[int]])
    poison: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    withheld: tuple[str, int] = ("", 0)
    records: int = 0

    @classmethod
    def of(cls, events: int, dice: random.Random) -> "Plan":
        """So many events: of ten cases one is spoilt, three are shuffled."""
        plan = cls(dice)
        for number, case in enumerate(_cases(events // OF_A_CASE)):
            plan.wanted[case] = list(range(1, OF_A_CASE + 1))
            if number % 10 == 0:
                kind = KINDS[len(plan.poison) % len(KINDS)]
                plan.poison[case] = dice.randint(1, OF_A_CASE - 1), kind
            elif number % 10 > 3:
                plan.plain.append(case)
            elif not plan.withheld[0]:
                plan.withheld = case, dice.randint(1, OF_A_CASE - 2)
        return plan

    @property
    def given_up(self) -> set[tuple[str, int]]:
        """What cannot be mended, and has no effect for ever."""
        return {(case, at) for case, (at, kind) in self.poison.items() if kind != KINDS[0]}

    def blocked(self) -> int:
        """Events that stand behind a spoilt one of their case."""
        return sum(OF_A_CASE - at for at, _ in self.poison.values())

    def due(self) -> Applied:
        """What must have taken effect when all is settled."""
        return {
            case: [number for number in numbers if (case, number) not in self.given_up]
            for case, numbers in self.wanted.items()
        }

    def stream(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Every record in the order of its sending: case, number, and what lies in the log."""
        left = {case: self._order(case) for case in self.wanted}
        messages: dict[tuple[str, int], dict[str, Any]] = {}
        while left:
            case = self.dice.choice(list(left))
            number = left[case].pop(0)
            if not left[case]:
                del left[case]
            if (case, number) != self.withheld:
                self.records += 1
                message = messages.setdefault((case, number), self.message(case, number))
                yield case, number, message

    def _order(self, case: str) -> list[int]:
        """The numbers of a case in the order of their sending, each one to five times."""
        at, kind = self.poison.get(case, (0, ""))
        order: list[int] = []
        for number in self.wanted[case]:
            is_unknown = kind == "header" and number == at  # no id: each copy is another event
            times = 1 if is_unknown or case in self.plain else self.dice.randint(1, MOST_TIMES)
            order += [number] * times
        if case not in self.plain and case not in self.poison:
            self.dice.shuffle(order)
        return order

    def message(self, case: str, number: int) -> dict[str, Any]:
        """A record; spoilt where it is to be."""
        at, kind = self.poison.get(case, (0, ""))
        is_spoilt = number == at
        words = "breaks" if is_spoilt and kind == "reaction" else ""
        message = wire(begun(case, number, words), sequence=number)
        if is_spoilt and kind == "json":
            message["value"] = message["value"][:-1]
        elif is_spoilt and kind == "header":
            message["headers"]["ce_id"] = self.dice.choice([None, b"\xff\xfe", b"7"])
        elif is_spoilt and kind == "schema":
            message["value"] = b'{"university": "oxford"}'
        elif is_spoilt and kind == "nested":
            deep = b'{"words":' * 10_000 + b'"' + b"x" * 810_000 + b'"' + b"}" * 10_000
            message["value"] = deep
        return message


def _cases(count: int) -> list[str]:
    """Names of cases, every second one in the same partition."""
    names = (f"case-{number}" for number in itertools.count())
    hot = (f"hot-{number}" for number in itertools.count())
    together = (name for name in hot if partition_of(name.encode(), PARTITIONS) == 0)
    return [next(together if number % 2 else names) for number in range(count)]


async def run(profile: str, seed: int, folder: Path) -> dict[str, Any]:
    """Play it; the figures."""
    began = time.monotonic()
    async with stand(folder) as at:
        plan = Plan.of(EVENTS[profile], random.Random(seed))
        figures = await _damaged(at, plan, WITHHELD[profile])
        figures |= await _settled(at, plan)
        figures |= await _bad_deploy(at, plan)
        figures["waiting_at_the_end"] = await at.database.value("SELECT count(*) FROM waiting")
        figures |= judge(plan.due(), await at.applied())
    return figures | {"seconds": round(time.monotonic() - began, 1)}


async def _damaged(at: Stand, plan: Plan, withheld: float) -> dict[str, Any]:
    """Send it all; look at what is parked, blocked and waiting, and how the neighbours fare."""
    worker = at.workers.start()
    sent = await _send(at, plan)
    await at.at_rest()
    waited = await at.database.value("SELECT count(*) FROM waiting")
    used, since = cpu_seconds(worker), time.monotonic()
    await asyncio.sleep(withheld)
    share = (cpu_seconds(worker) - used) / (time.monotonic() - since)
    await at.send(plan.message(*plan.withheld))
    came = time.monotonic()
    await until(lambda: at.database.value("SELECT count(*) FROM waiting"), lambda n: n == 0)
    drained = time.monotonic() - came
    rows = await at.database.list_rows("SELECT status, reason FROM parked")
    reasons = Counter(row["reason"] for row in rows if row["status"] == "parked")
    planted = Counter(REASONS[kind] for _, kind in plan.poison.values())
    blocked = sum(row["status"] == "blocked" for row in rows)
    lags = await _lags(at, plan, sent)
    return {
        "events": sum(map(len, plan.wanted.values())),
        "records": plan.records,
        "poison": len(plan.poison),
        "parked_amiss": (reasons - planted).total() + (planted - reasons).total(),
        "blocked": blocked,
        "blocked_amiss": abs(blocked - plan.blocked()),
        "waited": waited,
        "withheld_drained_seconds": round(drained, 2),
        "neighbours_lag_p50": round(lags[len(lags) // 2], 3),
        "neighbours_lag_p99": round(lags[int(len(lags) * 0.99)], 3),
        "cpu_share_at_rest": round(share, 2),
    }


async def _send(at: Stand, plan: Plan) -> dict[tuple[str, int], float]:
    """At an even rate; when each event was first sent."""
    await at.send(wire(begun("first", 1), sequence=1))
    plan.wanted["first"] = [1]
    await until(at.applied, bool, within=60)
    sent: dict[tuple[str, int], float] = {}
    began = time.monotonic()
    for number, (case, sequence, message) in enumerate(plan.stream()):
        if case != "first":
            await asyncio.sleep(max(0, began + number / RATE - time.monotonic()))
            sent.setdefault((case, sequence), time.time())
            await at.send(message)
    return sent


async def _lags(at: Stand, plan: Plan, sent: dict[tuple[str, int], float]) -> list[float]:
    """From the sending of a plain case's event to its effect, by the one clock of this host."""
    rows = await at.database.list_rows(
        """
        SELECT trial_id, number, extract(epoch FROM at)::float8 AS at FROM trial_effects
         WHERE trial_id = ANY ($1)
        """,
        plan.plain,
    )
    return sorted(row["at"] - sent[row["trial_id"], row["number"]] for row in rows)


async def _settled(at: Stand, plan: Plan) -> dict[str, Any]:
    """Mend the reaction, give up what cannot be mended, and redrive every case."""
    (at.faults / "mended").touch()
    discarded = applied = 0
    for case, (_, kind) in plan.poison.items():
        if kind != KINDS[0]:
            await parking.discard(
                at.database, CONSUMER, await _first(at, case), actor=OPERATOR, reason="garbage"
            )
            discarded += 1
        applied += await _redrive(at, case)
    return {"discarded": discarded, "redriven": applied}


async def _first(at: Stand, case: str) -> int:
    return await at.database.value(
        """
        SELECT id FROM parked WHERE key = $1 AND status IN ('parked', 'blocked')
         ORDER BY sequence NULLS FIRST, id LIMIT 1
        """,
        case.encode(),
    )


async def _redrive(at: Stand, case: str) -> int:
    told = await parking.redrive(
        at.database,
        Consumer(CONSUMER, {type(begun("")): project(effect)}),
        await _first(at, case),
        actor=OPERATOR,
        reason="mended",
    )
    return told.applied


async def _bad_deploy(at: Stand, plan: Plan) -> dict[str, Any]:
    """A deploy that fails every event: it parks a few and stops; the next one goes on."""
    fallen = sum(process.poll() is not None for process in at.workers.running)
    for process in list(at.workers.running):
        await at.workers.stop(process)
    (at.faults / "everything").touch()
    bad = at.workers.start()
    for number in range(AFTERWARDS):
        plan.wanted[f"later-{number}"] = [1]
        await at.send(plan.message(f"later-{number}", 1))
    open_now = "SELECT count(*) FROM parked WHERE status IN ('parked', 'blocked')"
    await until(lambda: at.database.value(open_now), bool, within=60)
    await at.at_rest(still=3)
    used, since = cpu_seconds(bad), time.monotonic()
    await asyncio.sleep(3)
    share = (cpu_seconds(bad) - used) / (time.monotonic() - since)
    parked = await at.database.value(open_now)
    fallen += bad.poll() is not None
    await at.workers.stop(bad)

    (at.faults / "everything").unlink()
    at.workers.start()
    await at.at_rest(still=3)
    rows = await at.database.list_rows(
        "SELECT key FROM parked WHERE status IN ('parked', 'blocked') ORDER BY id"
    )
    for row in rows:
        await _redrive(at, row["key"].decode())
    return {
        "bad_deploy_parked": parked,
        "bad_deploy_cpu_share": round(share, 2),
        "bad_deploy_alarms": len(at.workers.said("breaker.open")),
        "workers_fallen": fallen,
    }
