"""A plain Kafka consumer that is not one of ours: it reads every topic from its first record."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from confluent_kafka import Consumer, Message, TopicPartition

from schemas.envelope import TYPE_PREFIX
from schemas.topics import TOPICS

PREFIX = os.environ.get("TOPIC_PREFIX") or "micro-internships"
WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One record as anybody may read it."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    value: bytes | None

    @property
    def id(self) -> str:
        """The event's own."""
        return self.headers.get("ce_id", "")

    @property
    def type(self) -> str:
        """What happened."""
        return self.headers.get("ce_type", "")


def read_all(bootstrap: str, *, prefix: str = PREFIX) -> list[Seen]:
    """Every record of every topic, in the order of each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"count-{uuid4()}",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    try:
        places = list(_places(consumer, prefix))
        consumer.assign(places)
        return _until_the_ends(consumer, len(places))
    finally:
        consumer.close()


def _places(consumer: Consumer, prefix: str) -> Iterator[TopicPartition]:
    known = consumer.list_topics(timeout=WITHIN).topics
    for topic in TOPICS:
        name = topic.under(prefix)
        for partition in known[name].partitions if name in known else ():
            yield TopicPartition(name, partition, 0)


def _until_the_ends(consumer: Consumer, partitions: int) -> list[Seen]:
    found: list[Seen] = []
    ended: set[tuple[str, int]] = set()
    while len(ended) < partitions:
        message = consumer.poll(WITHIN)
        if message is None:
            raise TimeoutError("the broker does not answer")
        if message.error():
            ended.add((message.topic() or "", message.partition() or 0))
        else:
            found.append(_seen(message))
    return found


def _seen(message: Message) -> Seen:
    headers = {
        name: value.decode() if isinstance(value, bytes) else (value or "")
        for name, value in message.headers() or []
    }
    return Seen(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        key=(message.key() or b"").decode(),
        headers=headers,
        value=message.value(),
    )


def short(type_name: str) -> str:
    """`applications.OfferMade` of a type on the wire."""
    return type_name.removeprefix(f"{TYPE_PREFIX}.").rpartition(".")[0]
