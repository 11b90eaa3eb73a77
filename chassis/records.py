"""From bytes to an event, or to the reason why not. Nothing here raises, whatever came.

A record is kept as its exact bytes, so that one that was parked or waited is read again later as if
it had just arrived. The reasons are those of `bad_input[124]` to `[138]`.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError

from chassis.database import Row
from chassis.erasure import subject_of
from schemas.envelope import LARGEST_VALUE, SPEC_VERSION, Event
from schemas.topics import TOPICS

COMPACTED = frozenset(topic.name for topic in TOPICS if topic.is_compacted)
STATE_TOPICS = COMPACTED | frozenset(topic.name for topic in TOPICS if topic.restricted_to)
"""Where only the newest counts: a gap in the sequence is no fault there."""

CLOCK_TOLERANCE = timedelta(hours=1)
LONGEST_NAME = 200  # characters of a key, an id's source, a type: ours are shorter by far
LARGEST_SEQUENCE = 2**63 - 1


class Reason(StrEnum):
    """Why an event is parked."""

    UNDECODABLE = "undecodable"
    UNKNOWN_VERSION = "unknown-version"
    SCHEMA = "schema"
    ID_CONFLICT = "id-conflict"
    CLOCK = "clock"
    TOMBSTONE = "tombstone"
    NO_KEY = "no-key"
    KEY_MISMATCH = "key-mismatch"
    UNIVERSITY = "university"
    TOO_LARGE = "too-large"
    HANDLER = "handler"
    BLOCKED = "blocked"  # came behind a parked one of the same key


Headers = tuple[tuple[str, bytes | None], ...]


class FromKafka(Protocol):
    """What we use of the client's record."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Any


@dataclass(frozen=True)
class Record:
    """One record as it lay in the log; `topic` without the installation's prefix."""

    topic: str
    partition: int
    position: int
    record_at: datetime
    key: bytes | None
    headers: Headers
    value: bytes | None

    @classmethod
    def of(cls, raw: FromKafka, *, prefix: str) -> "Record":
        """Take over what the client fetched, untouched."""
        return cls(
            topic=raw.topic.removeprefix(f"{prefix}."),
            partition=raw.partition,
            position=raw.offset,
            record_at=datetime.fromtimestamp(max(raw.timestamp, 0) / 1000, UTC),
            key=raw.key,
            headers=tuple(raw.headers),
            value=raw.value,
        )

    @classmethod
    def kept(cls, row: Row) -> "Record":
        """Read one back from `parked` or `waiting`."""
        headers = tuple(
            (name, None if value is None else base64.b64decode(value))
            for name, value in row["headers"]
        )
        where = ("topic", "partition", "position", "record_at", "key", "value")
        return cls(headers=headers, **{column: row[column] for column in where})

    @property
    def kept_key(self) -> bytes | None:
        """The key as a table keeps it: one that no index could hold is cut, and never matches."""
        return None if self.key is None else self.key[: LONGEST_NAME + 1]

    @property
    def kept_headers(self) -> list[list[str | None]]:
        """The headers as a table keeps them: bytes in base64, null as null."""
        return [
            [name.replace("\0", ""), None if value is None else base64.b64encode(value).decode()]
            for name, value in self.headers
        ]

    @property
    def place(self) -> tuple[str, int]:
        """The partition it lay in."""
        return self.topic, self.partition

    @property
    def case(self) -> tuple[str, bytes | None]:
        """What it must stay in order with."""
        return self.topic, self.key


@dataclass(frozen=True)
class Read:
    """A record with what could be read of it: an event to handle, or a reason, or neither.

    Neither means that nobody here listens to it: its sequence is noted and that is all.
    """

    record: Record
    event: Event | None = None
    reason: Reason | None = None
    error: str = ""
    key: str | None = None
    type: str | None = None
    source: str = ""
    event_id: UUID | None = None
    sequence: int | None = None
    occurred_at: datetime | None = None
    correlation: str = ""
    trace: str = ""
    is_restated: bool = False  # an old fact, told anew: for copies alone
    person_hash: bytes | None = None  # whom it is about, as the ledger of erased persons knows them

    @cached_property
    def value_hash(self) -> bytes:
        """Tells a repeat from an id that was used twice."""
        return hashlib.sha256(self.record.value or b"").digest()

    @property
    def is_state(self) -> bool:
        """Whether it lay in a topic where only the newest counts."""
        return self.record.topic in STATE_TOPICS


class _Unreadable(Exception):
    def __init__(self, reason: Reason, error: str) -> None:
        self.reason = reason
        self.error = error


Known = Mapping[str, type[Event]]
"""The event classes a service listens to, by their CloudEvents type."""


