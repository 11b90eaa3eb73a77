"""How we reach Kafka: address, sign-in and TLS, told once for relay, worker and operator.

The client's classes have no types; what others get from here is a small piece they can rely on.
"""

import ssl
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer  # pyright: ignore[reportMissingTypeStubs]
from aiokafka.partitioner import murmur2  # pyright: ignore

from chassis.settings import Settings


def client_options(settings: Settings) -> dict[str, Any]:
    """Where the broker is and how we sign in, as aiokafka's clients take it.

    SCRAM where a user is named, TLS where an authority is; neither on loopback.
    """
    authority = settings.kafka_tls_authority
    options: dict[str, Any] = {"bootstrap_servers": settings.kafka_bootstrap}
    if authority:
        options["ssl_context"] = ssl.create_default_context(cafile=str(authority))
    if settings.kafka_username and settings.kafka_password:
        options |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    kind = "SASL_" if "sasl_mechanism" in options else ""
    options["security_protocol"] = kind + ("SSL" if authority else "PLAINTEXT")
    return options


def group_of(consumer: str, settings: Settings) -> str:
    """A consumer's group on the broker: under the prefix, like the topics it reads."""
    return f"{settings.topic_prefix}.{consumer}"


MOST_BYTES = 900_000
"""Of a batch: below the broker's 1 MiB."""


def new_producer(settings: Settings, *, transactional_id: str | None = None) -> Any:
    """An idempotent producer, not yet started; thrown away at its first error."""
    return AIOKafkaProducer(
        **client_options(settings),
        enable_idempotence=True,
        transactional_id=transactional_id,
        acks="all",
        linger_ms=0,
        max_batch_size=MOST_BYTES,
        max_request_size=4_000_000,
        request_timeout_ms=20_000,
    )


@lru_cache(100_000)
def partition_of(key: bytes, count: int) -> int:
    """The partition every Kafka client would choose for this key."""
    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % count
