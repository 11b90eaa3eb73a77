"""A receipt: judged by what it holds, not by its name; only a copy written anew is kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.decision import Invalid

LARGEST = 10 * 1024 * 1024  # bytes
MOST_PIXELS = 24_000_000


@dataclass(frozen=True, slots=True)
class Judged:
    """What the cage found in a file, and the copy it wrote."""

    media_type: str
    copy: bytes
    sent_hash: bytes
    copy_hash: bytes
    notes: tuple[str, ...] = ()  # what was taken out


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored receipt, without its bytes."""

    receipt_id: UUID
    claim_id: UUID
    university: str
    person_ref: UUID
    media_type: str
    name: str  # for its owner's eyes alone
    size: int
    notes: tuple[str, ...]
    added_at: datetime


class ReceiptIsRefused(Invalid):
    """Choose another file."""

    field = "receipt"


class FileIsEmpty(ReceiptIsRefused):
    """This file is empty. Choose another."""

    code = "empty"


class FileIsTooLarge(ReceiptIsRefused):
    """This file is larger than 10 MB. Save it smaller and choose it again."""

    status = 413
    code = "too-large"


class FileIsOfAnotherKind(ReceiptIsRefused):
    """The name of this file says one thing and its content another. Save it anew and choose it again."""

    code = "type-mismatch"


class FileIsNotSupported(ReceiptIsRefused):
    """We can take a receipt as PDF, JPEG or PNG. Save it as one of these and choose it again."""

    code = "unsupported"


class FileIsAnimated(ReceiptIsRefused):
    """This picture moves. Choose one that stands still."""

    code = "animated"


class FileHasTooManyPixels(ReceiptIsRefused):
    """This picture is larger than 24 megapixels. Save it smaller and choose it again."""

    code = "too-many-pixels"


class FileIsEncrypted(ReceiptIsRefused):
    """This file is locked with a password. Save it without one and choose it again."""

    code = "encrypted"


class FileIsUnreadable(ReceiptIsRefused):
    """This file is damaged or cut off. Save it anew and choose it again."""

    code = "unreadable"


class FileHasMoreBehindIt(ReceiptIsRefused):
    """This file holds more than its receipt. Save it anew and choose it again."""

    code = "trailing-data"


class FileIsTooComplex(ReceiptIsRefused):
    """This file takes too long to check. Save it in a simpler form and choose it again."""

    code = "too-complex"


class OneFileOnly(ReceiptIsRefused):
    """Choose one file."""

    code = "one-file"


class NoFile(ReceiptIsRefused):
    """Add a receipt: without one nothing is repaid."""

    code = "required"
