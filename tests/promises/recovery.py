"""How long until all is well again after a fault: the first accepted command, and nothing left behind.

Both are counted from the end of the fault: of a kill, the kill itself. "Nothing left behind" is the
moment when all that was recorded up to then is published and taken in by every reader; what comes
later does not count, since under load something always comes.

Where a broker or Postgres failed before a process had recovered, the time is theirs.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.promises import history
from tests.promises.backlog import ASKED_EVERY, Backlog, watched
from tests.promises.scheduler import Played
from tests.promises.stage import Addresses

SERVERS = ("broker", "postgres")


@dataclass(slots=True)
class Recovery:
    """One fault, and when nothing of it was left."""

    played: Played
    ends: Any = None
    over_at: float | None = None

    @property
    def seconds(self) -> float | None:
        """Until all recorded before was taken in; None where that was not seen."""
        return None if self.over_at is None else max(0.0, self.over_at - self.played.healed_at)


class Recoveries:
    """Follows every fault until it is over."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self.all: list[Recovery] = []

    def begin(self, played: Played) -> None:
        """A fault has ended."""
        self.all.append(Recovery(played))

    async def follow(self) -> None:
        """Look at what is not yet over, for ever."""
        while True:
            for each in [one for one in self.all if one.over_at is None]:
                told = await self._backlog.is_past(each.played.healed_at, each.ends)
                if told is None:
                    break  # away: nothing is known of the others either
                is_over, each.ends = told
                if is_over:
                    each.over_at = time.time()
            await asyncio.sleep(ASKED_EVERY)

    async def are_over(self, *, within: float) -> bool:
        """Wait until none is open."""
        try:
            async with asyncio.timeout(within):
                while any(one.over_at is None for one in self.all):  # noqa: ASYNC110
                    await asyncio.sleep(ASKED_EVERY)
        except TimeoutError:
            return False
        return True

    def figures(self, lines: Path) -> dict[str, float | None]:
        """p50 and p99 of each way to count, for services and for servers."""
        accepted = [row["at"] for row in history.read(lines) if row["line"] == "ok"]
        told: dict[str, float | None] = {}
        for kind in ("service", "server"):
            mine = [one for one in self.all if self._kind(one) == kind]
            left = [one.seconds for one in mine]
            first = [_first_after(one.played.healed_at, accepted) for one in mine]
            told[f"recovery_{kind}_faults"] = len(mine)
            for share in (50, 99):
                told[f"recovery_{kind}_lag_p{share}"] = percentile(left, share)
                told[f"recovery_{kind}_accepted_p{share}"] = percentile(first, share)
        return told

    def _kind(self, one: Recovery) -> str:
        until = math.inf if one.over_at is None else one.over_at
        servers = [other.played for other in self.all if other.played.fault.role in SERVERS]
        is_theirs = any(one.played.at <= other.at <= until for other in servers)
        frozen = any(other.at <= one.played.healed_at <= other.healed_at for other in servers)
        return "server" if is_theirs or frozen else "service"


@asynccontextmanager
async def followed(addresses: Addresses) -> AsyncIterator[Recoveries]:
    """Recoveries that are followed for as long as this lasts."""
    async with watched(addresses) as backlog:
        recoveries = Recoveries(backlog)
        task = asyncio.create_task(recoveries.follow())
        try:
            yield recoveries
            assert not task.done(), "nobody follows any more"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def percentile(values: Iterable[float | None], share: int) -> float | None:
    """The smallest value that so many per cent do not exceed. One that never came is infinite."""
    known: Sequence[float] = sorted(math.inf if value is None else value for value in values)
    if not known:
        return None
    return round(known[math.ceil(len(known) * share / 100) - 1], 2)


def _first_after(instant: float, accepted: Sequence[float]) -> float | None:
    later = [at - instant for at in accepted if at > instant]
    return min(later) if later else None
