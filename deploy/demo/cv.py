"""A curriculum vitae as a real PDF of two pages, and a receipt of one, written by hand."""

from collections.abc import Iterable, Sequence

A4 = (595, 842)
LEFT, TOP, LINE = 64, 770, 18


def two_pages(name: str, course: str) -> bytes:
    """The CV of one person; no two people's are the same."""
    first = [
        name,
        course,
        "",
        "Education",
        f"{course}, second year.",
        "Three years of school leavers' examinations before that.",
        "",
        "Work",
        "Two summers in a bookshop: the till, the orders, the window.",
        "One term as a guide in a small museum on Saturdays.",
    ]
    second = [
        f"{name}, page 2",
        "",
        "Skills",
        "Writing to a deadline; tables and charts; patience with old handwriting.",
        "",
        "Languages",
        "English, some French.",
    ]
    return pdf([first, second])


def receipt(shop: str, number: str, pence: int) -> bytes:
    """What a till prints, as a file of one page."""
    return pdf([[shop, f"Receipt {number}", "", f"Paid: £{pence / 100:.2f}", "Thank you."]])


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF of these lines, with a cross-reference table that readers need not repair."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, lines in enumerate(pages):
        content = _content(lines)
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {A4[0]} {A4[1]}] /Contents {5 + 2 * n} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    return _file(objects)


def _content(lines: Iterable[str]) -> bytes:
    shown = b"".join(b"(%s) Tj T*\n" % _text(line) for line in lines)
    return b"BT /F1 12 Tf %d TL %d %d Td\n%sET" % (LINE, LEFT, TOP, shown)


def _text(line: str) -> bytes:
    raw = line.encode("cp1252", errors="replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), list[int]()
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)
