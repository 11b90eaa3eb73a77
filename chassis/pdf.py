"""A stranger's PDF, inside the cage: opened with care, measured, and its pages written anew.

Imported by the cages of the services that take files, and nowhere else: pikepdf is installed with them
alone. Nothing is drawn; no stream is decoded by more than a zlib that stops in time.
"""

import io
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf

from chassis.cage import Fault

MOST_INFLATED = 100 * 1024 * 1024
DEEPEST = 40

ACTING = frozenset({
    "/AA", "/AF", "/EF", "/EmbeddedFile", "/EmbeddedFiles", "/FS", "/JS", "/JavaScript",
    "/Metadata", "/OpenAction", "/RichMediaContent", "/XFA",
})  # fmt: skip
"""What acts or hides, wherever it hangs."""

NOTED = {
    "attachments": {"/EmbeddedFiles", "/EF"},
    "scripts": {"/JS", "/JavaScript", "/OpenAction", "/AA", "/XFA"},
}


def opened(original: bytes, *, most_pages: int, most_objects: int) -> pikepdf.Pdf:
    """Open a file that is whole, unlocked and no larger than can be judged. Raises `Fault`."""
    _check_ends(original)
    pdf = _unlocked(original)
    if len(pdf.objects) > most_objects:
        raise Fault("too-complex")
    if len(pdf.pages) < 1:
        raise Fault("unreadable")
    if len(pdf.pages) > most_pages:
        raise Fault("too-complex")
    _measure_streams(pdf)
    return pdf


def notes_of(pdf: pikepdf.Pdf) -> list[str]:
    """What a clean copy will lack, by name."""
    keys: set[str] = set()
    for held in pdf.objects:
        if isinstance(held, pikepdf.Dictionary | pikepdf.Stream):
            keys.update(held.keys())
    return [name for name, signs in NOTED.items() if keys & signs]


def pages_alone(
    pdf: pikepdf.Pdf,
    *,
    keep: int,
    strip_page: Callable[[Any], None],
    strip: Callable[[Any], None],
) -> pikepdf.Pdf:
    """A new file with the first pages: what hangs on the old one's root stays behind.

    What acts or hides is taken out everywhere. `strip_page` says what else a page loses, `strip` what
    else any dictionary does.
    """
    new = pikepdf.new()
    new.pages.extend(list(pdf.pages)[:keep])
    for page in new.pages:
        strip_page(page.obj)
    for held in new.objects:
        _strip(held, strip, 0)
    return new


def lose(held: Any, *keys: str) -> None:
    """Take these out of a dictionary, where it has them."""
    for key in keys:
        if key in held:
            del held[key]


def _check_ends(original: bytes) -> None:
    """Nothing before the first mark, nothing but line ends after the last."""
    if not original.startswith(b"%PDF-"):
        raise Fault("type-mismatch")
    end = original.rfind(b"%%EOF")
    if end < 0:
        raise Fault("unreadable")
    if original[end + 5 :].strip(b"\r\n\t \0"):
        raise Fault("trailing-data")


def _unlocked(original: bytes) -> pikepdf.Pdf:
    try:
        pdf = pikepdf.open(io.BytesIO(original), attempt_recovery=False)
    except pikepdf.PasswordError as locked:
        raise Fault("encrypted") from locked
    except pikepdf.PdfError as broken:
        raise Fault("unreadable") from broken
    if pdf.is_encrypted:
        raise Fault("encrypted")
    return pdf


def _measure_streams(pdf: pikepdf.Pdf) -> None:
    """A small file may unfold into a huge one: inflate in measured steps, and stop in time."""
    left = MOST_INFLATED
    for held in pdf.objects:
        if isinstance(held, pikepdf.Stream):
            left -= _unfolded(held, left)
            if left < 0:
                raise Fault("too-complex")


def _unfolded(stream: pikepdf.Stream, most: int) -> int:
    """How large it gets, as often as it is deflated before any other filter; more is not looked at."""
    named = stream.get("/Filter")
    filters = list(named) if isinstance(named, pikepdf.Array) else [named] if named else []
    raw = stream.read_raw_bytes()
    for each in filters:
        if str(each) not in ("/FlateDecode", "/Fl"):
            break
        try:
            raw = zlib.decompressobj().decompress(raw, most + 1)
        except zlib.error:
            break
        if len(raw) > most:
            break
    return len(raw)


def _strip(held: Any, strip: Callable[[Any], None], depth: int) -> None:
    """Take out what acts or hides, here and in what lies directly inside."""
    if depth > DEEPEST:
        raise Fault("too-complex")
    inner: list[Any] = []
    if isinstance(held, pikepdf.Dictionary | pikepdf.Stream):
        lose(held, *ACTING)
        strip(held)
        inner = [each for _, each in held.items()]
    elif isinstance(held, pikepdf.Array):
        inner = list(held)
    for each in inner:
        is_nest = isinstance(each, pikepdf.Dictionary | pikepdf.Array)
        if is_nest and not each.is_indirect:  # what is indirect has its own turn
            _strip(each, strip, depth + 1)
