"""Look into a stranger's receipt and write it anew: run in a cage, see `chassis/cage.py`.

A picture is measured before it is decoded, turned upright and written without whatever it carried
along; a PDF is written with its pages alone.
"""

import io
from typing import Any

import pikepdf
from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,  # noqa: F401 (known by being imported; no others are)
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
)

from chassis import pdf
from chassis.cage import Fault, Found

MEMORY = 768 * 1024 * 1024
MOST_PIXELS = 24_000_000
MOST_OBJECTS = 50_000
MOST_PAGES = 50

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
PICTURES = {
    "JPEG": JPEG,
    "MPO": JPEG,
    "PNG": PNG,
}  # MPO: a telephone's JPEG with a preview behind it


def examine(original: bytes) -> Found:
    """Judge by content, and write the copy that is kept."""
    if original.startswith(b"%PDF-"):
        return _of_pdf(original)
    return _of_picture(original)


# ---- pictures ----


def _of_picture(original: bytes) -> Found:
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


def _written(picture: Any, notes: list[str]) -> Found:
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


def _of_pdf(original: bytes) -> Found:
    with pdf.opened(original, most_pages=MOST_PAGES, most_objects=MOST_OBJECTS) as sent:
        return {"media_type": PDF, "notes": pdf.notes_of(sent)}, _copied(sent)


def _copied(sent: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    keep = len(sent.pages)
    with pdf.pages_alone(sent, keep=keep, strip_page=_strip_page, strip=_strip) as new:
        # The same receipt comes to the same bytes, so that using it twice is seen.
        new.save(out, deterministic_id=True)
    return out.getvalue()


def _strip_page(page: Any) -> None:
    pdf.lose(page, "/Annots")  # nobody fills in or clicks a receipt


def _strip(held: Any) -> None:
    pdf.lose(held, "/A", "/PieceInfo")
