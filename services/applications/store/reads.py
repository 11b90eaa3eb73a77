"""Who at a host has opened which application."""

from datetime import datetime
from uuid import UUID

from chassis.database import Transaction


async def add_read(tx: Transaction, application_id: UUID, *, by: UUID | None, at: datetime) -> None:
    """Keep when somebody first opened an application."""
    await tx.execute(
        """
        INSERT INTO application_reads (application_id, person_ref, read_at)
        VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """,
        application_id,
        by,
        at,
    )


async def save_note(tx: Transaction, application_id: UUID, *, by: UUID | None, note: str) -> None:
    """Keep what somebody wrote to oneself about an application."""
    await tx.execute(
        "UPDATE application_reads SET note = $3 WHERE application_id = $1 AND person_ref = $2",
        application_id,
        by,
        note,
    )
