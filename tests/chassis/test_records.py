"""Reading a record: an event, a reason, or neither; whatever lies in it."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chassis.records import Reason, Record, read
from tests.chassis.delivery import TrialBegun, begun, wire

KNOWN = {TrialBegun.type_name(): TrialBegun}
NOW = datetime(2024, 1, 15, 12, tzinfo=UTC)


def a_record(message: dict[str, Any] | None = None, **headers: bytes | None) -> Record:
    given = message or wire(begun("one"), sequence=1)
    named = {name.replace("__", "-"): value for name, value in headers.items()}
    return Record(
        topic="proposals.events",
        partition=0,
        position=0,
        record_at=NOW,
        key=given["key"],
        headers=tuple({**given["headers"], **named}.items()),
        value=given["value"],
    )


def test_event_is_read_with_its_envelope():
    reading = read(a_record(), known=KNOWN)

    assert reading.event == begun("one").model_copy(
        update={"occurred_at": reading.event.occurred_at}  # pyright: ignore
    )
    assert (reading.key, reading.sequence, reading.reason) == ("one", 1, None)


def test_new_version_beside_the_old_one_is_ignored():
    newer = b"micro-internships.proposals.TrialBegun.v2"

    alone = read(a_record(ce_type=newer), known=KNOWN)
    twin = read(a_record(ce_type=newer, ce_twinof=b"some-id"), known=KNOWN)

    assert alone.reason is Reason.UNKNOWN_VERSION
    assert (twin.reason, twin.event, twin.sequence) == (None, None, 1)


def test_unknown_fields_are_tolerated():
    message = wire(begun("one"), sequence=1)
    message["value"] = message["value"][:-1] + b', "since_then": 1}'

    assert read(a_record(message), known=KNOWN).event is not None


def test_schema_fault_is_told_by_pointer_and_never_by_value():
    message = wire(begun("one"), sequence=1)
    message["value"] = message["value"].replace(b'"number":0', b'"number":"secret"')

    reading = read(a_record(message), known=KNOWN)

    assert (reading.reason, reading.error) == (Reason.SCHEMA, "/number: int_parsing")


def test_record_that_was_kept_reads_like_the_one_that_came():
    record = a_record(odd=b"\xff", none=None)
    columns = ("topic", "partition", "position", "record_at", "key", "value")
    row = {name: getattr(record, name) for name in columns} | {"headers": record.kept_headers}

    assert Record.kept(row) == record


@given(
    key=st.none() | st.binary(max_size=20),
    value=st.none() | st.binary(max_size=200),
    spoilt=st.dictionaries(
        st.sampled_from(
            ["ce_id", "ce_type", "ce_time", "ce_sequence", "ce_source", "content-type"]
        ),
        st.none() | st.binary(max_size=20) | st.sampled_from([b"1e999", b"-1", b"9" * 30]),
    ),
)
def test_nothing_raises(key: bytes | None, value: bytes | None, spoilt: dict[str, bytes | None]):
    message = wire(begun("one"), sequence=1)
    spoilt_headers = message["headers"] | spoilt
    reading = read(a_record({"key": key, "value": value, "headers": spoilt_headers}), known=KNOWN)

    assert (reading.event is None) or reading.reason is None
