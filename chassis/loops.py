"""Loops that go on until a process is told to stop, and end together."""

import asyncio
from collections.abc import Awaitable

GRACE = 15.0


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until told to stop."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def together(stop: asyncio.Event, *loops: Awaitable[None]) -> None:
    """Run until all have ended; the first that raises ends the others.

    Told to stop, each finishes what it has in hand; what takes longer than the grace is cancelled,
    which is safe at any point, only less polite.
    """
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    watch = asyncio.ensure_future(_long_after(stop))
    try:
        whole = asyncio.gather(*tasks)
        await asyncio.wait({whole, watch}, return_when=asyncio.FIRST_COMPLETED)
        if whole.done():
            whole.result()
    finally:
        for task in (watch, *tasks):
            task.cancel()
        await asyncio.gather(watch, *tasks, return_exceptions=True)


async def _long_after(stop: asyncio.Event) -> None:
    await stop.wait()
    await asyncio.sleep(GRACE)
