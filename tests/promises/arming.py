"""Failpoints armed in turn, in many processes side by side, until each has felled enough of them.

A group is one role of one service: what is armed is armed in all of its processes, and whichever passes
first falls. So no group ever stands still for long, and twelve of them fall at the same time. What a
group does not pass within its patience is tried again later, by it or by another.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis.failpoints import FAILPOINTS
from deploy.local.services import SERVICES
from tests.promises.history import History
from tests.promises.stage import Stage

PATIENCE = 8.0  # seconds for one failpoint in one group
LOOKED_EVERY = 0.05
BACK_WITHIN = 60.0


def _named(*prefixes: str) -> tuple[str, ...]:
    return tuple(name for name in FAILPOINTS if name.startswith(prefixes))


OPERATORS = (
    *("worker.redriving", "migrate.between"),
    *("rebuild.half", "rebuild.unmarked", "recover.raised", "restate.half"),
)
ROLES: Mapping[str, tuple[str, ...]] = {
    "web": _named("command."),
    "relay": _named("command.", "relay.", "deadlines."),
    "worker": tuple(
        name for name in _named("command.", "worker.", "mail.") if name not in OPERATORS
    ),
    "operator": OPERATORS,
}
"""In which roles each boundary is passed."""
PAIRS = [(name, role) for role, names in ROLES.items() for name in names]

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of one role of one service."""

    service: str
    role: str

    def processes(self, on: Stage) -> list[str]:
        """Their names."""
        return [name for name in on.names(self.role) if name.startswith(f"{self.service}-")]

    def may_pass(self, name: str) -> bool:
        """Whether this boundary lies in its code."""
        is_mail = name.startswith("mail.")
        return name in ROLES[self.role] and (not is_mail or self.service == "notifications")


GROUPS = [Group(service, role) for service in SERVICES for role in ("web", "relay", "worker")]


@dataclass
class Arming:
    """Which boundaries are to fell how many, and how many they have felled."""

    on: Stage
    history: History
    source: random.Random
    wanted: dict[Pair, int]
    felled: Counter[Pair] = field(default_factory=Counter[Pair])

    def open_pairs(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Which of these have not felled enough."""
        return [pair for pair in pairs if self.felled[pair] < self.wanted.get(pair, 0)]

    async def fell(self, pairs: Sequence[Pair], *, within: float) -> None:
        """All groups side by side, until these have felled enough, or time is over."""
        groups = list(GROUPS)
        self.source.shuffle(groups)
        try:
            async with asyncio.timeout(within), asyncio.TaskGroup() as together:
                for group in groups:
                    together.create_task(self._fell(group, pairs))
        except TimeoutError:
            return  # what is missing shows in the coverage

    def coverage(self) -> list[dict[str, Any]]:
        """The whole list: each boundary, in each role, and how many fell there."""
        return [
            {"failpoint": name, "role": role, "wanted": wanted, "felled": self.felled[name, role]}
            for (name, role), wanted in sorted(self.wanted.items())
        ]

    def note(self, name: str, role: str, process: str, count: int = 1) -> None:
        """So many fell."""
        self.felled[name, role] += count
        self.history.fault("failpoint", process, failpoint=name, role=role, number=count)

    async def _fell(self, group: Group, pairs: Sequence[Pair]) -> None:
        mine = [pair for pair in pairs if pair[1] == group.role and group.may_pass(pair[0])]
        in_vain: Counter[Pair] = Counter()
        while left := self.open_pairs(mine):
            # What was waited for in vain comes last; what has felled least comes first.
            pair = min(left, key=lambda one: (in_vain[one], self.felled[one], self.source.random()))
            if not await self._arm(group, pair):
                in_vain[pair] += 1

    async def _arm(self, group: Group, pair: Pair) -> bool:
        """Whether one fell."""
        name, role = pair
        processes = group.processes(self.on)
        before = {process: fallen(self.on.failpoints(process), name) for process in processes}
        try:
            for process in processes:
                (self.on.failpoints(process) / name).touch()
            await self._one_falls(processes, pair, before)
        finally:
            for process in processes:
                (self.on.failpoints(process) / name).unlink(missing_ok=True)
            fell = {
                process: fallen(self.on.failpoints(process), name) - before[process]
                for process in processes
            }
            for process, count in fell.items():
                if count:
                    self.note(name, role, process, count)
        await self.on.is_well(within=BACK_WITHIN, names=processes)
        return any(fell.values())

    async def _one_falls(
        self, processes: Sequence[str], pair: Pair, before: Mapping[str, int]
    ) -> None:
        """Wait until one falls here, or enough have fallen in other groups, or patience ends."""
        name = pair[0]
        for _ in range(int(PATIENCE / LOOKED_EVERY)):
            if not self.open_pairs([pair]):
                return
            if any(fallen(self.on.failpoints(each), name) > before[each] for each in processes):
                return
            await asyncio.sleep(LOOKED_EVERY)


def fallen(folder: Path, name: str) -> int:
    """How many fell at this boundary: each has left a file with its number."""
    return sum(1 for file in folder.glob(f"{name}.*") if file.suffix[1:].isdigit())


def drawn(
    source: random.Random, count: int | None, each: int, pairs: Sequence[Pair] = PAIRS
) -> dict[Pair, int]:
    """So many of the boundaries, or all; each is to fell as many as this."""
    return dict.fromkeys(pairs if count is None else source.sample(list(pairs), count), each)
