"""Kill processes while the demo runs, at moments drawn from a seed: everything must come back."""

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from deploy.local import status
from deploy.local.settings import LocalSettings

VICTIMS = {  # in which chapter, and how long after it has begun at the latest
    "screening": ("proposals-relay", 1.0),
    "applying": ("applications-worker", 2.0),
    "applying, at the door": ("proposals-web", 3.0),
    "applying, later": ("applications-web", 6.0),
    "applying, last": ("kafka", 9.0),
    "midday": ("applications-relay", 0.5),
    "choosing": ("notifications-worker", 1.0),
    "answering": ("applications-web", 1.0),
    "claiming": ("expenses-worker", 1.0),
}


@dataclass(frozen=True, slots=True)
class Death:
    """One kill -9, and how long it took until the process was ready again."""

    name: str
    chapter: str
    seconds_in: float
    pid: int
    back_after: float | None

    def __str__(self) -> str:
        back = "not back" if self.back_after is None else f"back after {self.back_after:.1f} s"
        return f"{self.name} ({self.pid}), {self.seconds_in:.1f} s into {self.chapter}: {back}"


class Killer:
    """Ends processes as nothing else would: without a word."""

    def __init__(self, settings: LocalSettings, *, seed: int) -> None:
        self._settings = settings
        self._random = random.Random(seed)
        self._tasks: list[asyncio.Task[None]] = []
        self.deaths: list[Death] = []

    def enters(self, chapter: str) -> None:
        """A chapter begins: whoever is to die in it dies a drawn moment later."""
        for name, (victim, within) in VICTIMS.items():
            if name.partition(",")[0] == chapter:
                after = self._random.uniform(0.1, within)
                self._tasks.append(asyncio.create_task(self._kill(victim, chapter, after)))

    async def is_done(self) -> None:
        """Wait until the last who was killed is back."""
        await asyncio.gather(*self._tasks)

    async def _kill(self, victim: str, chapter: str, after: float) -> None:
        await asyncio.sleep(after)
        process = self._process(victim)
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.kill(process["pid"], signal.SIGKILL)
        back = await self._is_back(victim, process["pid"])
        self.deaths.append(Death(victim, chapter, after, process["pid"], back))

    async def _is_back(self, victim: str, pid: int, *, within: float = 90) -> float | None:
        began = time.monotonic()
        while time.monotonic() - began < within:
            process = self._process(victim)
            if process and process["pid"] != pid and process["is_ready"]:
                return time.monotonic() - began
            await asyncio.sleep(0.1)
        return None

    def _process(self, name: str) -> dict[str, Any] | None:
        state = status.read(self._settings) or {"processes": []}
        return next(
            (each for each in state["processes"] if each["name"] == name and each["pid"]), None
        )
