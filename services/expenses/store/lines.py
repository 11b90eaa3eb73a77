"""Lines of claims, and their receipts, as stored."""

from uuid import UUID

from chassis.database import Reader, Transaction
from services.expenses.domain.line import Line
from services.expenses.domain.receipt import Judged, Receipt


async def list_lines(reader: Reader, claim_id: UUID) -> list[Line]:
    """The lines of a claim, in the order in which they were added."""
    rows = await reader.list_rows(
        "SELECT * FROM lines WHERE claim_id = $1 ORDER BY place", claim_id
    )
    return [Line.from_row(row) for row in rows]


async def save_lines(tx: Transaction, claim_id: UUID, lines: tuple[Line, ...]) -> None:
    """Keep the lines of a claim as they now are."""
    await tx.execute_many(
        """
        INSERT INTO lines (
            line_id, claim_id, place, spent_on, kind, what, amount_pence, reason, receipt_id,
            is_seen_before, mode, verdict, reason_code, sentence, allowed_pence, receipt_needed,
            reason_needed, submission, approved_pence, decision_reason
        ) VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20
        )
        ON CONFLICT (line_id) DO UPDATE
           SET spent_on = excluded.spent_on, kind = excluded.kind, what = excluded.what,
               amount_pence = excluded.amount_pence, reason = excluded.reason,
               receipt_id = excluded.receipt_id, is_seen_before = excluded.is_seen_before,
               mode = excluded.mode, verdict = excluded.verdict,
               reason_code = excluded.reason_code, sentence = excluded.sentence,
               allowed_pence = excluded.allowed_pence, receipt_needed = excluded.receipt_needed,
               reason_needed = excluded.reason_needed, submission = excluded.submission,
               approved_pence = excluded.approved_pence,
               decision_reason = excluded.decision_reason
        """,
        [_values(claim_id, line) for line in lines],
    )


async def remove_line(tx: Transaction, line: Line) -> None:
    """Take a line out; its receipt goes with it."""
    await tx.execute("DELETE FROM lines WHERE line_id = $1", line.line_id)


async def add_receipt(tx: Transaction, receipt: Receipt, judged: Judged) -> None:
    """Keep the copy of a receipt that was judged."""
    await tx.execute(
        """
        INSERT INTO receipts (
            receipt_id, claim_id, university, person_ref, media_type, name, size, sent_hash,
            copy_hash, copy, notes, added_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        receipt.receipt_id,
        receipt.claim_id,
        receipt.university,
        receipt.person_ref,
        receipt.media_type,
        receipt.name,
        receipt.size,
        judged.sent_hash,
        judged.copy_hash,
        judged.copy,
        list(receipt.notes),
        receipt.added_at,
    )


async def remove_receipt(tx: Transaction, receipt_id: UUID) -> None:
    """A receipt whose line is gone, or has another, is kept no longer."""
    await tx.execute("DELETE FROM receipts WHERE receipt_id = $1", receipt_id)


async def is_seen_before(
    tx: Transaction, judged: Judged, *, university: str, line_id: UUID
) -> bool:
    """Whether the same receipt stands in another line of any claim that was not given up."""
    return await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM receipts
              JOIN lines USING (receipt_id)
              JOIN claims ON claims.claim_id = lines.claim_id
             WHERE receipts.university = $1
               AND (sent_hash = $2 OR copy_hash = $3)
               AND lines.line_id <> $4
               AND claims.status NOT IN ('withdrawn', 'rejected', 'lapsed')
        )
        """,
        university,
        judged.sent_hash,
        judged.copy_hash,
        line_id,
    )


def _values(claim_id: UUID, line: Line) -> tuple[object, ...]:
    spending, ruling = line.spending, line.ruling
    return (
        line.line_id,
        claim_id,
        line.place,
        spending.spent_on,
        str(spending.kind),
        spending.what,
        spending.amount_pence,
        spending.reason,
        line.receipt_id,
        line.is_seen_before,
        str(ruling.mode),
        str(line.verdict),
        ruling.reason_code,
        ruling.sentence,
        ruling.allowed_pence,
        ruling.receipt_needed,
        ruling.reason_needed,
        line.submission,
        line.approved_pence,
        line.decision_reason,
    )
