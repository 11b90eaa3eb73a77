"""What was decided, written beside the rows it changed: both commit, or neither.

The order of a case rests on one lock. The statement below raises the case's row in `sequences`
first, keys sorted, and holds it until commit; only then does it take the outbox ids. So ids, sequence
numbers and commits of one key agree, whatever else a command has locked, and the relay may publish
in id order. Topics stand here without the installation's prefix: the relay puts it on.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args
from uuid import UUID

from chassis import logs
from chassis.actor import Actor
from chassis.clock import now
from chassis.database import Database, Row, Transaction
from chassis.decision import Refused
from chassis.failpoints import failpoint
from chassis.nudge import (
    Nudger as Nudger,
)  # the outbox's bell: every process that records starts one
from chassis.parts import Ended
from schemas.envelope import (
    LARGEST_VALUE,
    SPEC_VERSION,
    TYPE_PREFIX,
    Classification,
    Event,
    Service,
    new_id,
)
from schemas.topics import topic_of

CONTENT_TYPE = "application/json"
MOST_GUARDED_FIRST: tuple[Classification, ...] = ("encrypted", "pseudonym", "internal", "public")

WRITE = """
    WITH given AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::bytea[])
            WITH ORDINALITY AS given (event_id, topic, key, type, headers, value, place)
    ), numbered AS (
        SELECT *,
               row_number() OVER (PARTITION BY topic, key ORDER BY place DESC) - 1 AS still_to_come
          FROM given
    ), raised AS (
        INSERT INTO sequences (topic, key, last)
        SELECT topic, key, count(*) FROM given GROUP BY topic, key ORDER BY topic, key
            ON CONFLICT (topic, key) DO UPDATE SET last = sequences.last + excluded.last
        RETURNING topic, key, last
    ), recorded AS (
        INSERT INTO outbox (event_id, topic, key, sequence, type, headers, value)
        SELECT event_id, topic, key, last - still_to_come, type,
               headers || jsonb_build_object('ce_sequence', (last - still_to_come)::text), value
          FROM numbered JOIN raised USING (topic, key)
         ORDER BY place
        RETURNING 1
    ), noted AS (
        INSERT INTO audit (
            business_at, university, actor, role, act, subject, reason, correlation_id
        )
        SELECT business_at, university, $11, $12, act, subject, $13, $14
          FROM unnest($7::timestamptz[], $8::text[], $9::text[], $10::text[])
            WITH ORDINALITY AS noted (business_at, university, act, subject, place)
         ORDER BY place
    )
    SELECT count(*) FROM recorded
"""


class EventTooLarge(Refused):
    """This is too long to be passed on. Shorten it and try again."""

    status = 422


async def record(
    tx: Transaction, events: Iterable[Event], *, actor: Actor, reason: str | None = None
) -> None:
    """Write events to the outbox, and one audit row for each, in one round trip.

    Raises `EventTooLarge` when one would not fit the wire.
    """
    told = tuple(events)
    if not told:
        return
    rows = [_row(event) for event in told]
    failpoint("command.saved")
    await tx.value(
        WRITE,
        *zip(*rows, strict=True),
        [event.occurred_at for event in told],
        [event.university for event in told],
        [type(event).__name__ for event in told],
        [event.subject for event in told],
        actor.person_ref,
        actor.role,
        reason,
        logs.correlation_id.get() or None,
    )
    failpoint("command.recorded")
    tx.has_recorded = True


async def record_state(
    tx: Transaction, event: Event | None, *, kind: str, key: Any, university: str
) -> None:
    """Write what is now so about one key to a topic that keeps only the newest; None ends it.

    No audit row: the act itself was told as an event.
    """
    if event is None:
        at = await now(tx)
        row = _tombstone(tx.service, kind=kind, key=str(key), university=university, at=at)
    else:
        row = _row(event)
    await tx.value(WRITE, *([field] for field in row), [], [], [], [], None, "", None, None)
    tx.has_recorded = True


# A command raises its case's row and keeps it until it commits; whoever holds it here sees all that was
# recorded of the case, and whatever is changed meanwhile is recorded after this.
HOLD = """
    INSERT INTO sequences (topic, key, last)
    SELECT topic, key, 0 FROM unnest($1::text[]) AS topic, unnest($2::text[]) AS key
     ORDER BY topic, key
        ON CONFLICT (topic, key) DO UPDATE SET last = sequences.last
