"""Each service's own topics on the broker: made as `schemas/topics.py` declares them, and compared.

The broker makes none by itself. What would end the order of keys, another number of partitions, is
refused.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import (  # pyright: ignore[reportMissingTypeStubs]
    AIOKafkaAdminClient,
    NewTopic,
)
from aiokafka.admin.config_resource import (  # pyright: ignore[reportMissingTypeStubs]
    ConfigResource,
    ConfigResourceType,
)

from chassis import kafka
from chassis.settings import IsMisconfigured, Settings
from schemas.envelope import Service
from schemas.topics import PARTITIONS, TOPICS, Topic

LARGEST_MESSAGE = 1024 * 1024
ASKED, ASKED_EVERY = 25, 0.2  # times, seconds
ALREADY_THERE = 36  # Kafka's error code TOPIC_ALREADY_EXISTS


class TopicsAreMissing(IsMisconfigured):
    """The broker answers, and does not have them: a fault of configuration, not an outage."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"no such topic: {', '.join(self.names)}; run `topics apply` first")


class TopicsDiffer(IsMisconfigured):
    """The broker holds a topic that cannot be made what we declare without ending its order."""


def owned_by(service: Service) -> tuple[Topic, ...]:
    """The topics a service writes, and therefore makes."""
    return tuple(topic for topic in TOPICS if topic.owner == service)


def config_of(topic: Topic, *, replicas: int = 1) -> dict[str, str]:
    """How the broker is to keep a topic."""
    config = {
        "max.message.bytes": str(LARGEST_MESSAGE),
        "min.insync.replicas": "2" if replicas >= 3 else "1",
        "cleanup.policy": "compact" if topic.is_compacted else "delete",
    }
    if topic.retention is not None:
        config["retention.ms"] = str(int(topic.retention.total_seconds() * 1000))
    if topic.segment is not None:
        config["segment.ms"] = str(int(topic.segment.total_seconds() * 1000))
    return config


async def missing(settings: Settings, topics: Iterable[Topic]) -> set[str]:
    """Names of declared topics that the broker does not have. Raises `KafkaError` when it is away.

    A topic just made, or a broker just started, may take a moment to show: it is asked for a while.
    """
    wanted = {topic.under(settings.topic_prefix) for topic in topics}
    async with _admin(settings) as admin:
        absent = wanted
        for _ in range(ASKED):
            absent = wanted - set(await admin.list_topics())
            if not absent:
                break
            await asyncio.sleep(ASKED_EVERY)
        return absent


async def check(settings: Settings, service: Service) -> list[str]:
    """What differs between the declaration and the broker, a line each; empty when all is well."""
    async with _admin(settings) as admin:
        found = await _found(admin)
        replicas = await _replicas(admin)
        faults: list[str] = []
        for topic in owned_by(service):
            name = topic.under(settings.topic_prefix)
            if name not in found:
                faults.append(f"{name}: missing")
                continue
            if found[name] != PARTITIONS:
                faults.append(f"{name}: {found[name]} partitions, declared {PARTITIONS}")
            held = await _config(admin, name)
            faults += [
                f"{name}: {key} is {held.get(key)}, declared {value}"
                for key, value in config_of(topic, replicas=replicas).items()
                if held.get(key) != value
            ]
    return faults


async def apply(settings: Settings, service: Service) -> list[str]:
    """Make what is missing and set how each is kept; a line for each topic.

    Raises `TopicsDiffer` where the number of partitions is another: keys would move.
    """
    lines: list[str] = []
    async with _admin(settings) as admin:
        found = await _found(admin)
        replicas = await _replicas(admin)
        for topic in owned_by(service):
            name = topic.under(settings.topic_prefix)
            config = config_of(topic, replicas=replicas)
            if name not in found:
                await _create(admin, name, config, replicas=replicas)
                lines.append(f"{name}: created")
            elif found[name] != PARTITIONS:
                raise TopicsDiffer(
                    f"{name} has {found[name]} partitions, declared {PARTITIONS}: changing the "
                    "number moves keys to other partitions and ends their order"
                )
            else:
                await admin.alter_configs([_resource(name, config)])
                lines.append(f"{name}: as declared")
    return lines


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncGenerator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**kafka.client_options(settings), request_timeout_ms=10_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _found(admin: AIOKafkaAdminClient) -> dict[str, int]:
    return {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}


async def _replicas(admin: AIOKafkaAdminClient) -> int:
    cluster = await admin.describe_cluster()
    return min(3, len(cluster["brokers"]))


async def _create(
    admin: AIOKafkaAdminClient, name: str, config: dict[str, str], *, replicas: int
) -> None:
    new = NewTopic(name, PARTITIONS, replicas, topic_configs=config)
    answer: Any = await admin.create_topics([new], timeout_ms=10_000)
    for _, code, message in answer.topic_errors:
        if code not in (0, ALREADY_THERE):
            raise TopicsDiffer(f"{name}: {message or code}")


async def _config(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    answers: list[Any] = await admin.describe_configs([_resource(name, None)])
    return {
        entry[0]: entry[1] for answer in answers for one in answer.resources for entry in one[4]
    }


def _resource(name: str, config: dict[str, str] | None) -> ConfigResource:
    return ConfigResource(ConfigResourceType.TOPIC, name, configs=config)
