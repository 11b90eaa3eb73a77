"""Look into a stranger's PDF and write a clean copy of its first pages: run as a process of its own.

    python -I cage.py PAGES_FOR_THE_HOST < original > report and copy

It limits itself before it reads a byte: 10 s of processor, 512 MB, no files, no children; its
environment is empty. Nothing of a file is drawn; no stream is decoded by more than a bounded zlib.
The answer is one line of JSON (`pages`, `kept`, `notes`; or `fault`), then the copy.
"""

import io
import json
import resource
import sys
import zlib
from typing import Any

import pikepdf

MEMORY = 512 * 1024 * 1024
PROCESSOR_SECONDS = 10
MOST_INFLATED = 100 * 1024 * 1024
MOST_OBJECTS = 100_000
MOST_PAGES = 200
DEEPEST = 40

SCRIPTED = ("/JS", "/JavaScript", "/AA", "/OpenAction", "/XFA", "/RichMediaContent")
ATTACHED = ("/EmbeddedFiles", "/EmbeddedFile", "/AF", "/EF", "/FS")
HARMLESS_ACTIONS = ("/URI", "/GoTo")
UNWANTED_NOTES = (
    "/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D", "/Widget"
)  # fmt: skip


class Fault(Exception):
    """Why a file is refused, as a code."""


def confine() -> None:
    """Give up what is not needed, for good."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def examine(original: bytes, keep: int) -> tuple[dict[str, Any], bytes]:
    """Count the pages, and write those that the host may see into a file of their own."""
    _check_ends(original)
    with _opened(original) as pdf:
        if len(pdf.objects) > MOST_OBJECTS:
            raise Fault("too-complex")
        pages = len(pdf.pages)
        if pages < 1:
            raise Fault("unreadable")
        if pages > MOST_PAGES:
            raise Fault("too-complex")
        _check_streams(pdf)
        notes = _notes_of(pdf)
        copy = _copied(pdf, min(pages, keep))
    with pikepdf.open(io.BytesIO(copy)) as written:
        kept = len(written.pages)
    return {"pages": pages, "kept": kept, "notes": sorted(notes)}, copy


def _check_ends(original: bytes) -> None:
    """Nothing before the first mark, nothing but line ends after the last."""
    if not original.startswith(b"%PDF-"):
        raise Fault("type-mismatch")
    end = original.rfind(b"%%EOF")
    if end < 0:
        raise Fault("unreadable")
    if original[end + 5 :].strip(b"\r\n\t \0"):
        raise Fault("trailing-data")


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


def _check_streams(pdf: pikepdf.Pdf) -> None:
    """A small file may unfold into a huge one: inflate it in measured steps, and stop in time."""
    left = MOST_INFLATED
    for held in pdf.objects:
        if isinstance(held, pikepdf.Stream):
            left -= _inflated(held.read_raw_bytes(), _flates(held), left)
            if left < 0:
                raise Fault("too-complex")


def _flates(held: pikepdf.Stream) -> int:
    """How many times over a stream is deflated, before any other filter."""
    named = held.get("/Filter")
    filters = list(named) if isinstance(named, pikepdf.Array) else [named] if named else []
    many = 0
    for each in filters:
        if str(each) not in ("/FlateDecode", "/Fl"):
            break
        many += 1
    return many


def _inflated(raw: bytes, times: int, most: int) -> int:
    """How large it gets; more than `most` is not looked at."""
    for _ in range(times):
        try:
            unfolding = zlib.decompressobj()
            raw = unfolding.decompress(raw, most + 1)
        except zlib.error:
            return len(raw)
        if len(raw) > most:
            return len(raw)
    return len(raw)


def _notes_of(pdf: pikepdf.Pdf) -> set[str]:
    """What the host's copy will lack."""
    notes: set[str] = set()
    for held in pdf.objects:
        if not isinstance(held, pikepdf.Dictionary | pikepdf.Stream):
            continue
        keys = set(held.keys())
        if keys & {"/JS", "/JavaScript", "/OpenAction", "/AA", "/XFA"}:
            notes.add("scripts")
        if keys & {"/EmbeddedFiles", "/EF"}:
            notes.add("attachments")
    return notes


def _copied(pdf: pikepdf.Pdf, keep: int) -> bytes:
    """A new file with these pages alone: what hangs on the old one's root stays behind."""
    with pikepdf.new() as new:
        new.pages.extend(list(pdf.pages)[:keep])
        for page in new.pages:
            _strip_page(page.obj)
        for held in new.objects:
            _strip(held, 0)
        out = io.BytesIO()
        new.save(out, static_id=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _strip_page(page: Any) -> None:
    for key in ("/AA", "/Metadata", "/PieceInfo", "/B", "/Tabs", "/StructParents"):
        if key in page:
            del page[key]
    if "/Annots" in page:
        kept = [note for note in page.Annots if _is_link(note)]
        page.Annots = pikepdf.Array(kept)


def _is_link(note: Any) -> bool:
    kind = str(note.get("/Subtype", "")) if isinstance(note, pikepdf.Dictionary) else ""
    return bool(kind) and kind not in UNWANTED_NOTES


def _strip(held: Any, depth: int) -> None:
    """Take out what acts or hides, here and in what lies directly inside."""
    if depth > DEEPEST:
        raise Fault("too-complex")
    if isinstance(held, pikepdf.Dictionary | pikepdf.Stream):
        for key in (*SCRIPTED, *ATTACHED, "/Metadata"):
            if key in held:
                del held[key]
        if "/A" in held and not _is_harmless(held["/A"]):
            del held["/A"]
        for _, inner in list(held.items()):
            _strip_inner(inner, depth)
    elif isinstance(held, pikepdf.Array):
        for inner in list(held):
            _strip_inner(inner, depth)


def _strip_inner(inner: Any, depth: int) -> None:
    is_nest = isinstance(inner, pikepdf.Dictionary | pikepdf.Array)
    if is_nest and not inner.is_indirect:  # what is indirect has its own turn
        _strip(inner, depth + 1)


def _is_harmless(action: Any) -> bool:
    if not isinstance(action, pikepdf.Dictionary):
        return True  # not an action: an appearance, an alphabet
    if "/Next" in action:
        del action["/Next"]
    return "/S" not in action or str(action["/S"]) in HARMLESS_ACTIONS


def main() -> None:
    """Answer on standard output; a fault is an answer too."""
    confine()
    try:
        report, copy = examine(sys.stdin.buffer.read(), int(sys.argv[1]))
    except Fault as fault:
        report, copy = {"fault": str(fault)}, b""
    except (MemoryError, RecursionError):
        report, copy = {"fault": "too-complex"}, b""
    except Exception:
        # Whatever a parser stumbles over is the file's doing: it is not passed on.
        report, copy = {"fault": "unreadable"}, b""
    sys.stdout.buffer.write(json.dumps(report).encode() + b"\n" + copy)


if __name__ == "__main__":
    main()
