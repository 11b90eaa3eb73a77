"""Programmes, their rules and cycles, for reading."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.database import Reader, Row
from chassis.decision import NotFound
from schemas.cycle import CycleDates
from schemas.rules import RuleSet
from services.proposals.domain.programme import Programme


class NoSuchProgramme(NotFound):
    """We cannot find this programme."""


async def list_programmes(reader: Reader, *, to: Actor) -> list[Row]:
    """The programmes of this university, with the version of their rules in force."""
    return await reader.list_rows(
        """
        SELECT programme_id, slug, name, rule_set_version, rule_sets.published_at
          FROM programmes
          JOIN rule_sets USING (programme_id)
         WHERE university = $1 AND rule_sets.version = programmes.rule_set_version
         ORDER BY name, slug
        """,
        to.university,
    )


async def show_rules(
    reader: Reader, slug: str, version: int | None = None, *, to: Actor
) -> dict[str, Any]:
    """One version of a programme's rules, the one in force unless another is named."""
    row = await reader.find_row(
        """
        SELECT programme_id, slug, name, rule_set_version, version, rules, published_at
          FROM programmes
          JOIN rule_sets USING (programme_id)
         WHERE university = $1 AND slug = $2
           AND version = coalesce($3, programmes.rule_set_version)
        """,
        to.university,
        slug,
        version,
    )
    if row is None:
        raise NoSuchProgramme
    return row | {"rules": RuleSet.model_validate(row["rules"])}


_VERSIONS: dict[tuple[UUID, int], RuleSet] = {}  # a version never changes, so it is read once


async def list_rules(reader: Reader, *, to: Actor) -> dict[str, RuleSet]:
    """The rules in force of every programme of this university, by the programme's name in addresses."""
    rows = await list_programmes(reader, to=to)
    found: dict[str, RuleSet] = {}
    for row in rows:
        key = (row["programme_id"], row["rule_set_version"])
        if key not in _VERSIONS:
            _VERSIONS[key] = (await show_rules(reader, row["slug"], key[1], to=to))["rules"]
        found[row["slug"]] = _VERSIONS[key]
    return found


async def show_rules_of(reader: Reader, programme_id: UUID, version: int) -> RuleSet:
    """The version that a proposal or vacancy carries."""
    key = (programme_id, version)
    if key not in _VERSIONS:
        row = await reader.get_row(
            "SELECT rules FROM rule_sets WHERE programme_id = $1 AND version = $2", *key
        )
        _VERSIONS[key] = RuleSet.model_validate(row["rules"])
    return _VERSIONS[key]


async def find_programme(reader: Reader, slug: str, *, to: Actor) -> Programme | None:
    """A programme with its rules, to compare with those of a file."""
    try:
        found = await show_rules(reader, slug, to=to)
    except NoSuchProgramme:
        return None
    return Programme(
        programme_id=found["programme_id"],
        university=to.university,
        slug=slug,
        name=found["name"],
        rule_set_version=found["version"],
        rules=found["rules"],
    )


async def list_versions(reader: Reader, slug: str, *, to: Actor) -> list[Row]:
    """Every version of a programme's rules, the newest first."""
    return await reader.list_rows(
        """
        SELECT version, rule_sets.published_at
          FROM programmes
          JOIN rule_sets USING (programme_id)
         WHERE university = $1 AND slug = $2
         ORDER BY version DESC
        """,
        to.university,
        slug,
    )


_CYCLES = """
    SELECT cycle_id, cycles.programme_id, programmes.slug AS programme, programmes.name AS
           programme_name, cycles.slug, cycles.name, cycles.status, cycles.rule_set_version,
           cycles.dates, cycles.published_at, cycles.row_version
      FROM cycles
      JOIN programmes USING (programme_id)
"""


async def list_cycles(reader: Reader, *, to: Actor) -> list[dict[str, Any]]:
    """The cycles of this university; drafts only for the office."""
    rows = await reader.list_rows(
        f"""
        {_CYCLES}
         WHERE cycles.university = $1 AND ($2 OR cycles.status <> 'draft')
         ORDER BY proposals_open_at, cycles.name
        """,
        to.university,
        to.is_office,
    )
    return [_cycle(row) for row in rows]


async def list_cycles_for_proposals(
    reader: Reader, *, to: Actor, now: datetime
) -> list[dict[str, Any]]:
    """The cycles for which a host can still write a proposal."""
    return [
        cycle
        for cycle in await list_cycles(reader, to=to)
        if cycle["status"] != "draft" and now < cycle["dates"].proposals_close_at.at
    ]


async def find_cycle(reader: Reader, cycle_id: UUID, *, to: Actor) -> dict[str, Any] | None:
    """One cycle of this university, if it is known to everyone or to the office alone."""
    found = [each for each in await list_cycles(reader, to=to) if each["cycle_id"] == cycle_id]
    return found[0] if found else None


def _cycle(row: Row) -> dict[str, Any]:
    return row | {"dates": CycleDates.model_validate(row["dates"])}
