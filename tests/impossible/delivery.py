"""Breaches of what every service shares: outbox, parked events, sequences, audit."""

from chassis import impossible
from tests.impossible.planting import Plant, ago, ident, row

KEY = str(ident("case"))
HEADERS = {"ce_subject": KEY, "ce_university": "oxford", "ce_source": "/services/expenses"}
TYPE = "micro-internships.expenses.ClaimSubmitted.v1"


def told(number: int, *, sequence: int | None = None, key: str = KEY, **more):
    """An outbox row, published unless said otherwise."""
    return row(
        "outbox",
        **{
            "id": number,
            "event_id": ident(f"event {number}"),
            "topic": "expenses.events",
            "key": key,
            "sequence": number if sequence is None else sequence,
            "type": TYPE,
            "headers": HEADERS,
            "value": b"{}",
            "recorded_at": ago(minutes=10),
            "published_at": ago(minutes=10),
            **more,
        },
    )


def last(number: int, *, key: str = KEY):
    return row("sequences", topic="expenses.events", key=key, last=number)


def heard_of(number: int, **more):
    """A parked event."""
    return row(
        "parked",
        id=number,
        consumer="expenses.placements",
        topic="applications.events",
        partition=0,
        position=number,
        key=more.pop("key", KEY).encode(),
        headers=[],
        **more,
    )


AUDITED = row("audit", subject=KEY, act="ClaimSubmitted", role="applicant", outcome="done")

PLANTS = (
    Plant(
        "expenses",
        impossible.UNPUBLISHED,
        rows=(told(1, published_at=None),),
        innocent=(told(2, published_at=None, recorded_at=ago(seconds=5)), told(3)),
        finds={f"event {ident('event 1')}"},
    ),
    Plant(
        "expenses",
        impossible.BLOCKED_BY_NOTHING,
        rows=(heard_of(1, status="blocked", reason="blocked"),),
        innocent=(
            heard_of(2, status="parked", reason="schema", key="other", first_failed_at=ago()),
            heard_of(3, status="blocked", reason="blocked", key="other"),
        ),
        finds={"event 1"},
    ),
    Plant(
        "expenses",
        impossible.PARKED_TOO_LONG,
        rows=(
            heard_of(1, status="parked", reason="schema", first_failed_at=ago(minutes=16)),
            row(
                "waiting",
                id=4,
                consumer="expenses.placements",
                missing_type="x",
                headers=[],
                since=ago(minutes=16),
            ),
        ),
        innocent=(
            heard_of(2, status="parked", reason="schema", first_failed_at=ago(minutes=14)),
            heard_of(3, status="redriven", reason="schema", first_failed_at=ago(minutes=90)),
        ),
        finds={"parked event 1", "waiting event 4"},
    ),
    Plant(
        "expenses",
        impossible.SEQUENCE_HAS_A_HOLE,
        rows=(told(1), told(3), last(3)),  # a hole
        innocent=(told(11, sequence=1, key="b"), told(12, sequence=2, key="b"), last(2, key="b")),
        finds={"outbox row 3"},
    ),
    Plant(
        "expenses",
        impossible.SEQUENCE_HAS_A_HOLE,
        rows=(told(1), told(2, sequence=1), last(1)),  # a repeat
        finds={"outbox row 2"},
    ),
    Plant(
        "expenses",
        impossible.SEQUENCE_HAS_A_HOLE,
        rows=(told(1), told(2), last(1)),  # one that was never given out
        finds={"outbox row 2"},
    ),
    Plant(
        "expenses",
        impossible.EVENT_WITHOUT_AUDIT,
        rows=(told(1, headers={**HEADERS, "ce_subject": "another"}), told(2), AUDITED),
        finds={f"event {ident('event 1')}"},
    ),
)
