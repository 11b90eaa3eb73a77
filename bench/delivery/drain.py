"""How fast a full outbox is emptied: by what the broker took when, the same for all."""

import asyncio
import time

from bench.delivery.lanes import Bare, Outboxed
from bench.delivery.peers import Debezium
from bench.delivery.reader import Reader
from bench.delivery.run import Run
from deploy.demo.patience import until

ABOUT = "a full outbox drained to the broker, in events a second"
WITHIN = 300.0


async def measure(run: Run) -> None:
    """Everyone in turn, round after round."""
    readers = {lane.name: lane.reader() for lane in run.lanes}
    for turn in range(1, run.size.rounds + 1):
        for lane in run.lanes:
            reader = readers[lane.name]
            await reader.read()  # what other subjects have sent is none of ours
            if isinstance(lane, Bare):
                await _send_plainly(run, turn, lane, reader)
            elif isinstance(lane, Debezium):
                await _cold_then_warm(run, turn, lane, reader)
            else:
                await _drain(run, turn, lane, reader)


async def _drain(run: Run, turn: int, lane: Outboxed, reader: Reader) -> None:
    await lane.fill(run.size.events)
    began = time.monotonic()
    async with lane.running() as running:
        await reader.appended(run.size.events, within=WITHIN)
        seconds = time.monotonic() - began
        await until(lane.empty, what="an empty outbox", within=60)
        used = running.cpu_seconds
    await _note(run, turn, lane.name, reader, seconds, used)


async def _cold_then_warm(run: Run, turn: int, lane: Debezium, reader: Reader) -> None:
    """A first start, with its snapshot; then as many again while it runs."""
    await lane.begin_again()
    await lane.fill(run.size.events)
    began = time.monotonic()
    async with lane.running() as running:
        await reader.appended(run.size.events, within=WITHIN)
        await _note(
            run, turn, "debezium-cold", reader, time.monotonic() - began, running.cpu_seconds
        )
        await asyncio.sleep(1)  # it goes over from its snapshot to the log
        used, began = running.cpu_seconds, time.monotonic()
        await lane.fill(run.size.events)
        await reader.appended(run.size.events, within=WITHIN)
        seconds, used = time.monotonic() - began, running.cpu_seconds - used
        await _note(run, turn, "debezium-warm", reader, seconds, used)


async def _send_plainly(run: Run, turn: int, lane: Bare, reader: Reader) -> None:
    """In batches as large as whole partitions: by its own clock, since the broker sees few."""
    seconds, used = await lane.send(run.size.events)
    rate = run.size.events / seconds
    await _note(run, turn, lane.name, reader, seconds, used, rate=rate)


async def _note(
    run: Run,
    turn: int,
    name: str,
    reader: Reader,
    seconds: float,
    used: float,
    *,
    rate: float | None = None,
) -> None:
    found = await reader.read()
    run.note(
        "drain", turn, name,
        rate=found.rate if rate is None else rate,
        start_to_last_s=seconds,
        cpu_ms_per_event=1000 * used / run.size.events,
        **found.counts(run.size.events),
    )  # fmt: skip