"""


async def hold(tx: Transaction, topics: Iterable[str], keys: Iterable[Any]) -> None:
    """Hold these cases: what is read in a statement after this one is what is so at the commit."""
    owner = _owner(tx.service)
    names = [topic_of(owner, kind).name for kind in topics]
    await tx.execute(HOLD, names, [str(key) for key in keys])


async def record_anew(tx: Transaction, facts: Iterable[Event | Ended]) -> int:
    """Tell current facts once more: copied, and reacted to by nobody. How many there were.

    No audit row for each: the act as a whole has one, and each was noted when it happened.
    """
    rows = [
        _row(fact)
        if isinstance(fact, Event)
        else _tombstone(
            tx.service,
            kind=fact.topic,
            key=str(fact.key),
            university=fact.university,
            at=await now(tx),
        )
        for fact in facts
    ]
    if not rows:
        return 0
    anew = [(*row[:4], row[4] | {"ce_restated": "true"}, row[5]) for row in rows]
    await tx.value(WRITE, *zip(*anew, strict=True), [], [], [], [], None, "", None, None)
    tx.has_recorded = True
    return len(anew)


async def status(database: Database) -> Row:
    """What waits to be published, for `outbox` on the command line."""
    row = await database.get_row(
        """
        SELECT count(*) AS unpublished,
               min(recorded_at) AS oldest_recorded_at,
               coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8
                   AS oldest_age
          FROM outbox
         WHERE published_at IS NULL
        """
    )
    row["last_published_at"] = await database.value("SELECT max(published_at) FROM outbox")
    return row


OutboxRow = tuple[UUID, str, str, str, dict[str, str], bytes | None]


def _row(event: Event) -> OutboxRow:
    value = event.model_dump_json().encode()
    if len(value) > LARGEST_VALUE:
        raise EventTooLarge
    event_id, kind = new_id(), type(event)
    headers = _headers(
        event_id,
        service=kind.service,
        type_name=kind.type_name(),
        subject=event.subject,
        key=event.key,
        university=event.university,
        at=event.occurred_at,
        classification=classification_of(kind),
    )
    headers["ce_dataschema"] = dataschema_of(kind)
    topic = topic_of(kind.service, kind.topic).name
    return event_id, topic, event.key, kind.type_name(), headers, value


def _tombstone(service: str, *, kind: str, key: str, university: str, at: datetime) -> OutboxRow:
    event_id, type_name = new_id(), f"{TYPE_PREFIX}.{service}.Tombstone.v1"
    headers = _headers(
        event_id,
        service=service,
        type_name=type_name,
        subject=key,
        key=key,
        university=university,
        at=at,
        classification="public",
    )
    return event_id, topic_of(_owner(service), kind).name, key, type_name, headers, None


def _owner(service: str) -> Service:
    return next(name for name in get_args(Service) if name == service)


def _headers(
    event_id: UUID,
    *,
    service: str,
    type_name: str,
    subject: str,
    key: str,
    university: str,
    at: datetime,
    classification: Classification,
) -> dict[str, str]:
    """The CloudEvents attributes; `ce_sequence` joins them in the database."""
    optional = {
        "ce_causationid": logs.causation_id.get(),
        "traceparent": logs.trace_parent.get(),
    }
    return {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(event_id),
        "ce_type": type_name,
        "ce_source": f"/services/{service}",
        "ce_subject": subject,
        "ce_time": wire_time(at),
        "ce_partitionkey": key,
        "ce_university": university,
        "ce_correlationid": logs.correlation_id.get() or str(event_id),
        "ce_dataclassification": classification,
        "content-type": CONTENT_TYPE,
        **{name: value for name, value in optional.items() if value},
    }


def wire_time(at: datetime) -> str:
    """An instant as the wire spells it: UTC, milliseconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def dataschema_of(kind: type[Event]) -> str:
    """The name of an event's JSON Schema, the same wherever it is served."""
    name = kind.type_name().removeprefix(f"{TYPE_PREFIX}.").replace(".", ":")
    return f"urn:{TYPE_PREFIX}:schema:{name}"


@cache
def classification_of(kind: type[Event]) -> Classification:
    """The most guarded class among an event's fields, those of its parts included."""
    found = set(_classifications(kind.model_json_schema()))
    for guarded in MOST_GUARDED_FIRST:
        if not found.isdisjoint({guarded}):
            return guarded
    return "public"


def _classifications(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        found: dict[str, Any] = schema  # pyright: ignore[reportUnknownVariableType] - JSON
        if isinstance(name := found.get("x-classification"), str):
            yield name
        for inner in found.values():
            yield from _classifications(inner)
    elif isinstance(schema, list):
        inner_schemas: list[Any] = schema  # pyright: ignore[reportUnknownVariableType] - JSON
        for inner in inner_schemas:
            yield from _classifications(inner)
