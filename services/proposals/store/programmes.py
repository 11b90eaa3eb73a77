"""Programmes and their rule sets, as stored."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Reader, Transaction
from schemas.rules import RuleSet
from services.proposals.domain.programme import Programme

_VERSIONS: dict[tuple[UUID, int], RuleSet] = {}  # a version never changes, so it is read once


async def lock_programme(tx: Transaction, *, university: str, slug: str) -> Programme | None:
    """Hold a programme by its name, even one that is not there yet: two loads come one by one."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"programme:{university}:{slug}"
    )
    row = await tx.find_row(
        """
        SELECT programme_id, university, slug, name, rule_set_version
          FROM programmes
         WHERE university = $1 AND slug = $2
           FOR UPDATE
        """,
        university,
        slug,
    )
    if row is None:
        return None
    rules = await get_rules(tx, row["programme_id"], row["rule_set_version"])
    return Programme(**row, rules=rules)


async def save_programme(tx: Transaction, programme: Programme, *, now: datetime) -> None:
    """Keep a programme with the number of the rules in force."""
    await tx.execute(
        """
        INSERT INTO programmes (programme_id, university, slug, name, rule_set_version, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (programme_id) DO UPDATE
           SET name = excluded.name, rule_set_version = excluded.rule_set_version
        """,
        programme.programme_id,
        programme.university,
        programme.slug,
        programme.name,
        programme.rule_set_version,
        now,
    )


async def add_rule_set(
    tx: Transaction, programme: Programme, *, published_by: UUID | None, now: datetime
) -> None:
    """Keep one version of the rules, for ever."""
    rules = programme.rules
    await tx.execute(
        """
        INSERT INTO rule_sets (programme_id, version, rules, published_at, published_by)
        VALUES ($1, $2, $3, $4, $5)
        """,
        programme.programme_id,
        programme.rule_set_version,
        rules.model_dump(mode="json") if rules else None,
        now,
        published_by,
    )


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a programme's rules, as it was published."""

    programme_id: UUID
    university: str
    slug: str
    version: int
    rules: RuleSet
    published_at: datetime


async def list_versions(tx: Transaction, programme_ids: list[UUID]) -> list[Version]:
    """Every version of these programmes' rules, each programme's from the first."""
    rows = await tx.list_rows(
        """
        SELECT programme_id, university, slug, version, rules, published_at
          FROM rule_sets
          JOIN programmes USING (programme_id)
         WHERE programme_id = ANY ($1::uuid[])
         ORDER BY programme_id, version
        """,
        programme_ids,
    )
    for row in rows:
        row["rules"] = RuleSet.model_validate(row["rules"])
    return [Version(**row) for row in rows]


async def get_rules(reader: Reader, programme_id: UUID, version: int) -> RuleSet:
    """One version of a programme's rules."""
    key = (programme_id, version)
    if key not in _VERSIONS:
        row = await reader.get_row(
            "SELECT rules FROM rule_sets WHERE programme_id = $1 AND version = $2", *key
        )
        _VERSIONS[key] = RuleSet.model_validate(row["rules"])
    return _VERSIONS[key]
