"""Faults drawn from a seed: the same seed plays the same schedule, whatever the machine does with it.

    schedule = drawn(seed, count=40)
    await play(schedule, on, history)       # at its times, one after the other

Every process role gets its share: faults are dealt from a deck that is shuffled anew each time it is
empty. A victim that does not live just then is waited for, so that no fault of the schedule is lost.
"""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.promises.history import History
from tests.promises.stage import Stage

Role = Literal["web", "relay", "worker", "broker", "postgres"]
Kind = Literal["kill", "term", "freeze"]

DECK: tuple[Role, ...] = (
    *("web", "web", "relay", "relay", "worker", "worker"),
    *("broker", "postgres"),
)
KINDS: tuple[Kind, ...] = ("kill", "kill", "kill", "term", "freeze")
PAUSES = (2.0, 8.0)  # seconds between two faults
FROZEN = (1.0, 12.0)  # the session of a worker in its group ends after ten
WAITED_FOR = 90.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that will go wrong."""

    number: int
    after: float  # seconds since the fault before it
    kind: Kind
    role: Role
    pick: float  # of [0, 1): which of the role's processes
    seconds: float  # how long it lasts; 0 for what heals by itself

    def victim(self, names: Sequence[str]) -> str:
        """Which of these it hits."""
        return names[int(self.pick * len(names))]


@dataclass(slots=True)
class Played:
    """A fault as it really went."""

    fault: Fault
    victim: str
    at: float  # of time.time()
    healed_at: float


def drawn(
    seed: int, count: int, *, kinds: Sequence[Kind] = KINDS, deck: Sequence[Role] = DECK
) -> list[Fault]:
    """A schedule of so many faults; `count` many of every shorter one are the same."""
    source = random.Random(seed)
    dealt: list[Role] = []
    faults: list[Fault] = []
    for number in range(1, count + 1):
        if not dealt:
            dealt = list(deck)
            source.shuffle(dealt)
        kind = source.choice(kinds)
        seconds = source.uniform(*FROZEN)
        fault = Fault(
            number=number,
            after=round(source.uniform(*PAUSES), 3),
            kind=kind,
            role=dealt.pop(),
            pick=round(source.random(), 6),
            seconds=round(seconds, 3) if kind == "freeze" else 0.0,
        )
        faults.append(fault)
    return faults


async def play(
    schedule: Sequence[Fault],
    on: Stage,
    history: History,
    *,
    when_healed: Callable[[Played], Any] = lambda _: None,
) -> list[Played]:
    """Play a schedule to its end; each fault goes into the history when it begins and when it ends."""
    played: list[Played] = []
    thawing: set[asyncio.Task[None]] = set()
    try:
        for fault in schedule:
            await asyncio.sleep(fault.after)
            one = await _strike(fault, on, history)
            played.append(one)
            if fault.kind == "freeze":
                thawing.add(asyncio.create_task(_thaw(one, on, history, when_healed)))
            else:
                _heals(one, history, when_healed)
        await asyncio.gather(*thawing)
    finally:
        for each in thawing:
            each.cancel()
        for name in on.standings:
            on.send(name, signal.SIGCONT)
    return played


async def _strike(fault: Fault, on: Stage, history: History) -> Played:
    victim = fault.victim(on.names(fault.role))
    # What has hardly begun to start again would teach us nothing.
    await on.is_well(within=WAITED_FOR, names=[victim])
    match fault.kind:
        case "kill":
            on.kill(victim)
        case "term":
            on.tell_to_end(victim)
        case "freeze":
            on.send(victim, signal.SIGSTOP)
    history.fault(fault.kind, victim, number=fault.number, role=fault.role, seconds=fault.seconds)
    return Played(fault, victim, time.time(), time.time())


async def _thaw(
    played: Played, on: Stage, history: History, when_healed: Callable[[Played], Any]
) -> None:
    await asyncio.sleep(played.fault.seconds)
    on.send(played.victim, signal.SIGCONT)
    played.healed_at = time.time()
    _heals(played, history, when_healed)


def _heals(played: Played, history: History, when_healed: Callable[[Played], Any]) -> None:
    history.write("healed", target=played.victim, number=played.fault.number)
    when_healed(played)
