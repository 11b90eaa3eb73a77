"""Cycles, as stored."""

from datetime import datetime
from uuid import UUID

from chassis.database import Row, Transaction
from schemas.cycle import CycleDates
from services.proposals.domain.cycle import Cycle, Status

_CYCLE = """
    SELECT cycle_id, university, programme_id, slug, status, rule_set_version, dates, published_at
      FROM cycles
"""


async def lock_cycle(tx: Transaction, cycle_id: UUID) -> Cycle | None:
    """Hold a cycle whose state is about to move."""
    row = await tx.find_row(f"{_CYCLE} WHERE cycle_id = $1 FOR UPDATE", cycle_id)
    return _cycle(row) if row else None


async def find_cycle(tx: Transaction, cycle_id: UUID) -> Cycle | None:
    """A cycle, only to read its dates."""
    row = await tx.find_row(f"{_CYCLE} WHERE cycle_id = $1", cycle_id)
    return _cycle(row) if row else None


async def list_promised_cycles(
    tx: Transaction, cycle_ids: list[UUID]
) -> list[tuple[Cycle, datetime]]:
    """Those of these that were published, and when: to be told anew."""
    rows = await tx.list_rows(
        f"""
        {_CYCLE}
         WHERE cycle_id = ANY ($1::uuid[]) AND published_at IS NOT NULL
         ORDER BY cycle_id
        """,
        cycle_ids,
    )
    return [(_cycle(row), row["published_at"]) for row in rows]


async def find_cycle_of_programme(tx: Transaction, programme_id: UUID, slug: str) -> Cycle | None:
    """A cycle by its name in a programme's file; held, since a load may rewrite it."""
    row = await tx.find_row(
        f"{_CYCLE} WHERE programme_id = $1 AND slug = $2 FOR UPDATE", programme_id, slug
    )
    return _cycle(row) if row else None


async def save_cycle(tx: Transaction, cycle: Cycle, *, published_at: datetime | None) -> None:
    """Keep a cycle as it now is."""
    dates = cycle.dates
    await tx.execute(
        """
        INSERT INTO cycles (
            cycle_id, university, programme_id, slug, name, status, rule_set_version, dates,
            proposals_open_at, proposals_close_at, starts_on, ends_on, zone, published_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (cycle_id) DO UPDATE
           SET name = excluded.name,
               status = excluded.status,
               rule_set_version = excluded.rule_set_version,
               dates = excluded.dates,
               proposals_open_at = excluded.proposals_open_at,
               proposals_close_at = excluded.proposals_close_at,
               starts_on = excluded.starts_on,
               ends_on = excluded.ends_on,
               zone = excluded.zone,
               published_at = coalesce(excluded.published_at, cycles.published_at),
               row_version = cycles.row_version + 1
        """,
        cycle.cycle_id,
        cycle.university,
        cycle.programme_id,
        cycle.slug,
        dates.cycle_name,
        cycle.status,
        cycle.rule_set_version,
        dates.model_dump(mode="json"),
        dates.proposals_open_at.at,
        dates.proposals_close_at.at,
        dates.starts_on,
        dates.ends_on,
        dates.zone,
        published_at,
    )


async def move_cycles(tx: Transaction, *, now: datetime) -> int:
    """Let cycles begin with their window for proposals, and end with their last day.

    Nobody is told: the dates were promised when the cycle was published.
    """
    return await tx.execute(
        """
        UPDATE cycles
           SET status = CASE
                   WHEN $1 >= (ends_on + 1)::timestamp AT TIME ZONE zone THEN 'finished'
                   ELSE 'running'
               END
         WHERE (status = 'published' AND proposals_open_at <= $1)
            OR (status = 'running' AND $1 >= (ends_on + 1)::timestamp AT TIME ZONE zone)
        """,
        now,
    )


def _cycle(row: Row) -> Cycle:
    return Cycle(
        cycle_id=row["cycle_id"],
        university=row["university"],
        programme_id=row["programme_id"],
        slug=row["slug"],
        status=Status(row["status"]),
        rule_set_version=row["rule_set_version"],
        dates=CycleDates.model_validate(row["dates"]),
    )
