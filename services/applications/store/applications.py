"""Applications: the rows, and which of a person's count towards the cap."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Reader, Transaction
from schemas.rules import Round
from services.applications.domain.applicant_cycle import ApplicantCycle
from services.applications.domain.application import Application

COLUMNS = (
    "application_id", "reference", "university", "programme_id", "cycle_id", "vacancy_id",
    "host_id", "round", "applicant_cycle_id", "person_ref", "began_at", "rule_set_version",
    "status", "saved_at", "statement", "statement_words", "host_statement", "weeks",
    "declarations", "declared_at", "leave_note", "document_id", "takes_a_slot", "name", "facts",
    "revision", "submitted_at", "revised_at", "ended_at", "ended_by", "ended_because",
)  # fmt: skip
_PLACES = ", ".join(f"${n}" for n in range(1, len(COLUMNS) + 1))
SAVED = COLUMNS[COLUMNS.index("rule_set_version") :]
"""What a decision may change; what stands before it is fixed when a draft begins."""
_SET = ", ".join(f"{column} = ${n}" for n, column in enumerate(SAVED, 2))


async def lock_application(tx: Transaction, application_id: UUID) -> Application:
    """Hold an application until the transaction ends, after its person's row and its round."""
    return Application.from_row(
        await tx.get_row(
            "SELECT * FROM applications WHERE application_id = $1 FOR UPDATE", application_id
        )
    )


async def find_application(reader: Reader, application_id: UUID) -> Application | None:
    """An application, read without holding it."""
    row = await reader.find_row(
        "SELECT * FROM applications WHERE application_id = $1", application_id
    )
    return Application.from_row(row) if row else None


async def find_live_application(
    reader: Reader, *, person_ref: UUID, vacancy_id: UUID, which: Round
) -> UUID | None:
    """The one that a person has in a round of a vacancy, unless it ended."""
    return await reader.value(
        """
        SELECT application_id FROM applications
         WHERE person_ref = $1 AND vacancy_id = $2 AND round = $3
           AND status IN ('draft', 'submitted', 'successful', 'unsuccessful', 'superseded')
        """,
        person_ref,
        vacancy_id,
        str(which),
    )


async def list_used_slots(reader: Reader, cycle: ApplicantCycle, which: Round) -> tuple[str, ...]:
    """Title and reference of each application that counts towards the cap, the first sent first."""
    rows = await reader.list_rows(
        """
        SELECT title, reference
          FROM applications
          JOIN known_vacancies USING (vacancy_id)
         WHERE applicant_cycle_id = $1 AND round = $2 AND takes_a_slot
         ORDER BY submitted_at
        """,
        cycle.applicant_cycle_id,
        str(which),
    )
    return tuple(f"{row['title']} ({row['reference']})" for row in rows)


async def add_application(tx: Transaction, new: Application) -> bool:
    """Add a draft. False when its reference is already somebody's: draw another."""
    added = await tx.execute(
        f"""
        INSERT INTO applications ({", ".join(COLUMNS)}) VALUES ({_PLACES})
        ON CONFLICT (university, reference) DO NOTHING
        """,  # noqa: S608 (names of our own columns)
        *_values(new, COLUMNS),
    )
    return added == 1


async def save_application(tx: Transaction, held: Application) -> None:
    """Keep an application as it is now; its version rises, so that an old edit is noticed."""
    await tx.execute(
        f"UPDATE applications SET {_SET}, version = version + 1 WHERE application_id = $1",  # noqa: S608 (as above)
        held.application_id,
        *_values(held, SAVED),
    )


async def add_revision(tx: Transaction, sent: Application) -> None:
    """Keep what was sent, as it was sent."""
    content = sent.content
    await tx.execute(
        """
        INSERT INTO application_revisions (
            application_id, revision, statement, host_statement, statement_words, weeks,
            declarations, leave_note, document_id, at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        sent.application_id,
        sent.revision,
        content.statement.text,
        sent.host_statement,
        content.statement.words,
        list(content.weeks),
        list(content.declarations),
        content.leave_note,
        sent.document_id,
        sent.revised_at or sent.submitted_at,
    )


async def leave_drafts_unsubmitted(tx: Transaction, vacancy_id: UUID, which: Round, at: Any) -> int:
    """End the drafts of a round that is being closed: whoever holds one has let go of it by now.

    Called with the round held alone, so no draft of it is being written or sent; drafts count
    towards no cap, so their people's rows need not be held.
    """
    return await tx.execute(
        """
        UPDATE applications
           SET status = 'not_submitted', ended_at = $3, ended_by = 'time', version = version + 1
         WHERE vacancy_id = $1 AND round = $2 AND status = 'draft'
        """,
        vacancy_id,
        str(which),
        at,
    )


async def count_to_release(tx: Transaction, vacancy_id: UUID, which: Round) -> int:
    """How many applications the host gets to read."""
    return await tx.value(
        """
        SELECT count(*) FROM applications
         WHERE vacancy_id = $1 AND round = $2 AND status = 'submitted'
        """,
        vacancy_id,
        str(which),
    )


async def list_of_withdrawn_vacancies(reader: Reader) -> list[UUID]:
    """Applications that are still live though their vacancy was taken back."""
    rows = await reader.list_rows(
        """
        SELECT application_id
          FROM applications
          JOIN known_vacancies USING (vacancy_id)
         WHERE known_vacancies.status = 'withdrawn'
           AND applications.status IN ('draft', 'submitted')
         ORDER BY application_id LIMIT 200
        """
    )
    return [row["application_id"] for row in rows]


async def list_drafts_to_remind(reader: Reader, *, now: datetime, ahead: timedelta) -> list[UUID]:
    """Drafts of rounds that close within this time, begun before it and not reminded of yet."""
    rows = await reader.list_rows(
        """
        SELECT application_id
          FROM applications
          JOIN known_rounds USING (vacancy_id, round)
         WHERE applications.status = 'draft' AND reminded_at IS NULL AND sealed_at IS NULL
           AND closes_at > $1 AND closes_at - $2::interval <= $1
           AND began_at < closes_at - $2::interval
         ORDER BY closes_at, application_id LIMIT 200
        """,
        now,
        ahead,
    )
    return [row["application_id"] for row in rows]


async def note_reminder(tx: Transaction, application_id: UUID, at: datetime) -> bool:
    """Keep that a draft was reminded of. False when it had been already."""
    changed = await tx.execute(
        """
        UPDATE applications SET reminded_at = $2
         WHERE application_id = $1 AND reminded_at IS NULL
        """,
        application_id,
        at,
    )
    return changed == 1


async def note_receipt_sent(tx: Transaction, application_id: UUID, at: Any) -> None:
    """Keep when the mail of a receipt was handed over; only the first counts."""
    await tx.execute(
        """
        UPDATE applications SET receipt_sent_at = coalesce(receipt_sent_at, $2)
         WHERE application_id = $1
        """,
        application_id,
        at,
    )


def _values(held: Application, columns: tuple[str, ...]) -> list[Any]:
    content = held.content
    written = {
        "statement": content.statement.text,
        "statement_words": content.statement.words,
        "weeks": list(content.weeks),
        "declarations": list(content.declarations),
        "leave_note": content.leave_note,
        "round": str(held.round),
        "status": str(held.status),
        "facts": dict(held.facts) if held.submitted_at else None,
    }
    return [written[c] if c in written else getattr(held, c) for c in columns]
