"""Receipts are judged by what they hold; what is kept is a copy without anything carried along."""

import io
import struct
import time
import zlib

import pikepdf
import pytest
from PIL import Image

from services.expenses.domain.receipt import LARGEST, ReceiptIsRefused
from services.expenses.receipts.judge import Judge, shown_name
from tests.expenses.claiming import API, a_jpeg_with_place, a_museum, a_pdf, a_png, send_receipt


@pytest.fixture
def judge() -> Judge:
    return Judge(2)


def a_huge_png() -> bytes:
    """50,000 × 50,000 by its head, and next to nothing behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def a_gif() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("P", (4, 4), n) for n in range(3)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def locked_pdf() -> bytes:
    with pikepdf.open(io.BytesIO(a_pdf())) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


async def test_a_jpeg_is_kept_upright_and_tells_no_place(judge):
    judged = await judge.receipt(a_jpeg_with_place(), name="IMG_1.jpg")

    copy = Image.open(io.BytesIO(judged.copy))
    assert (judged.media_type, copy.size) == ("image/jpeg", (40, 80))
    assert dict(copy.getexif()) == {}
    assert b"Telephone" not in judged.copy
    assert judged.notes == ("details",)


async def test_a_comment_of_300_kilobytes_is_gone(judge):
    judged = await judge.receipt(a_png(comment=300_000))

    assert (judged.media_type, len(judged.copy) < 10_000) == ("image/png", True)


async def test_a_pdf_is_written_anew_without_its_scripts(judge):
    judged = await judge.receipt(a_pdf(scripted=True), name="receipt.pdf")

    with pikepdf.open(io.BytesIO(judged.copy)) as copy:
        assert (len(copy.pages), "/OpenAction" in copy.Root) == (1, False)
    assert (judged.media_type, judged.notes) == ("application/pdf", ("scripts",))


async def test_the_same_receipt_comes_to_the_same_copy(judge):
    plain = a_png()
    picture = Image.open(io.BytesIO(plain))
    again = io.BytesIO()
    picture.save(again, "PNG", compress_level=1)

    one, two = await judge.receipt(plain), await judge.receipt(again.getvalue())

    assert one.sent_hash != two.sent_hash
    assert one.copy_hash == two.copy_hash
    assert (await judge.receipt(a_pdf())).copy_hash == (await judge.receipt(a_pdf())).copy_hash


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.pdf", "empty"),
        (b"%PDF-" + b"0" * LARGEST, "a.pdf", "too-large"),
        (a_png(), "a.pdf", "type-mismatch"),
        (b"no picture at all", "a.png", "type-mismatch"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "a.doc", "unsupported"),
        (a_gif(), "a.gif", "unsupported"),
        (a_png(frames=3), "a.png", "animated"),
        (a_huge_png(), "a.png", "too-many-pixels"),
        (a_png((600, 600))[:-60], "a.png", "unreadable"),
        (a_pdf()[:-60], "a.pdf", "unreadable"),
        (a_pdf() + b"PK\x03\x04 more", "a.pdf", "trailing-data"),
        (locked_pdf(), "a.pdf", "encrypted"),
    ],
)
async def test_what_cannot_be_taken_says_why(judge, content, name, code):
    began = time.monotonic()
    with pytest.raises(ReceiptIsRefused) as refused:
        await judge.receipt(content, name=name)

    assert refused.value.slug() == code
    assert refused.value.field == "receipt"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../x", "x"),
        ("CON.pdf", "CON.pdf"),
        ("a\r\nX: y.pdf", "aX  y.pdf"),
        ("🙂" * 300, "🙂" * 100),
        ("", "receipt"),
    ],
)
def test_a_name_is_cleaned_for_its_owners_eyes(name, shown):
    assert shown_name(name) == shown


async def test_a_refused_file_leaves_nothing_behind(doors_of, database_url):
    museum = await a_museum(await doors_of("expenses"), database_url)
    claim_id = await museum.begins()
    line_id = await museum.writes(claim_id)
    path = f"{API}/claims/{claim_id}/lines/{line_id}/receipt"

    answers = [
        await send_receipt(museum.intern, claim_id, line_id, a_gif(), kind="image/gif"),
        await send_receipt(museum.intern, claim_id, line_id, b"hello", kind="text/plain"),
        await send_receipt(museum.intern, claim_id, line_id, b"0" * 11_600_000),
        await send_receipt(museum.stranger, claim_id, line_id, a_png()),
    ]

    assert [each.status_code for each in answers] == [422, 415, 413, 404]
    assert answers[0].json()["errors"][0]["code"] == "unsupported"
    assert (await museum.intern.get(path)).status_code == 404
    assert await museum.doors.database.value("SELECT count(*) FROM receipts") == 0
