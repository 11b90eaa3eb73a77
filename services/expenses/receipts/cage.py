"""Look into a stranger's receipt and write it anew: run as a process of its own.

    python -I cage.py < original > report and copy

It limits itself before it reads a byte: processor time, memory, no files, no children; its environment
is empty. A picture is measured before it is decoded, turned upright and written without whatever it
carried along; a PDF is written with its pages alone. The answer is one line of JSON (`media_type` and
`notes`; or `fault`), then the copy.
"""

import io
import json
import resource
import sys
import zlib
from typing import Any

import pikepdf
from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,  # noqa: F401 (known by being imported; no others are)
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
)

MEMORY = 768 * 1024 * 1024
PROCESSOR_SECONDS = 10
MOST_PIXELS = 24_000_000
MOST_INFLATED = 100 * 1024 * 1024
MOST_OBJECTS = 50_000
MOST_PAGES = 50
DEEPEST = 40

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
PICTURES = {
    "JPEG": JPEG,
    "MPO": JPEG,
    "PNG": PNG,
}  # MPO: a telephone's JPEG with a preview behind it
ACTING = {
    "/A", "/AA", "/AF", "/EF", "/EmbeddedFile", "/EmbeddedFiles", "/FS", "/JS", "/JavaScript",
    "/Metadata", "/OpenAction", "/PieceInfo", "/RichMediaContent", "/XFA",
}  # fmt: skip
SCRIPTS = {"/JS", "/JavaScript", "/OpenAction", "/AA", "/XFA"}
FILES = {"/EmbeddedFiles", "/EF"}


class Fault(Exception):
    """Why a file is refused, as a code."""


def confine() -> None:
    """Give up what is not needed, for good."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def examine(original: bytes) -> tuple[dict[str, Any], bytes]:
    """Judge by content, and write the copy that is kept."""
    if original.startswith(b"%PDF-"):
        return _of_pdf(original)
    return _of_picture(original)


# ---- pictures ----


def _of_picture(original: bytes) -> tuple[dict[str, Any], bytes]:
    Image.MAX_IMAGE_PIXELS = None  # we measure ourselves, before anything is decoded
    try:
        picture: Any = Image.open(io.BytesIO(original), formats=("JPEG", "PNG"))
    except Exception as broken:
        raise Fault("unreadable") from broken
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise Fault("too-many-pixels")
    if getattr(picture, "is_animated", False) and picture.format == "PNG":
        raise Fault("animated")
    notes = ["details"] if picture.info.keys() - {"jfif", "jfif_version", "jfif_unit"} else []
    try:
        picture.load()
        return _written(picture, notes)
    except (OSError, SyntaxError, ValueError, EOFError) as broken:
        raise Fault("unreadable") from broken


def _written(picture: Any, notes: list[str]) -> tuple[dict[str, Any], bytes]:
    """Upright, and pixels alone: where it was taken, by what and when stays behind."""
    media_type = PICTURES[picture.format]
    upright = ImageOps.exif_transpose(picture)
    plain = upright.convert("RGBA" if media_type == PNG and "A" in upright.getbands() else "RGB")
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    out = io.BytesIO()
    if media_type == JPEG:
        bare.save(out, "JPEG", quality=88)
    else:
        bare.save(out, "PNG", compress_level=6)
    return {"media_type": media_type, "notes": notes}, out.getvalue()


# ---- PDF ----


def _of_pdf(original: bytes) -> tuple[dict[str, Any], bytes]:
    end = original.rfind(b"%%EOF")
    if end < 0:
        raise Fault("unreadable")
    if original[end + 5 :].strip(b"\r\n\t \0"):
        raise Fault("trailing-data")
    with _opened(original) as pdf:
        if not len(pdf.pages) >= 1:
            raise Fault("unreadable")
        if len(pdf.pages) > MOST_PAGES or len(pdf.objects) > MOST_OBJECTS:
            raise Fault("too-complex")
        _measure_streams(pdf)
        notes = _carried_along(pdf)
        return {"media_type": PDF, "notes": notes}, _pages_alone(pdf)


def _opened(original: bytes) -> pikepdf.Pdf:
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


def _carried_along(pdf: pikepdf.Pdf) -> list[str]:
    """What the copy will lack."""
    keys: set[str] = set()
    for held in pdf.objects:
        if isinstance(held, pikepdf.Dictionary | pikepdf.Stream):
            keys.update(held.keys())
    notes = {"scripts": SCRIPTS, "attachments": FILES}
    return [name for name, signs in notes.items() if keys & signs]


def _pages_alone(pdf: pikepdf.Pdf) -> bytes:
    """A new file with these pages: what hangs on the old one's root stays behind."""
    with pikepdf.new() as new:
        new.pages.extend(list(pdf.pages))
        for page in new.pages:
            if "/Annots" in page.obj:  # nobody fills in or clicks a receipt
                del page.obj["/Annots"]
        for held in new.objects:
            _strip(held, 0)
        out = io.BytesIO()
        # The same receipt comes to the same bytes, so that using it twice is seen.
        new.save(out, deterministic_id=True)
    return out.getvalue()


def _strip(held: Any, depth: int) -> None:
    """Take out what acts or hides, here and in what lies directly inside."""
    if depth > DEEPEST:
        raise Fault("too-complex")
    inner: list[Any] = []
    if isinstance(held, pikepdf.Dictionary | pikepdf.Stream):
        for key in ACTING & set(held.keys()):
            del held[key]
        inner = [each for _, each in held.items()]
    elif isinstance(held, pikepdf.Array):
        inner = list(held)
    for each in inner:
        is_nest = isinstance(each, pikepdf.Dictionary | pikepdf.Array)
        if is_nest and not each.is_indirect:  # what is indirect has its own turn
            _strip(each, depth + 1)


def main() -> None:
    """Answer on standard output; a fault is an answer too."""
    confine()
    try:
        report, copy = examine(sys.stdin.buffer.read())
    except Fault as fault:
        report, copy = {"fault": str(fault)}, b""
    except (MemoryError, RecursionError):
        report, copy = {"fault": "too-complex"}, b""
    except Exception:
        # Whatever a decoder stumbles over is the file's doing: it is not passed on.
        report, copy = {"fault": "unreadable"}, b""
    sys.stdout.buffer.write(json.dumps(report).encode() + b"\n" + copy)


if __name__ == "__main__":
    main()
