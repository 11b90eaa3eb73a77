"""The worker's process: Kafka to reactions, and the service's queues, row by row.

FastStream is the shell: it connects, polls and calls. Everything it would decide by itself is
overridden here, in one place, because its own ways lose records or try one for ever. Queues go on
while Kafka is away, and nobody gives up on Kafka.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from aiokafka.coordinator.assignors.sticky.sticky_assignor import (  # pyright: ignore
    StickyPartitionAssignor,
)
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.security import BaseSecurity, SASLScram512

from chassis import kafka, membership, parking, topics, waiting
from chassis.database import Database
from chassis.engine import Engine
from chassis.intake import Consumer
from chassis.liveness import PROGRESS
from chassis.loops import rest, together
from chassis.metrics import QUEUE_ROWS
from chassis.nudge import Bell, Nudger, woken
from chassis.parts import Parts, Queue
from chassis.settings import Settings

log = structlog.get_logger()

MOST_RECORDS = 200
TEND_EVERY = 0.05
SWEEP_EVERY = 1.0
MEASURE_EVERY = 15.0
SHORTEST_IDLE = 0.1
LONGEST_IDLE = 1.0
LONGEST_BACKOFF = 10.0
CONNECT_WITHIN = 60.0


async def run(parts: Parts, settings: Settings, database: Database, stop: asyncio.Event) -> None:
    """React and work off queues until told to stop; then hand the partitions back.

    Raises `TopicsAreMissing` when the broker answers and does not have what we read, and `Replaced`
    when another process has taken the membership we were given.
    """
    nudger, bell = Nudger(database.dsn, parts.name), Bell(database.dsn, parts.name)
    database.on_record(nudger.nudge)
    loops = [_work_off(queue, database, bell.hear(), stop) for queue in parts.queues(settings)]
    if parts.reactions:
        consumer = Consumer.of(parts)
        engine = Engine(consumer, prefix=settings.topic_prefix, database=database)
        loops += [
            _consume(engine, settings, stop),
            _every(TEND_EVERY, engine.tend, stop),
            _every(SWEEP_EVERY, lambda: waiting.sweep(database, consumer), stop),
            _every(MEASURE_EVERY, engine.measure, stop),
            _every(MEASURE_EVERY, lambda: _measure(database, consumer), stop),
            membership.keep(settings.group_instance_id, database, stop),
        ]
    nudger.start()
    bell.start()
    try:
        await together(stop, *loops, _until(stop, bell))
    finally:
        await bell.close()
        await nudger.close()


async def _until(stop: asyncio.Event, bell: Bell) -> None:
    """Wake every queue at the end, so that none sleeps through it."""
    await stop.wait()
    bell.ring()


async def _every(seconds: float, act: Callable[[], Awaitable[Any]], stop: asyncio.Event) -> None:
    """Do this again and again; a failure is logged and tried again."""
    while not stop.is_set():
        try:
            await act()
        except Exception as error:
            log.warning("upkeep.failed", error=type(error).__name__)
        await rest(stop, seconds)


async def _measure(database: Database, consumer: Consumer) -> None:
    await waiting.measure(database, consumer)
    await parking.measure(database, consumer.name)


async def _work_off(
    queue: Queue, database: Database, nudge: asyncio.Event, stop: asyncio.Event
) -> None:
    """Row by row, without a pause while there are any."""
    idle = SHORTEST_IDLE
    while not stop.is_set():
        try:
            had_one = await queue(database)
            if had_one:
                QUEUE_ROWS.labels(database.service, queue.__name__, "done").inc()
        except Exception as error:
            had_one = False
            QUEUE_ROWS.labels(database.service, queue.__name__, "failed").inc()
            log.warning("queue.failed", what=queue.__name__, error=type(error).__name__)
        if had_one or await woken(nudge, within=idle):
            idle = SHORTEST_IDLE
        else:
            idle = min(idle * 2, LONGEST_IDLE)


async def _consume(engine: Engine, settings: Settings, stop: asyncio.Event) -> None:
    """Connect, for as long as it takes; then poll until told to stop."""
    backoff = 0.5
    while not stop.is_set():
        broker = _shell(engine, settings)
        PROGRESS.heard()
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                if missing := await topics.missing(settings, engine.consumer.topics):
                    raise topics.TopicsAreMissing(missing)
                await _unless_stopped(broker.start(), stop)
        except topics.TopicsAreMissing:
            raise
        except Exception as error:
            log.warning("worker.broker_away", error=type(error).__name__)
            with contextlib.suppress(Exception):
                await asyncio.wait_for(broker.stop(), 5)
            await rest(stop, backoff * random.uniform(0.5, 1))  # noqa: S311 - jitter
            backoff = min(backoff * 2, LONGEST_BACKOFF)
            continue
        if not stop.is_set():
            log.info("worker.reading", consumer=engine.consumer.name)
        await stop.wait()
        await engine.drain()
        await broker.stop()


async def _unless_stopped(start: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Wait for a start, which lasts as long as the group's other members take; or be told to stop."""
    starting, stopping = asyncio.ensure_future(start), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
    finally:
        for each in (starting, stopping):
            each.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)


def _shell(engine: Engine, settings: Settings) -> KafkaBroker:
    """FastStream with every choice made by us."""
    broker = KafkaBroker(
        settings.kafka_bootstrap.split(","),  # the shell takes a string for one address
        security=_security(settings),
        logger=None,  # two lines a batch otherwise
        apply_types=False,
        graceful_timeout=30.0,
        allow_auto_create_topics=False,
        metadata_max_age_ms=10_000,  # topics made anew on an empty broker are seen this late
    )

    async def parse(records: Any) -> Any:
        """Never reads headers or bodies: what cannot be read must still arrive."""
        return KafkaMessage(body=b"", raw_message=records, consumer=subscriber.consumer)

    async def keep(message: Any) -> Any:
        return message

    subscriber: Any = broker.subscriber(
        *(topic.under(settings.topic_prefix) for topic in engine.consumer.topics),
        batch=True,
        group_id=kafka.group_of(engine.consumer.name, settings),
        group_instance_id=settings.group_instance_id,
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        listener=engine,
        parser=parse,
        decoder=keep,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        partition_assignment_strategy=(StickyPartitionAssignor,),
        session_timeout_ms=10_000,
        heartbeat_interval_ms=3_000,
        max_poll_interval_ms=300_000,
        batch_timeout_ms=20,  # slept again after an empty poll: the default costs 270 ms
        max_records=MOST_RECORDS,
    )

    poll = subscriber.get_msg

    async def get_msg(consumer: Any) -> Any:
        """Note each poll: an empty one is told to nobody."""
        polled = await poll(consumer)
        engine.polled()
        PROGRESS.heard()
        return polled

    subscriber.get_msg = get_msg
    engine.find_client = lambda: subscriber.consumer

    @subscriber
    async def take_in(message: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        await engine.run(message.raw_message)

    return broker


def _security(settings: Settings) -> BaseSecurity | None:
    """What `kafka.client_options` says, in the shell's words."""
    options = kafka.client_options(settings)
    context = options.get("ssl_context")
    if "sasl_mechanism" in options:
        return SASLScram512(
            options["sasl_plain_username"],
            options["sasl_plain_password"],
            ssl_context=context,
            use_ssl=context is not None,
        )
    return BaseSecurity(ssl_context=context, use_ssl=True) if context else None
