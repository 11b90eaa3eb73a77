"""A CV: judged by what it holds, not by its name; the host is only ever given a copy written anew."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.decision import Invalid
from schemas.rules import ApplyingRules, OverLength

PDF = "application/pdf"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Judged:
    """What the cage found in a file, and the copy it wrote."""

    media_type: str
    pages: int
    host_pages: int
    host_copy: bytes
    notes: tuple[str, ...] = ()  # what was taken out


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody chose, found in order and not stored yet."""

    name: str
    original: bytes
    judged: Judged


@dataclass(frozen=True, slots=True)
class Document:
    """A stored file, without its bytes."""

    document_id: UUID
    university: str
    person_ref: UUID
    media_type: str
    name: str  # for its owner's eyes alone
    size: int
    pages: int
    host_pages: int
    notes: tuple[str, ...]
    added_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Document":
        """As its row holds it."""
        known: dict[str, Any] = {each.name: row[each.name] for each in fields(cls)}
        known["notes"] = tuple(row["notes"])
        return cls(**known)

    @property
    def is_trimmed(self) -> bool:
        """Whether the host sees less than was sent."""
        return self.host_pages < self.pages


class _CvIsRefused(Invalid):
    """Choose another file."""

    field = "cv"


class FileIsEmpty(_CvIsRefused):
    """This file is empty. Choose another."""

    code = "empty"


class FileIsTooLarge(_CvIsRefused):
    """This file is larger than {most} MB. Save it with smaller pictures and choose it again."""

    status = 413
    code = "too-large"


class FileIsOfAnotherKind(_CvIsRefused):
    """The name of this file says one thing and its content another. Save your CV as PDF."""

    code = "type-mismatch"


class FileIsNotSupported(_CvIsRefused):
    """We cannot take this kind of file. Save your CV as PDF and choose it again."""

    code = "unsupported"


class FileIsAnOldWordFile(_CvIsRefused):
    """We cannot take old Word files: save as .docx or PDF."""

    code = "unsupported"


class FileHasMacros(_CvIsRefused):
    """This Word file can hold programs. Save your CV as PDF and choose it again."""

    code = "macros"


class FileIsEncrypted(_CvIsRefused):
    """This file is locked with a password. Save it without one and choose it again."""

    code = "encrypted"


class FileIsUnreadable(_CvIsRefused):
    """This file is damaged or cut off. Save your CV as PDF anew and choose it again."""

    code = "unreadable"


class FileHasMoreBehindIt(_CvIsRefused):
    """This file holds more than a PDF. Save your CV as PDF anew and choose it again."""

    code = "trailing-data"


class FileIsTooComplex(_CvIsRefused):
    """This file takes too long to check. Save your CV as a simpler PDF and choose it again."""

    code = "too-complex"


class FileHasTooManyPages(_CvIsRefused):
    """Your CV has {pages} pages, and {most} are allowed. Shorten it and choose it again."""

    code = "too-many-pages"


class OneFileOnly(_CvIsRefused):
    """Choose one file."""

    code = "one-file"


def uphold_page_rule(judged: Judged, *, rules: ApplyingRules) -> None:
    """Too long is refused, or the host's copy ends earlier: as the programme says (R82).

    Raises `FileHasTooManyPages` where the programme refuses.
    """
    if judged.pages > rules.cv_pages and rules.over_length is OverLength.REFUSE:
        raise FileHasTooManyPages(pages=judged.pages, most=rules.cv_pages)
