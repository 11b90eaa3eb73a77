"""Logs: one JSON object a line on standard output, ids as fields, no sentences, no personal data.

A correlation id is given at the front door, travels in every event (`ce_correlationid`) and ends in
the mail's Message-ID, so that one `grep` finds a whole story.
"""

import logging
import re
import sys
from contextvars import ContextVar
from typing import Any

import structlog

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
"""Of the request, event or deadline being worked on."""

causation_id: ContextVar[str] = ContextVar("causation_id", default="")
"""The event id that led to what is being recorded; empty where a person acted."""

trace_parent: ContextVar[str] = ContextVar("trace_parent", default="")
"""W3C trace context, carried through as it came."""

_ALLOWED = re.compile(
    r"^(event|level|timestamp|service|role|error|act|reason|code|status|method|path|route|seconds|count|"
    r"size|rows|bytes|letter|type|topic|partition|position|lag|consumer|attempt|port|version|pid|"
    r"exception|where|state|kind|what|setting|.*_id|.*_ids|person_ref|.*_seconds|.*_count|is_.*)$"
)
_FORMATTERS = ("_record", "_from_structlog")  # what the formatter takes out again by itself
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _only_known_fields(_: Any, __: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Fields are allowed by name, so that nobody's data slips in by an argument (S36)."""
    return {
        name: value for name, value in entry.items() if _ALLOWED.match(name) or name in _FORMATTERS
    }


def _one_line(_: Any, __: str, entry: dict[str, Any]) -> dict[str, Any]:
    """No value forges a second line or colours a terminal."""
    return {
        name: _CONTROL.sub(" ", value) if isinstance(value, str) and name != "exception" else value
        for name, value in entry.items()
    }


def _story(_: Any, __: str, entry: dict[str, Any]) -> dict[str, Any]:
    if known := correlation_id.get():
        entry.setdefault("correlation_id", known)
    return entry


def set_up(*, service: str, role: str) -> None:
    """Send everything, libraries included, to standard output as JSON."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(service=service, role=role)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _story,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _only_known_fields,
        _one_line,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for noisy in ("uvicorn.access", "uvicorn.error", "uvicorn"):
        logging.getLogger(noisy).handlers.clear()
        logging.getLogger(noisy).propagate = True
    for noisy in ("aiokafka", "aiokafka.consumer.group_coordinator", "aiokafka.conn"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
