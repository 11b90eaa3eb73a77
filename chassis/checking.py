"""Looks, every five minutes in the relay that is active, whether something is that must never be (P33).

A breach is a log event, a number for Prometheus and a line on the office's page. A rule that cannot
be judged, because its question took too long or failed, is never taken for one that holds.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from chassis import breaches
from chassis.database import Database
from chassis.impossible import SHARED, Rule
from chassis.loops import rest
from chassis.metrics import CHECK_FAILURES, IMPOSSIBLE_STATES
from chassis.parts import Parts
from chassis.settings import Settings

log = structlog.get_logger()

FIRST_AFTER = 10.0
MOST = 100  # of one rule at once: a flood is told, not listed
ASK = """
    SELECT subject, state, university
      FROM ({query}) AS found
     WHERE $1::timestamptz IS NOT NULL
     LIMIT {most}
"""
LISTENS = """
    INSERT INTO listened (consumer, type) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING
"""
FORGETS = "DELETE FROM listened WHERE consumer <> $1 OR type <> ALL ($2::text[])"


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing found in a state that cannot be."""

    rule: Rule
    subject: str
    state: str
    university: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one question; `found` is None where it could not be answered."""

    rule: Rule
    found: tuple[Breach, ...] | None
    why: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every breach is listed, so that one which is not has gone."""
        return self.found is not None and len(self.found) < MOST


def rules_of(parts: Parts) -> tuple[Rule, ...]:
    """The rules a service is judged by: what all share, then its own."""
    return (*SHARED, *parts.impossible)


async def run(parts: Parts, settings: Settings, database: Database, stop: asyncio.Event) -> None:
    """Look, keep and tell what was found, again and again until told to stop."""
    every = settings.check_every.total_seconds()
    await rest(stop, min(FIRST_AFTER, every))
    while not stop.is_set():
        try:
            await look_once(parts, database)
        except Exception as error:
            log.warning("check.failed", error=type(error).__name__)
        await rest(stop, every)


async def look_once(parts: Parts, database: Database) -> list[Judged]:
    """One cycle: every rule judged, breaches kept, told by log and metric."""
    await _note_what_is_listened_to(parts, database)
    judged = await look(database, rules_of(parts))
    kept = await breaches.keep(database, judged)
    for breach in kept.new:
        log.error(
            "state.impossible",
            rule=breach.rule.rule_id,
            subject=breach.subject,
            state=breach.state,
        )
    for rule_id, subject in kept.gone:
        log.info("state.possible_again", rule=rule_id, subject=subject)
    for rule_id, count in standing(judged).items():
        IMPOSSIBLE_STATES.labels(parts.name, rule_id).set(count)
    for each in judged:
        if each.found is None:
            CHECK_FAILURES.labels(parts.name, each.rule.rule_id).inc()
            log.warning("rule.unjudged", rule=each.rule.rule_id, error=each.why)
    return judged


def standing(judged: Sequence[Judged]) -> dict[str, int]:
    """How many breaches each rule has that could be judged."""
    counts: dict[str, int] = {}
    for each in judged:
        if each.found is not None:
            counts[each.rule.rule_id] = counts.get(each.rule.rule_id, 0) + len(each.found)
    return counts


async def look(database: Database, rules: Sequence[Rule], *, patience: str = "2s") -> list[Judged]:
    """Ask every question, each in a reading transaction of its own that ends when patience does."""
    return [await _ask(database, rule, patience) for rule in rules]


async def _ask(database: Database, rule: Rule, patience: str) -> Judged:
    sql = ASK.format(query=rule.query, most=MOST)
    try:
        async with database.transaction() as tx:
            await tx.execute("SET TRANSACTION READ ONLY")
            await tx.value("SELECT set_config('statement_timeout', $1, true)", patience)
            rows = await tx.list_rows(sql, await tx.value(tx.now_sql))
    except Exception as error:
        return Judged(rule, None, type(error).__name__)
    return Judged(rule, tuple(Breach(rule, **row) for row in rows))


async def _note_what_is_listened_to(parts: Parts, database: Database) -> None:
    """By the service's own word: which events its consumer must not miss (I18)."""
    consumer = parts.consumer or parts.name
    types = [kind.type_name() for kind in parts.reactions]
    async with database.transaction() as tx:
        await tx.execute(LISTENS, consumer, types)
        await tx.execute(FORGETS, consumer, types)
