"""The rule sets that pages go by."""

from uuid import UUID

from chassis.database import Database
from schemas.rules import RuleSet
from services.applications.domain.rule_sets import READ


async def show_rules(database: Database, programme_id: UUID, version: int) -> RuleSet:
    """One version of a programme's rules. Raises `CopyHasNotArrived` while we have not heard of it."""
    if found := READ.find(database.dsn, programme_id, version):
        return found
    rules = await database.value(
        "SELECT rules FROM known_rule_sets WHERE programme_id = $1 AND version = $2",
        programme_id,
        version,
    )
    return READ.keep(database.dsn, programme_id, version, rules)
