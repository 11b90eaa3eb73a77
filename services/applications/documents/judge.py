"""Judge a CV before anything is stored: by its content, in a cage, and never by its name alone."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import puremagic

from chassis.cage import Cage, Fault
from schemas.rules import ApplyingRules
from services.applications.domain.document import (
    PDF,
    FileHasMacros,
    FileHasMoreBehindIt,
    FileIsAnOldWordFile,
    FileIsEmpty,
    FileIsEncrypted,
    FileIsNotSupported,
    FileIsOfAnotherKind,
    FileIsTooComplex,
    FileIsTooLarge,
    FileIsUnreadable,
    Judged,
    uphold_page_rule,
)

CAGE = "services.applications.documents.cage"
MEGABYTE = 1024 * 1024
LONGEST_NAME = 100

KINDS = {"pdf": ".pdf"}
"""What can be taken here. A Word file has no pages until it is laid out, and nothing here lays it out."""

_FAULTS: Mapping[str, type[Exception]] = {
    "encrypted": FileIsEncrypted,
    "too-complex": FileIsTooComplex,
    "trailing-data": FileHasMoreBehindIt,
    "type-mismatch": FileIsOfAnotherKind,
    "unreadable": FileIsUnreadable,
}
_UNSAFE = re.compile(r'[\\/:*?"<>|%\x00-\x1f\x7f]+')


class Judge:
    """Examines files, so many at once; further ones wait."""

    def __init__(self, at_once: int) -> None:
        self._cage = Cage(CAGE, at_once=at_once)

    async def cv(self, original: bytes, *, name: str, rules: ApplyingRules) -> Judged:
        """Examine a CV by one programme's rules. Raises a refusal that names the field `cv`."""
        _check_name_and_magic(original, name, rules)
        try:
            found, copy = await self._cage.examine(original, str(rules.cv_pages))
        except Fault as fault:
            raise _FAULTS.get(str(fault), FileIsUnreadable)() from fault
        judged = Judged(PDF, found["pages"], found["kept"], copy, tuple(found["notes"]))
        uphold_page_rule(judged, rules=rules)
        return judged


def shown_name(name: str) -> str:
    """A file's name for its owner to recognise: one line, no path, nothing that could be a header."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    clean = " ".join(_UNSAFE.sub(" ", seen).split()).strip(".")
    return clean[-LONGEST_NAME:].strip() or "cv.pdf"


def _check_name_and_magic(original: bytes, name: str, rules: ApplyingRules) -> None:
    if not original:
        raise FileIsEmpty
    if len(original) > rules.cv_bytes:
        raise FileIsTooLarge(most=rules.cv_bytes // MEGABYTE)
    ending = Path(name.replace("\\", "/")).suffix.lower()
    if ending in (".docm", ".dotm"):
        raise FileHasMacros
    if ending == ".doc":
        raise FileIsAnOldWordFile
    if ending not in (".pdf", "") or "pdf" not in rules.cv_kinds:
        raise FileIsNotSupported
    if not _is_pdf(original):
        raise FileIsOfAnotherKind


def _is_pdf(original: bytes) -> bool:
    if not original.startswith(b"%PDF-"):
        return False
    try:
        found: list[Any] = puremagic.magic_string(original[:4096])
    except puremagic.PureError:
        return False
    return any(each.mime_type == PDF for each in found)
