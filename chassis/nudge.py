"""A tap on the shoulder between the processes of one service: "there are rows for you".

Never sent inside a business transaction: `NOTIFY` takes a lock of the whole cluster at commit, and 32
writers fell to less than half of their speed. One task a process sends it from a connection of its
own, at once when nothing was sent lately, at most every 2 ms. A tap that is lost costs nothing but
time: whoever waits also looks by itself.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from typing import Any

import structlog

from chassis.database import TRANSIENT, connect

log = structlog.get_logger()

SHORTEST_PAUSE = 0.002
RETRY = 1.0
ANSWERS_WITHIN = 5.0  # or the connection is lost, though nobody said so
STILL_THERE = 5.0  # how often a listener asks whether its connection lives


class _Connected(ABC):
    """One task on one connection, made anew for as long as it takes."""

    def __init__(self, dsn: str, service: str) -> None:
        self.service = service
        self._dsn = dsn
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; a database that is away is waited for."""
        self._task = asyncio.create_task(self._keep_connected())

    async def close(self) -> None:
        """End, and close the connection."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _keep_connected(self) -> None:
        while True:
            with contextlib.suppress(*TRANSIENT):
                connection = await connect(self._dsn, application=f"{self.service}.nudge")
                try:
                    await self._work(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(RETRY)

    @abstractmethod
    async def _work(self, connection: Any) -> None:
        """What is done while the connection lives."""


class Nudger(_Connected):
    """Tells whoever listens that this process has committed something for them.

    `database.on_record(nudger.nudge)` calls it after each commit that left rows in the outbox;
    call `nudge` also after putting a row in a queue.
    """

    def __init__(self, dsn: str, service: str) -> None:
        super().__init__(dsn, service)
        self._is_due = asyncio.Event()

    def nudge(self) -> None:
        """Returns at once."""
        self._is_due.set()

    async def _work(self, connection: Any) -> None:
        await connection.execute("SET synchronous_commit = off")
        while True:
            await self._is_due.wait()
            self._is_due.clear()  # first: who commits from now on is told by the next one
            await connection.execute(
                "SELECT pg_notify($1, '')", self.service, timeout=ANSWERS_WITHIN
            )
            await asyncio.sleep(SHORTEST_PAUSE)


class Bell(_Connected):
    """Hears the nudges of a service's processes; each loop that waits has an event of its own."""

    def __init__(self, dsn: str, service: str) -> None:
        super().__init__(dsn, service)
        self._waiting: list[asyncio.Event] = []

    def hear(self) -> asyncio.Event:
        """An event that is set at every nudge; who waits for it clears it."""
        event = asyncio.Event()
        self._waiting.append(event)
        return event

    def ring(self) -> None:
        """Wake every loop."""
        for event in self._waiting:
            event.set()

    def _heard(self, *_: Any) -> None:
        self.ring()

    async def _work(self, connection: Any) -> None:
        await connection.add_listener(self.service, self._heard)
        while True:
            await asyncio.sleep(STILL_THERE)
            await connection.execute("SELECT 1", timeout=ANSWERS_WITHIN)


async def woken(event: asyncio.Event, *, within: float) -> bool:
    """Wait for a nudge, or for the time to look anyway; clears the event. True for a nudge."""
    try:
        await asyncio.wait_for(event.wait(), within)
    except TimeoutError:
        return False
    finally:
        event.clear()
    return True
