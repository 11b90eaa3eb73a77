"""The rule sets that the proposals service published: immutable, so each is read once a process."""

from typing import Any
from uuid import UUID

from chassis.database import Reader, Transaction
from schemas.proposals import RuleSetPublished
from schemas.rules import RuleSet
from services.applications.domain.rule_sets import READ


async def get_rules(reader: Reader, programme_id: UUID, version: int) -> RuleSet:
    """One version of a programme's rules. Raises `CopyHasNotArrived` while we have not heard of it."""
    database: Any = getattr(reader, "database", reader)  # a transaction's, or it itself
    where = database.dsn
    if found := READ.find(where, programme_id, version):
        return found
    rules = await reader.value(
        "SELECT rules FROM known_rule_sets WHERE programme_id = $1 AND version = $2",
        programme_id,
        version,
    )
    return READ.keep(where, programme_id, version, rules)


async def save_known_rule_set(tx: Transaction, published: RuleSetPublished) -> None:
    """Keep a version as it was published; it never changes again."""
    await tx.execute(
        """
        INSERT INTO known_rule_sets (
            programme_id, version, university, programme_slug, programme_name, rules
        ) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING
        """,
        published.programme_id,
        published.rule_set_version,
        published.university,
        published.programme_slug,
        published.programme_name,
        published.rules.model_dump(mode="json"),
    )
