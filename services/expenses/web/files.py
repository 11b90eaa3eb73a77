"""A stored receipt as an answer: saved rather than opened, never sniffed, never a page of ours."""

from starlette.responses import Response

from services.expenses.views.receipts import File


def answer_file(file: File) -> Response:
    """The bytes with the headers that keep a stranger's file harmless."""
    return Response(
        file.content,
        media_type=file.media_type,
        headers={
            "content-disposition": f'attachment; filename="{file.name}"',
            "content-security-policy": "default-src 'none'; sandbox",
            "cross-origin-resource-policy": "same-origin",
        },
    )
