"""The relay: how fast an outbox drains, and how soon after it was recorded an event is acknowledged."""

import asyncio
import time
from typing import Any

from bench.figures import Figure, Result
from bench.stage import Stage
from bench.trial import Trial, installed
from chassis import kafka

ABOUT = "events a second from outbox to broker, and the latency of one"
RATE = 200  # events a second, each in a transaction of its own
IN_FLIGHT = 5_000  # of the bare producer

# Each batch is marked by one transaction, which `xmin` tells. Time runs from the end of the first.
DRAINED = """
    WITH marked AS (
        SELECT xmin::text AS batch, max(published_at) AS at, count(*) AS rows
          FROM outbox WHERE id > $1 GROUP BY xmin::text
    ), whole AS (
        SELECT min(at) AS first, max(at) AS last FROM marked
    )
    SELECT extract(epoch FROM last - first)::float8 AS seconds,
           (SELECT sum(rows) FROM marked WHERE at > first)::float8 AS rows
      FROM whole
"""
RECORDS = "SELECT key, headers, value FROM outbox WHERE id > $1 ORDER BY id"
LATENCIES = """
    SELECT extract(epoch FROM published_at - recorded_at)::float8 AS seconds
      FROM outbox WHERE id > $1 ORDER BY id
"""


async def measure(stage: Stage) -> Result:
    """Fill, drain, trickle; each beside a bare producer with the same settings."""
    drain = Figure("relay: outbox to broker, marked", "events/s")
    bare = Figure("bare pipelined idempotent producer", "events/s", is_limit=True)
    latency = Figure(f"recorded → acknowledged and marked, at {RATE} events/s", "ms")
    ack = Figure(f"bare producer: sent → acknowledged, at {RATE} events/s", "ms", is_limit=True)
    figures = [drain, bare, latency, ack]
    async with installed(stage.dsn, stage.bootstrap) as trial:
        for _ in range(stage.size.repetitions):
            for figure in figures:
                figure.begin_repetition()
            before = await _last(trial)
            await trial.fill(stage.size.events)
            records = await _records(trial, before)
            bare.add(await _send_plainly(trial, records))
            drain.add(await _drain(trial, before))
            count = RATE * stage.size.trickle_seconds
            ack.add(*[1000 * one for one in await _send_steadily(trial, records[:count])])
            latency.add(*[1000 * one for one in await _record_steadily(trial, count)])
        counts = await trial.out_of_order()
    return Result(
        "relay", ABOUT, figures, counts={**counts, "events in a drain": stage.size.events}
    )


async def _drain(trial: Trial, before: int) -> float:
    """Rows a second, by the marks the relay has set."""
    async with trial.running("relay"):
        await trial.drained()
    row = await trial.here.get_row(DRAINED, before)
    return row["rows"] / row["seconds"]


async def _record_steadily(trial: Trial, count: int) -> list[float]:
    """Seconds from the outbox row to its mark, both by the database's clock."""
    async with trial.running("relay"):
        await trial.fill(1)
        await trial.drained()  # it leads, and has met the broker
        before = await _last(trial)
        await _at_a_rate([trial.record([event]) for event in trial.events(count)])
        await trial.drained()
    rows = await trial.here.list_rows(LATENCIES, before)
    return [row["seconds"] for row in rows]


async def _send_plainly(trial: Trial, records: list[dict[str, Any]]) -> float:
    """Records a second, from the first send to the last acknowledgement."""
    producer = kafka.new_producer(trial.settings("proposals"))
    await producer.start()
    try:
        await producer.send_and_wait(trial.limit_topic, **records[0])
        began = time.perf_counter()
        waiting: list[Any] = []
        for record in records:
            waiting.append(await producer.send(trial.limit_topic, **record))
            if len(waiting) == IN_FLIGHT:
                await asyncio.gather(*waiting)
                waiting.clear()
        await asyncio.gather(*waiting)
        return len(records) / (time.perf_counter() - began)
    finally:
        await producer.stop()


async def _send_steadily(trial: Trial, records: list[dict[str, Any]]) -> list[float]:
    """Seconds from each send to its acknowledgement."""
    producer = kafka.new_producer(trial.settings("proposals"))
    await producer.start()
    found: list[float] = []

    async def send(record: dict[str, Any]) -> None:
        began = time.perf_counter()
        await producer.send_and_wait(trial.limit_topic, **record)
        found.append(time.perf_counter() - began)

    try:
        await producer.send_and_wait(trial.limit_topic, **records[0])
        await _at_a_rate([send(record) for record in records])
    finally:
        await producer.stop()
    return found


async def _at_a_rate(acts: list[Any]) -> None:
    """Each at its own instant, however long those before it take."""
    begins = time.monotonic()
    running: list[asyncio.Task[Any]] = []
    for number, act in enumerate(acts):
        await asyncio.sleep(begins + number / RATE - time.monotonic())
        running.append(asyncio.create_task(act))
    await asyncio.gather(*running)


async def _last(trial: Trial) -> int:
    return await trial.here.value("SELECT coalesce(max(id), 0) FROM outbox")


async def _records(trial: Trial, before: int) -> list[dict[str, Any]]:
    """What the relay is about to send, byte for byte."""
    return [
        {
            "key": row["key"].encode(),
            "value": row["value"],
            "headers": [(name, text.encode()) for name, text in row["headers"].items()],
        }
        for row in await trial.here.list_rows(RECORDS, before)
    ]
