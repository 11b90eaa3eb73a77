"""Breaches as a service keeps them: seen first, seen last, gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chassis.database import Database, Reader, Row

if TYPE_CHECKING:
    from chassis.checking import Breach, Judged

KEPT_DAYS = 365
SEEN = """
    INSERT INTO breaches (rule, subject, state, university, sentence, repair)
    SELECT DISTINCT ON (rule, subject) *
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        AS seen (rule, subject, state, university, sentence, repair)
    ON CONFLICT (rule, subject) WHERE gone_at IS NULL
    DO UPDATE SET last_seen_at = clock_timestamp(), state = excluded.state
    RETURNING rule, subject, xmax = 0 AS is_new
"""
GONE = """
    UPDATE breaches SET gone_at = clock_timestamp()
     WHERE gone_at IS NULL AND rule = ANY ($1::text[])
       AND (rule, subject) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
    RETURNING rule, subject
"""
FORGET = "DELETE FROM breaches WHERE gone_at < clock_timestamp() - make_interval(days => $1)"


@dataclass(frozen=True, slots=True)
class Kept:
    """What changed: breaches never seen before, and those that are no more."""

    new: tuple["Breach", ...]
    gone: tuple[tuple[str, str], ...]


async def keep(database: Database, judged: Sequence["Judged"]) -> Kept:
    """Write down what was seen now; what a whole answer no longer holds is gone."""
    found = [breach for each in judged for breach in each.found or ()]
    unsure = {each.rule.rule_id for each in judged if not each.is_whole}
    sure = sorted({each.rule.rule_id for each in judged} - unsure)
    rows = [
        (b.rule.rule_id, b.subject, b.state, b.university, b.rule.sentence, b.rule.repair)
        for b in found
    ]
    async with database.transaction() as tx:
        seen = await tx.list_rows(SEEN, *_columns(rows, 6)) if rows else []
        gone = await tx.list_rows(GONE, sure, *_columns([row[:2] for row in rows], 2))
        await tx.execute(FORGET, KEPT_DAYS)
    new = {(row["rule"], row["subject"]) for row in seen if row["is_new"]}
    return Kept(
        new=tuple(b for b in found if (b.rule.rule_id, b.subject) in new),
        gone=tuple((row["rule"], row["subject"]) for row in gone),
    )


def _columns(rows: Sequence[tuple[str, ...]], width: int) -> list[list[str]]:
    return [[row[column] for row in rows] for column in range(width)]


async def list_standing(reader: Reader, *, university: str) -> list[Row]:
    """Breaches that stand in this university or in the whole service, the oldest first."""
    return await reader.list_rows(
        """
        SELECT rule, sentence, repair, subject, state, first_seen_at
          FROM breaches
         WHERE gone_at IS NULL AND university IN ($1, '')
         ORDER BY first_seen_at, rule, subject
         LIMIT 200
        """,
        university,
    )


async def list_gone(reader: Reader, *, university: str) -> list[Row]:
    """Those that were repaired in the last 30 days, the latest first."""
    return await reader.list_rows(
        """
        SELECT rule, sentence, subject, first_seen_at, gone_at
          FROM breaches
         WHERE gone_at > clock_timestamp() - interval '30 days' AND university IN ($1, '')
         ORDER BY gone_at DESC
         LIMIT 50
        """,
        university,
    )
