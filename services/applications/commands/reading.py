"""Marks and notes of whoever reads for a host: for that person alone, never a decision."""

from uuid import UUID

from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from services.applications.store import reads


async def mark_read(tx: Transaction, application_id: UUID, *, actor: Actor, now: Clock) -> None:
    """Note when this person first opened an application."""
    await reads.add_read(tx, application_id, by=actor.person_ref, at=await now(tx))


async def keep_note(
    tx: Transaction, application_id: UUID, note: str, *, actor: Actor, now: Clock
) -> None:
    """Keep a note to oneself."""
    await reads.add_read(tx, application_id, by=actor.person_ref, at=await now(tx))
    await reads.save_note(tx, application_id, by=actor.person_ref, note=note)
