"""CVs of every sort, made here."""

import io

import pikepdf


def a_pdf(pages: int = 1, *, words: str = "Curriculum vitae") -> bytes:
    """A plain PDF of so many pages."""
    with pikepdf.new() as pdf:
        font = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
        )
        for n in range(1, pages + 1):
            page = pdf.add_blank_page(page_size=(595, 842))
            page.Contents = pdf.make_stream(
                f"BT /F1 12 Tf 72 770 Td ({words}, page {n}) Tj ET".encode()
            )
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        return _saved(pdf)


def with_script() -> bytes:
    """A PDF that would run something when opened, and carries a file along."""
    with pikepdf.open(io.BytesIO(a_pdf())) as pdf:
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('hello')")
        pdf.Root.OpenAction = pdf.make_indirect(script)
        pdf.pages[0].AA = pikepdf.Dictionary(O=script)
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Link,
            Rect=[0, 0, 10, 10],
            A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe"),
        )
        pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(link)])
        pdf.attachments["secret.txt"] = b"along for the ride"
        return _saved(pdf)


def encrypted() -> bytes:
    """A PDF that asks for a password."""
    with pikepdf.open(io.BytesIO(a_pdf())) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
        return out.getvalue()


def bomb() -> bytes:
    """A small PDF whose one stream unfolds to more than a hundred megabytes."""
    with pikepdf.open(io.BytesIO(a_pdf())) as pdf:
        pdf.pages[0].Contents = pdf.make_stream(b" " * (120 * 1024 * 1024))
        return _saved(pdf)


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, compress_streams=True)
    return out.getvalue()