def read(record: Record, *, known: Known) -> Read:
    """Read a record as far as it can be read."""
    found: dict[str, Any] = {}
    try:
        _read_envelope(record, found)
        event = found["event"] = _read_event(record, found, known)
        found["person_hash"] = subject_of(event) if event else None
    except _Unreadable as fault:
        found |= {"reason": fault.reason, "error": fault.error}
    found.pop("headers", None)
    return Read(record, **found)


def _read_envelope(record: Record, found: dict[str, Any]) -> None:
    """Fill in what the headers tell, as far as they are in order."""
    if record.key is None:
        raise _Unreadable(Reason.NO_KEY, "the record has no key")
    if len(record.key) > LONGEST_NAME:
        raise _Unreadable(Reason.UNDECODABLE, f"key: {len(record.key)} bytes")
    found["key"] = _text(record.key, "key")
    headers = _texts(record.headers)
    found |= {
        "headers": headers,
        "type": headers.get("ce_type"),
        "correlation": headers.get("ce_correlationid", ""),
        "trace": headers.get("traceparent", ""),
        "is_restated": "ce_restated" in headers,
    }
    try:
        found["source"] = headers["ce_source"]
        found["event_id"] = UUID(headers["ce_id"])
        sequence = int(headers["ce_sequence"])
        found["occurred_at"] = datetime.fromisoformat(headers["ce_time"]).astimezone(UTC)
        is_ours = headers["ce_specversion"] == SPEC_VERSION and 1 <= sequence <= LARGEST_SEQUENCE
        is_ours = is_ours and max(len(found["source"]), len(found["type"] or "")) <= LONGEST_NAME
    except (KeyError, ValueError, OverflowError) as fault:
        raise _Unreadable(Reason.UNDECODABLE, f"envelope: {type(fault).__name__}") from None
    if not is_ours or not found["type"]:
        raise _Unreadable(Reason.UNDECODABLE, "envelope: not CloudEvents 1.0 as we publish it")
    if headers.get("ce_partitionkey") != found["key"]:
        raise _Unreadable(Reason.KEY_MISMATCH, "ce_partitionkey is not the record's key")
    found["sequence"] = sequence


def _read_event(record: Record, found: dict[str, Any], known: Known) -> Event | None:
    """The event, or None where nobody here listens to its type."""
    headers: dict[str, str] = found["headers"]
    if record.value is None:
        if record.topic in COMPACTED:
            return None
        raise _Unreadable(Reason.TOMBSTONE, "a null value on a topic that is not compacted")
    if len(record.value) > LARGEST_VALUE:
        raise _Unreadable(Reason.TOO_LARGE, f"{len(record.value)} bytes")
    kind = known.get(found["type"])
    if kind is None:
        _refuse_unknown_version(found["type"], headers, known)
        return None
    _refuse_other_encodings(headers)
    event = _validated(kind, record.value)
    if event.university != headers.get("ce_university"):
        raise _Unreadable(Reason.UNIVERSITY, "header and body name different universities")
    return event


def _texts(headers: Headers) -> dict[str, str]:
    try:
        texts = {name: value.decode() for name, value in headers if value is not None}
    except UnicodeDecodeError:
        texts = {}
    if len(texts) == len(headers) and not any("\0" in text for text in texts.values()):
        return texts
    return {name: _text(value, name) for name, value in headers}  # one by one, to name the fault


def _text(value: bytes | None, name: str) -> str:
    if value is None:
        raise _Unreadable(Reason.UNDECODABLE, f"{name}: null")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise _Unreadable(Reason.UNDECODABLE, f"{name}: not UTF-8") from None
    if "\0" in text:
        raise _Unreadable(Reason.UNDECODABLE, f"{name}: holds a null character")
    return text


def _refuse_unknown_version(name: str, headers: Mapping[str, str], known: Known) -> None:
    """A newer version of what we listen to: upgrade needed, unless the old was published beside it."""
    stem = name.rpartition(".v")[0]
    if "ce_twinof" in headers or not any(one.rpartition(".v")[0] == stem for one in known):
        return
    raise _Unreadable(Reason.UNKNOWN_VERSION, "upgrade needed")


def _refuse_other_encodings(headers: Mapping[str, str]) -> None:
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise _Unreadable(Reason.UNDECODABLE, "content-type: not application/json")
    if headers.get("content-encoding", "identity") != "identity":
        raise _Unreadable(Reason.UNDECODABLE, "content-encoding: unknown")


def _validated(kind: type[Event], value: bytes) -> Event:
    try:
        return kind.model_validate_json(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        if any(fault["type"] == "json_invalid" for fault in faults):
            raise _Unreadable(Reason.UNDECODABLE, "value: not JSON") from None
        pointers = (f"/{'/'.join(map(str, fault['loc']))}: {fault['type']}" for fault in faults)
        raise _Unreadable(Reason.SCHEMA, ", ".join(pointers)[:500]) from None
    except RecursionError:
        raise _Unreadable(Reason.UNDECODABLE, "value: nested too deep") from None
