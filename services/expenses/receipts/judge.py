"""Judge a receipt before anything is stored: by its content, in a cage, and never by its name alone."""

import asyncio
import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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

CAGE = Path(__file__).with_name("cage.py")
LONGEST = 12  # seconds, by the clock on the wall
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
        self._free = asyncio.Semaphore(at_once)

    async def receipt(self, original: bytes, *, name: str = "") -> Judged:
        """Examine a receipt. Raises a refusal that names the field `receipt`."""
        _check_name_and_mark(original, name)
        async with self._free:
            report, copy = await _caged(original)
        if fault := report.get("fault"):
            raise _FAULTS.get(fault, FileIsUnreadable)()
        return Judged(
            media_type=report["media_type"],
            copy=copy,
            sent_hash=hashlib.sha256(original).digest(),
            copy_hash=hashlib.sha256(copy).digest(),
            notes=tuple(report["notes"]),
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


async def _caged(original: bytes) -> tuple[dict[str, Any], bytes]:
    """Run the cage: another process, an empty environment, and an end to our patience."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(CAGE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    try:
        answer, _ = await asyncio.wait_for(process.communicate(original), LONGEST)
    except TimeoutError:
        return {"fault": "too-complex"}, b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    line, _, copy = answer.partition(b"\n")
    if process.returncode != 0 or not line:
        return {"fault": "too-complex"}, b""  # the kernel ended it: memory, or processor time
    return json.loads(line), copy
