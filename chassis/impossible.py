"""States that must never be (P33): rules as data, and those that every service shares.

A rule is a question to the database that has no answer while all is well. It returns `subject` (a noun
and an id), `state` (what is so and cannot be) and `university` (empty where it is the whole service's):
ids, states and instants, never a word about a person. `$1::timestamptz` is business time; real time is
`clock_timestamp()`. A window over the newest rows keeps each of them cheap at any age of the house.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One state that must never be, and the ordinary command that would repair it."""

    rule_id: str  # I1 to I32, as the design numbers them
    sentence: str
    repair: str
    query: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """A rule of the design, or a part of one, with nothing behind it to judge."""

    rule_id: str
    because: str


UNPUBLISHED = Rule(
    "I17",
    "An event has waited for more than a minute to be published.",
    "See `outbox` and `topics check`: start the relay, or bring Kafka back.",
    """
    SELECT 'event ' || event_id AS subject,
           'recorded at ' || recorded_at || ', not published' AS state, '' AS university
      FROM outbox
     WHERE published_at IS NULL AND recorded_at < clock_timestamp() - interval '1 minute'
     ORDER BY id
    """,
)
BLOCKED_BY_NOTHING = Rule(
    "I19",
    "An event is blocked behind a case in which nothing is parked.",
    "Redrive the case: `parked redrive --key KEY --reason WORDS`.",
    """
    SELECT 'event ' || id AS subject,
           'blocked since ' || first_failed_at || ', nothing parked' AS state, '' AS university
      FROM parked
     WHERE status = 'blocked'
       AND NOT EXISTS (
           SELECT FROM parked AS first
            WHERE first.status = 'parked' AND first.consumer = parked.consumer
              AND first.topic = parked.topic AND first.key = parked.key
       )
     ORDER BY id
    """,
)
PARKED_TOO_LONG = Rule(
    "I19",
    "An event has been parked or has waited for more than 15 minutes.",
    "See `parked show ID`: mend the cause, then `parked redrive`, or `parked discard` with a reason.",
    """
    SELECT 'parked event ' || id AS subject,
           reason || ' since ' || first_failed_at AS state, '' AS university
      FROM parked
     WHERE status = 'parked' AND first_failed_at < clock_timestamp() - interval '15 minutes'
     UNION ALL
    SELECT 'waiting event ' || id, missing_type || ' missing since ' || since, ''
      FROM waiting
     WHERE since < clock_timestamp() - interval '15 minutes'
    """,
)
SEQUENCE_HAS_A_HOLE = Rule(
    "I20",
    "The numbers of one case in the outbox have a hole, or one comes twice.",
    "Stop the relay; compare `sequences` with the outbox; after a restore, raise the sequences.",
    """
    WITH told AS (
        SELECT id, topic, key, sequence,
               lag(sequence) OVER (PARTITION BY topic, key ORDER BY id) AS before,
               row_number() OVER (PARTITION BY topic, key ORDER BY id DESC) AS from_end
          FROM outbox
         WHERE id > (SELECT coalesce(max(id), 0) - 20000 FROM outbox)
           AND recorded_at > clock_timestamp() - interval '30 days'
    )
    SELECT 'outbox row ' || id AS subject,
           'number ' || sequence || ' of ' || key || ' after ' || before AS state, '' AS university
      FROM told
     WHERE sequence <> before + 1
     UNION ALL
    SELECT 'outbox row ' || id, 'number ' || sequence || ' of ' || key || ', last given ' || last, ''
      FROM told
      JOIN sequences USING (topic, key)
     WHERE from_end = 1 AND last < sequence
    """,
)
EVENT_WITHOUT_AUDIT = Rule(
    "I30",
    "An event was recorded without the audit row of the act behind it.",
    "Nothing to repair: find the command that records events past `outbox.record`.",
    """
    SELECT 'event ' || event_id AS subject, type || ', no audit row' AS state,
           coalesce(headers ->> 'ce_university', '') AS university
      FROM outbox
     WHERE id > (SELECT coalesce(max(id), 0) - 2000 FROM outbox)
       AND topic LIKE '%.events'
       AND NOT headers ? 'ce_restated'
       AND NOT EXISTS (
           SELECT FROM audit
            WHERE audit.subject = outbox.headers ->> 'ce_subject'
              AND regexp_replace(audit.act, 'V[0-9]+$', '') = split_part(outbox.type, '.', 3)
       )
    """,
)

SHARED: tuple[Rule, ...] = (
    UNPUBLISHED,
    BLOCKED_BY_NOTHING,
    PARKED_TOO_LONG,
    SEQUENCE_HAS_A_HOLE,
    EVENT_WITHOUT_AUDIT,
)
NOT_YET: tuple[NotYet, ...] = (
    NotYet("I30", "audit rows are not chained by hashes: put off on purpose (architecture.md)"),
    NotYet("I31", "no service erases a person's rows by itself yet; retention is judged"),
)
