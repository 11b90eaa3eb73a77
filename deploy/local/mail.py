"""The mail catcher: takes every mail of the local stack and shows it on a page; none leaves.

`python -m deploy.local.mail SMTP_PORT PAGE_PORT FOLDER`. An address whose local part is `bounce`
(or `bounce+…`) is refused for good with 550, and `defer` for now with 451, so that a bounce can be
played. Mails are kept in the folder, so that a catcher that was started again still has them.
"""

import asyncio
import html
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from chassis.clock import real_now
from deploy.local.ports import HOST, LISTENS_ON

LARGEST = 32 * 1024 * 1024
REFUSALS = {
    "bounce": "550 5.1.1 There is no mailbox of that name here",
    "defer": "451 4.2.1 The mailbox is busy, try again later",
}
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { width: 100%; border-collapse: collapse } th, td { text-align: left; padding: .4rem .6rem }
tr { border-bottom: 1px solid #b1b4b6 } pre { white-space: pre-wrap; background: #f3f2f1; padding: 1rem }
iframe { width: 100%; height: 40rem; border: 1px solid #b1b4b6 }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it came in."""

    number: int
    received_at: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, read."""
        read = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read

    def described(self) -> dict[str, Any]:
        """What `/messages.json` tells of it."""
        message = self.message
        return {
            "number": self.number,
            "received_at": self.received_at,
            "from": self.sender,
            "to": list(self.recipients),
            "subject": str(message.get("Subject", "")),
            "message_id": str(message.get("Message-ID", "")),
            "headers": [[name, str(value)] for name, value in message.items()],
            "text": _body(message, "plain"),
            "html": _body(message, "html"),
            "attachments": [part.get_filename() or "" for part in message.iter_attachments()],
        }


@dataclass
class Mailbox:
    """Every mail that was taken, in the order in which it came."""

    folder: Path
    mails: list[Mail] = field(default_factory=list[Mail])

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mails = list(self._kept())

    def add(self, sender: str, recipients: list[str], content: bytes) -> Mail:
        """Keep a mail: on disk first, since the sender is told that it was taken."""
        number = self.mails[-1].number + 1 if self.mails else 1
        mail = Mail(number, real_now().isoformat(), sender, tuple(recipients), content)
        envelope = {"received_at": mail.received_at, "from": sender, "to": recipients}
        file = self.folder / f"{number:06}.eml"
        file.with_suffix(".json").write_text(json.dumps(envelope))
        file.write_bytes(content)
        self.mails.append(mail)
        return mail

    def clear(self) -> None:
        """Forget every mail."""
        for file in (*self.folder.glob("*.eml"), *self.folder.glob("*.json")):
            file.unlink()
        self.mails.clear()

    def sent_to(self, address: str | None) -> list[Mail]:
        """The mails to one address, or all."""
        return [mail for mail in self.mails if address is None or address in mail.recipients]

    def _kept(self) -> Iterator[Mail]:
        for file in sorted(self.folder.glob("*.eml")):
            envelope = json.loads(file.with_suffix(".json").read_text())
            yield Mail(
                int(file.stem),
                envelope["received_at"],
                envelope["from"],
                tuple(envelope["to"]),
                file.read_bytes(),
            )


class Catcher:
    """What the SMTP server does with what it is given."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_RCPT(  # noqa: N802  the name aiosmtpd calls
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take any address but the two that play a bounce."""
        local_part = address.partition("@")[0].partition("+")[0].lower()
        if local_part in REFUSALS:
            return REFUSALS[local_part]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail, then say so."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.mailbox.add(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        return "250 Taken"


def pages(mailbox: Mailbox) -> Starlette:
    """The list, each mail, and the same as JSON."""

    async def index(_request: Request) -> Response:
        rows = "".join(_row(mail) for mail in reversed(mailbox.mails))
        head = "<tr><th>Received<th>To<th>Subject<th>Files"
        return _page(f"Mails caught: {len(mailbox.mails)}", f"<table>{head}{rows}</table>")

    async def show(request: Request) -> Response:
        number = request.path_params["number"]
        mail = next((mail for mail in mailbox.mails if mail.number == number), None)
        if mail is None:
            return HTMLResponse("No such mail.", 404)
        return _page(str(mail.message.get("Subject", "")), _shown(mail))

    async def messages(request: Request) -> Response:
        if request.method == "DELETE":
            mailbox.clear()
            return Response(status_code=204)
        asked = request.query_params
        found = mailbox.sent_to(asked.get("to"))
        try:
            after, most = int(asked.get("after", "0")), int(asked.get("limit", str(len(found))))
        except ValueError:
            return Response("after and limit are whole numbers", status_code=400)
        wanted = [mail for mail in found if mail.number > after]
        return JSONResponse([mail.described() for mail in wanted[: max(0, most)]])

    return Starlette(
        routes=[
            Route("/", index),
            Route("/messages/{number:int}", show),
            Route("/messages.json", messages, methods=["GET", "DELETE"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", HOST])],
    )


def smtp(mailbox: Mailbox) -> SMTP:
    """One connection's protocol."""
    return SMTP(
        Catcher(mailbox), data_size_limit=LARGEST, enable_SMTPUTF8=True, ident="The mail catcher"
    )


async def serve(smtp_port: int, page_port: int, folder: Path) -> None:
    """Catch mails and show them, until the process is told to end."""
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: smtp(mailbox), LISTENS_ON, smtp_port)
    config = uvicorn.Config(
        pages(mailbox), host=LISTENS_ON, port=page_port, log_level="warning", server_header=False
    )
    async with listener:
        await uvicorn.Server(config).serve()


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else str(part.get_content()).replace("\r\n", "\n")


def _row(mail: Mail) -> str:
    told = mail.described()
    cells = (
        told["received_at"][:19].replace("T", " "),
        ", ".join(told["to"]),
        told["subject"],
        ", ".join(told["attachments"]),
    )
    at, to, subject, files = (html.escape(cell) for cell in cells)
    link = f'<a href="/messages/{mail.number}">{subject or "(no subject)"}</a>'
    return f"<tr><td>{at}<td>{to}<td>{link}<td>{files}"


def _shown(mail: Mail) -> str:
    told = mail.described()
    headers = "".join(
        f"<tr><th>{html.escape(name)}<td>{html.escape(value)}" for name, value in told["headers"]
    )
    files = "".join(f"<li>{html.escape(name)}" for name in told["attachments"])
    parts = [f"<table>{headers}</table>"]
    if files:
        parts.append(f"<h2>Files</h2><ul>{files}</ul>")
    if told["text"] is not None:
        parts.append(f"<h2>As text</h2><pre>{html.escape(told['text'])}</pre>")
    if told["html"] is not None:
        # In a frame without any right: no script, no form, no way out.
        framed = html.escape(told["html"], quote=True)
        parts.append(f'<h2>As a page</h2><iframe sandbox srcdoc="{framed}" title="Mail"></iframe>')
    return "".join(parts) + '<p><a href="/">All mails</a>'


def _page(title: str, content: str) -> Response:
    words = html.escape(title)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{words}</title>'
        f"<style>{STYLE}</style><h1>{words}</h1>{content}",
        headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"},
    )


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
