"""The gallery: every letter with example data, as its reader sees it."""

from starlette.responses import HTMLResponse, Response

from chassis import web
from chassis.problems import not_found
from services.notifications.domain import table
from services.notifications.domain.letter import Letter
from services.notifications.mailer.examples import example_of
from services.notifications.mailer.writing import write
from services.notifications.web.wording import letters_by_reader, titled

pages = web.pages("/office/notifications/letters", audience=web.OFFICE)

OF_A_MAIL = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; form-action 'none'"
"""A mail brings its styles with it, may do nothing else, and is framed by our own page alone."""


@pages.get("")
async def list_letters(door: web.TheDoor) -> Response:
    """All of them, by who reads them."""
    return await door.page("letters.html", letters=letters_by_reader())


@pages.get("/{name}")
async def show_letter(name: str, door: web.TheDoor) -> Response:
    """One letter: subject, the mail as it looks, and its plain text."""
    letter = _found(name)
    return await door.page(
        "letter.html", name=name, letter=titled(name), written=write(example_of(letter))
    )


@pages.get("/{name}/mail")
async def show_mail(name: str) -> Response:
    """The HTML alone, for the frame of its page."""
    written = write(example_of(_found(name)))
    return HTMLResponse(written.html, headers={"content-security-policy": OF_A_MAIL})


def _found(name: str) -> Letter:
    if not table.is_known(name):
        raise not_found()
    return table.named(name)
