"""How we reach Kafka: address, sign-in and TLS, told once for relay, worker and operator."""

import ssl
from typing import Any

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLScram512

from chassis.settings import Settings


def security(settings: Settings) -> BaseSecurity | None:
    """SCRAM where a user is named, TLS where an authority is; None on loopback."""
    authority = settings.kafka_tls_authority
    context = ssl.create_default_context(cafile=str(authority)) if authority else None
    if settings.kafka_username and settings.kafka_password:
        return SASLScram512(
            settings.kafka_username,
            settings.kafka_password.get_secret_value(),
            ssl_context=context,
            use_ssl=context is not None,
        )
    return BaseSecurity(ssl_context=context, use_ssl=True) if context else None


def client_options(settings: Settings) -> dict[str, Any]:
    """The same, as aiokafka's clients take it."""
    return {
        "bootstrap_servers": settings.kafka_bootstrap,
        **parse_security(security(settings)),
    }


def group_of(consumer: str, settings: Settings) -> str:
    """A consumer's group on the broker: under the prefix, like the topics it reads."""
    return f"{settings.topic_prefix}.{consumer}"
