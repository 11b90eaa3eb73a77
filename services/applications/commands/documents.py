"""A CV that has been judged becomes a row, and the application that it belongs to names it."""

from typing import Any
from uuid import UUID

from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import Transaction
from schemas.envelope import new_id
from services.applications.commands.applications import Check, save_application
from services.applications.domain.application import ApplicationIsNotYours, SaveApplication
from services.applications.domain.document import Document, Upload
from services.applications.store import documents


async def add_cv(
    tx: Transaction,
    upload: Upload,
    *,
    to: SaveApplication,
    actor: Actor,
    now: Clock,
    check: Check = Check.UNFINISHED,
) -> dict[str, Any]:
    """Keep a file and the host's copy of it, and save the application with it."""
    document_id = await _add_document(tx, upload, actor=actor, now=now)
    command = SaveApplication(to.application_id, to.content, document_id, version=to.version)
    return await save_application(tx, command, actor=actor, now=now, check=check)


async def _add_document(tx: Transaction, upload: Upload, *, actor: Actor, now: Clock) -> UUID:
    if actor.person_ref is None:
        raise ApplicationIsNotYours
    document = Document(
        document_id=new_id(),
        university=actor.university,
        person_ref=actor.person_ref,
        media_type=upload.judged.media_type,
        name=upload.name,
        size=len(upload.original),
        pages=upload.judged.pages,
        host_pages=upload.judged.host_pages,
        notes=upload.judged.notes,
        added_at=await now(tx),
    )
    await documents.add_document(tx, document, original=upload.original, judged=upload.judged)
    return document.document_id
