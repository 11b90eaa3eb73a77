"""Judge a receipt before anything is stored: by its content, in a cage, and never by its name alone."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from chassis.cage import Cage, Fault
from services.expenses.domain.receipt import (
    LARGEST,
    FileHasMoreBehindIt,
    FileHasTooManyPixels,
    FileIsAnimated,
    FileIsEmpty,
    FileIsEncrypted,
    FileIsNotSupported,
    FileIsOfAnotherKind,
    FileIsTooComplex,
    FileIsTooLarge,
    FileIsUnreadable,
    Judged,
    ReceiptIsRefused,
)

CAGE = "services.expenses.receipts.cage"
LONGEST_NAME = 100

MARKS = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png"}
ENDINGS = {".pdf": "pdf", ".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}

_FAULTS: Mapping[str, type[ReceiptIsRefused]] = {
    "animated": FileIsAnimated,
    "encrypted": FileIsEncrypted,
    "too-complex": FileIsTooComplex,
    "too-many-pixels": FileHasTooManyPixels,
    "trailing-data": FileHasMoreBehindIt,
    "unreadable": FileIsUnreadable,
}
_UNSAFE = re.compile(r'[\\/:*?"<>|%\x00-\x1f\x7f]+')


class Judge:
    """Examines files, so many at once; further ones wait."""

    def __init__(self, at_once: int) -> None:
        self._cage = Cage(CAGE, at_once=at_once)

    async def receipt(self, original: bytes, *, name: str = "") -> Judged:
        """Examine a receipt. Raises a refusal that names the field `receipt`."""
        _check_name_and_mark(original, name)
        try:
            found, copy = await self._cage.examine(original)
        except Fault as fault:
            raise _FAULTS.get(str(fault), FileIsUnreadable)() from fault
        return Judged(
            media_type=found["media_type"],
            copy=copy,
            sent_hash=hashlib.sha256(original).digest(),
            copy_hash=hashlib.sha256(copy).digest(),
            notes=tuple(found["notes"]),
        )


def shown_name(name: str) -> str:
    """A file's name for its owner to recognise: one line, no path, nothing that could be a header."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    clean = _UNSAFE.sub(" ", seen).strip(" .")
    return clean[-LONGEST_NAME:].strip() or "receipt"


def _check_name_and_mark(original: bytes, name: str) -> None:
    if not original:
        raise FileIsEmpty
    if len(original) > LARGEST:
        raise FileIsTooLarge
    found = next((kind for mark, kind in MARKS.items() if original.startswith(mark)), None)
    ending = Path(name.replace("\\", "/")).suffix.lower()
    said = ENDINGS.get(ending)
    if found is None:
        raise FileIsOfAnotherKind if said else FileIsNotSupported
    if said and said != found:
        raise FileIsOfAnotherKind
