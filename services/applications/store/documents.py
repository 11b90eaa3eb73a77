"""CVs: the rows and, only where somebody opens one, their bytes."""

import hashlib
from uuid import UUID

from chassis.database import Reader, Transaction
from services.applications.domain.document import Document, Judged

_WITHOUT_BYTES = """
    SELECT document_id, university, person_ref, media_type, name, size, pages, host_pages, notes,
           added_at
      FROM documents
"""


async def add_document(
    tx: Transaction, document: Document, *, original: bytes, judged: Judged
) -> None:
    """Keep a file that was found in order, and the host's copy of it."""
    await tx.execute(
        """
        INSERT INTO documents (
            document_id, university, person_ref, kind, media_type, name, original, sha256, size,
            pages, verdict, notes, host_copy, host_pages, added_at
        ) VALUES ($1, $2, $3, 'cv', $4, $5, $6, $7, $8, $9, 'accepted', $10, $11, $12, $13)
        """,
        document.document_id,
        document.university,
        document.person_ref,
        document.media_type,
        document.name,
        original,
        hashlib.sha256(original).digest(),
        document.size,
        document.pages,
        list(document.notes),
        judged.host_copy,
        document.host_pages,
        document.added_at,
    )


async def find_document(reader: Reader, document_id: UUID | None) -> Document | None:
    """What is known of a file; None where there is none."""
    if document_id is None:
        return None
    row = await reader.find_row(f"{_WITHOUT_BYTES} WHERE document_id = $1", document_id)
    return Document.from_row(row) if row else None


async def delete_unused_document(tx: Transaction, document_id: UUID) -> None:
    """Let go of a file that no application and no revision names any more."""
    await tx.execute(
        """
        DELETE FROM documents
         WHERE document_id = $1
           AND NOT EXISTS (SELECT FROM applications WHERE document_id = $1)
           AND NOT EXISTS (SELECT FROM application_revisions WHERE document_id = $1)
        """,
        document_id,
    )
