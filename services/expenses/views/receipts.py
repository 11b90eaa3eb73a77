"""The bytes of a receipt, for whoever may see its claim; each opening by another is noted."""

from dataclasses import dataclass
from uuid import UUID

from chassis import audit
from chassis.actor import Actor
from chassis.database import Database
from chassis.decision import NotFound
from services.expenses.views.claims import show_claim

ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


class ReceiptIsNotHere(NotFound):
    """We cannot find this receipt."""


@dataclass(frozen=True, slots=True)
class File:
    """Bytes on their way to a browser, under a name that says nothing of a person."""

    name: str
    media_type: str
    content: bytes


async def open_receipt(database: Database, claim_id: UUID, line_id: UUID, *, to: Actor) -> File:
    """The receipt of a line. Raises a `NotFound` where there is none that they may see."""
    claim = (await show_claim(database, claim_id, to=to)).claim
    line = claim.line(line_id)
    if line is None:
        raise ReceiptIsNotHere
    row = await database.find_row(
        "SELECT media_type, copy FROM receipts WHERE receipt_id = $1", line.receipt_id
    )
    if row is None:
        raise ReceiptIsNotHere
    if to.person_ref != claim.case.person_ref:
        async with database.transaction() as tx:
            await audit.viewed(tx, actor=to, act="ReceiptViewed", subject=line.receipt_id)
    name = f"receipt-{claim.reference}-{line.place}.{ENDINGS[row['media_type']]}"
    return File(name, row["media_type"], row["copy"])
