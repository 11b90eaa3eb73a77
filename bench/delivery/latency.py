"""How soon after its commit an event is at the broker, at a steady rate."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from bench.delivery.lanes import Bare, Lane, Ours, Outboxed, Told
from bench.delivery.peers import Peer
from bench.delivery.reader import Reader
from bench.delivery.run import Run, at_a_rate, spread
from bench.delivery.trial import MeasureTaken
from chassis.database import connect
from deploy.demo.patience import until

ABOUT = "commit to the broker's acknowledgement, and to a plain reader, at a steady rate"
CONNECTIONS = 10
MARKED = """
    SELECT key || ' ' || sequence AS identity, extract(epoch FROM published_at)::float8 AS at
      FROM outbox WHERE id > $1
"""

Record = Callable[[MeasureTaken], Awaitable[Any]]
"""Commits one event in a transaction of its own."""


async def measure(run: Run) -> None:
    """Everyone in turn, round after round."""
    readers = {lane.name: lane.reader() for lane in run.lanes}
    for turn in range(1, run.size.rounds + 1):
        for lane in run.lanes:
            reader = readers[lane.name]
            await reader.read()
            if isinstance(lane, Bare):
                await _send(run, turn, lane, reader)
            else:
                await _relay(run, turn, lane, reader)


async def _relay(run: Run, turn: int, lane: Outboxed, reader: Reader) -> None:
    count = run.size.rate * run.size.seconds
    committed: dict[str, float] = {}
    async with lane.running() as running, _recording(lane) as record, reader.watching() as seen:

        async def act(event: MeasureTaken) -> None:
            await record(event)
            committed[f"{event.case_id} {event.number}"] = time.time()

        await _warm_up(run, lane, record, seen)
        before = await _last(lane)
        used = running.cpu_seconds
        await at_a_rate([act(event) for event in lane.maker.events(count)], run.size.rate)
        await _until_seen(seen, run.size.warm_up + count)
        used = running.cpu_seconds - used
        await until(lane.empty, what="an empty outbox", within=60)
    more = await _marked(lane, before, committed)
    delays = [seen[one] - at for one, at in committed.items()]
    found = await reader.read()
    run.note(
        "latency", turn, lane.name,
        **spread(delays, "seen"),
        **more,
        cpu_ms_per_event=1000 * used / count,
        **found.counts(count + run.size.warm_up),
    )  # fmt: skip


async def _warm_up(run: Run, lane: Lane, record: Record, seen: dict[str, float]) -> None:
    """It leads, has met the broker, and has its code in the cache."""
    events = lane.maker.events(run.size.warm_up)
    await at_a_rate([record(event) for event in events], run.size.rate)
    await _until_seen(seen, run.size.warm_up)


async def _until_seen(seen: dict[str, float], count: int) -> None:
    async def all_are() -> bool:
        return len(seen) >= count

    await until(all_are, what=f"{count} events at the reader", within=120)


@asynccontextmanager
async def _recording(lane: Lane) -> AsyncIterator[Record]:
    """Commits an event as whoever uses this outbox does, on one of ten connections."""
    if isinstance(lane, Ours):
        yield lane.record
        return
    assert isinstance(lane, Peer)
    free: asyncio.Queue[Any] = asyncio.Queue()
    connections = [await connect(lane.trial.dsn, application="bench") for _ in range(CONNECTIONS)]
    for connection in connections:
        free.put_nowait(connection)

    async def record(event: MeasureTaken) -> None:
        told = Told.of(event)
        connection = await free.get()
        try:
            async with connection.transaction():
                await lane.write(connection, [told])
        finally:
            free.put_nowait(connection)

    try:
        yield record
    finally:
        for connection in connections:
            await connection.close()


async def _last(lane: Lane) -> int:
    if not isinstance(lane, Ours):
        return 0
    return await lane.trial.here.value("SELECT coalesce(max(id), 0) FROM outbox")


async def _marked(lane: Lane, before: int, committed: dict[str, float]) -> dict[str, float]:
    """Ours notes when it had the acknowledgement: the database's clock is this machine's."""
    if not isinstance(lane, Ours):
        return {}
    rows = await lane.trial.here.list_rows(MARKED, before)
    marked = {row["identity"]: row["at"] for row in rows}
    return spread([marked[one] - at for one, at in committed.items()], "ack")


async def _send(run: Run, turn: int, lane: Bare, reader: Reader) -> None:
    """No commit before it: from each send to its acknowledgement."""
    count = run.size.rate * run.size.seconds
    acknowledged: list[float] = []
    sent: dict[str, float] = {}
    async with lane.producer() as producer, reader.watching() as seen:

        async def send(told: Told) -> None:
            began = time.time()
            await producer.send_and_wait(lane.topic, **lane.record_of(told))
            acknowledged.append(time.time() - began)
            sent[f"{told.key} {told.headers['ce_sequence']}"] = began

        warm_up = [Told.of(event) for event in lane.maker.events(run.size.warm_up)]
        await at_a_rate([send(one) for one in warm_up], run.size.rate)
        acknowledged.clear()
        sent.clear()
        told = [Told.of(event) for event in lane.maker.events(count)]
        await at_a_rate([send(one) for one in told], run.size.rate)
        await _until_seen(seen, run.size.warm_up + count)
    delays = [seen[one] - at for one, at in sent.items()]
    found = await reader.read()
    run.note(
        "latency", turn, lane.name,
        **spread(delays, "seen"), **spread(acknowledged, "ack"),
        **found.counts(count + run.size.warm_up),
    )  # fmt: skip
