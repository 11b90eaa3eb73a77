"""Look into a stranger's CV and write a clean copy of its first pages: run in a cage, see `chassis/cage.py`."""

import io
from typing import Any

import pikepdf

from chassis import pdf
from chassis.cage import Found

MEMORY = 512 * 1024 * 1024
MOST_OBJECTS = 100_000
MOST_PAGES = 200

HARMLESS_ACTIONS = ("/URI", "/GoTo")
UNWANTED_NOTES = (
    "/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D", "/Widget"
)  # fmt: skip


def examine(original: bytes, keep: str) -> Found:
    """Count the pages (`pages`, `kept`), and write those that the host may see into a file of their own."""
    with pdf.opened(original, most_pages=MOST_PAGES, most_objects=MOST_OBJECTS) as sent:
        pages, notes = len(sent.pages), pdf.notes_of(sent)
        copy = _copied(sent, min(pages, int(keep)))
    with pikepdf.open(io.BytesIO(copy)) as written:
        kept = len(written.pages)
    return {"pages": pages, "kept": kept, "notes": notes}, copy


def _copied(sent: pikepdf.Pdf, keep: int) -> bytes:
    out = io.BytesIO()
    with pdf.pages_alone(sent, keep=keep, strip_page=_strip_page, strip=_strip_action) as new:
        new.save(out, static_id=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _strip_page(page: Any) -> None:
    pdf.lose(page, "/AA", "/Metadata", "/PieceInfo", "/B", "/Tabs", "/StructParents")
    if "/Annots" in page:
        kept = [note for note in page.Annots if _is_link(note)]
        page.Annots = pikepdf.Array(kept)


def _is_link(note: Any) -> bool:
    kind = str(note.get("/Subtype", "")) if isinstance(note, pikepdf.Dictionary) else ""
    return bool(kind) and kind not in UNWANTED_NOTES


def _strip_action(held: Any) -> None:
    """A CV's links stay; whatever else would happen at a click does not."""
    if "/A" in held and not _is_harmless(held["/A"]):
        del held["/A"]


def _is_harmless(action: Any) -> bool:
    if not isinstance(action, pikepdf.Dictionary):
        return True  # not an action: an appearance, an alphabet
    if "/Next" in action:
        del action["/Next"]
    return "/S" not in action or str(action["/S"]) in HARMLESS_ACTIONS
