"""A house under load while something breaks it, and the judgement over what is left.

    async with siege(on, seed=7, commands=500) as under:
        await under.load(500, lambda: play(schedule, on, under.history, ...))
        figures = await under.judged()

Load and disturbance run side by side, and both come to their end; then everything is healed, the house
comes to rest, and the checker compares what it was told with what is there.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.promises import load
from tests.promises.backlog import watched
from tests.promises.checker import check
from tests.promises.history import History
from tests.promises.load.house import House
from tests.promises.recovery import Recoveries, followed
from tests.promises.stage import Stage

WORDS = ("lost", "duplicated", "phantom", "half", "reordered", "unseen", "stuck", "breaches")
"""What the checker counts, and what every campaign under load wants to be none."""
CLEAN: dict[str, Any] = dict.fromkeys(WORDS, 0)
MORE = 100  # commands at a time, once all were asked and something still breaks
COMES_TO_REST = {"smoke": 90.0, "full": 180.0, "release": 600.0}


class Siege:
    """One house, what was asked of it, and what was done to it."""

    def __init__(self, on: Stage, house: House, history: History, recoveries: Recoveries) -> None:
        self.on = on
        self.house = house
        self.history = history
        self.recoveries = recoveries
        self._before = dict(house.door.endings)  # of the preparation, when nothing was broken

    @property
    def lines(self) -> Path:
        """Where the history is."""
        return self.on.addresses.folder / "history.jsonl"

    async def load(
        self,
        commands: int,
        disturb: Callable[[], Awaitable[Any]],
        *,
        clients: int = 24,
        rate: float | None = None,
    ) -> Any:
        """So many commands and more, for as long as it is disturbed; what the disturbance tells."""

        async def plays() -> None:
            await load.play(self.house, commands=commands, clients=clients, rate=rate)
            is_over = False
            while not is_over:  # once more after the last disturbance: who would see it recover?
                is_over = disturbing.done()
                await load.play(self.house, commands=MORE, clients=clients, rate=rate)

        async with asyncio.TaskGroup() as both:
            disturbing = both.create_task(_coroutine(disturb()))
            both.create_task(plays())
        return disturbing.result()

    async def rests(self, *, within: float) -> None:
        """Heal everything, and wait until nothing is on its way any more."""
        for name in self.on.standings:
            self.on.send(name, signal.SIGCONT)
        await self.on.is_well(within=within)
        async with watched(self.on.addresses) as backlog:
            await backlog.comes_to_rest(within=within)

    async def judged(self) -> dict[str, Any]:
        """The checker's words, how many commands there were, and how long things took to recover."""
        words = await check(self.on.addresses, self.lines)
        asked = {
            name: count - self._before[name] for name, count in self.house.door.endings.items()
        }
        return {
            **words,
            "commands": sum(asked.values()),
            **{f"commands_{name}": count for name, count in asked.items()},
            **self.recoveries.figures(self.lines),
        }


@asynccontextmanager
async def siege(on: Stage, *, seed: int, commands: int) -> AsyncIterator[Siege]:
    """Bring the house to the morning of its load, and follow every recovery from then on."""
    with History(on.addresses.folder / "history.jsonl") as history:
        house = await load.prepare(on, history, seed=seed, commands=commands)
        async with followed(on.addresses) as recoveries:
            yield Siege(on, house, history, recoveries)


async def _coroutine(awaited: Awaitable[Any]) -> Any:
    return await awaited
