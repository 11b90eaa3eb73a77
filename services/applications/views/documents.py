"""The bytes of a CV, for whoever may open it; each opening by another than its owner is noted."""

from dataclasses import dataclass
from uuid import UUID

from chassis import audit
from chassis.actor import Actor
from chassis.database import Database
from chassis.decision import NotFound
from services.applications.domain.application import Application
from services.applications.domain.policy import can


class DocumentIsNotHere(NotFound):
    """We cannot find this file."""


@dataclass(frozen=True, slots=True)
class File:
    """Bytes on their way to a browser, under a name that says nothing of a person."""

    name: str
    media_type: str
    content: bytes


async def open_cv(
    database: Database, application_id: UUID, *, to: Actor, as_host: bool = False
) -> File:
    """The CV of an application: the original, or the copy that its host gets."""
    held = await _application(database, application_id)
    if held is None or held.document_id is None or not can(to, "see application", held):
        raise DocumentIsNotHere
    file = await _file(database, held.document_id, held.reference, as_host=as_host)
    if to.person_ref != held.person_ref:
        await _note(database, application_id, to)
    return file


async def open_host_copy(database: Database, application_id: UUID, *, to: Actor) -> File:
    """What a host may read. Whether this host may read it at all, its caller has asked."""
    held = await _application(database, application_id)
    if held is None or held.document_id is None:
        raise DocumentIsNotHere
    file = await _file(database, held.document_id, held.reference, as_host=True)
    await _note(database, application_id, to)
    return file


async def _application(database: Database, application_id: UUID) -> Application | None:
    row = await database.find_row(
        "SELECT * FROM applications WHERE application_id = $1", application_id
    )
    return Application.from_row(row) if row else None


async def _file(database: Database, document_id: UUID, reference: str, *, as_host: bool) -> File:
    row = await database.find_row(
        """
        SELECT CASE WHEN $2 THEN 'application/pdf' ELSE media_type END AS media_type,
               CASE WHEN $2 THEN host_copy ELSE original END AS content
          FROM documents
         WHERE document_id = $1 AND verdict = 'accepted'
        """,
        document_id,
        as_host,
    )
    if row is None:
        raise DocumentIsNotHere
    return File(f"CV {reference}.pdf", row["media_type"], row["content"])


async def _note(database: Database, application_id: UUID, to: Actor) -> None:
    async with database.transaction() as tx:
        await audit.viewed(tx, actor=to, act="CvViewed", subject=application_id)
