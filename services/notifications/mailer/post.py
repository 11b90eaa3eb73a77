"""One kept connection to the mail server, and what may come of handing a mail over."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum, auto

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from chassis.failpoints import failpoint

TIMEOUT = 20.0  # of one command; a whole mail must end within its lease
IDLE = 30.0  # after so long, ask first whether the connection still lives


class Tls(StrEnum):
    """How the connection is guarded."""

    NONE = auto()  # on one machine, in development
    STARTTLS = auto()
    IMPLICIT = auto()


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over."""

    host: str
    port: int
    tls: Tls
    sender: str  # of the envelope: where bounces go
    username: str | None = None
    password: str | None = None

    @property
    def domain(self) -> str:
        """Of our Message-IDs."""
        return self.sender.rpartition("@")[2]


class ServerAway(Exception):
    """It cannot be reached, or went before it could have taken the mail."""


class RefusedForNow(Exception):
    """A reply 4xx: try again later."""

    def __init__(self, code: int) -> None:
        self.code = code


class RefusedForGood(Exception):
    """A reply 5xx: nobody will ever get it at this address."""

    def __init__(self, code: int) -> None:
        self.code = code


class AnswerLost(Exception):
    """The connection ended between the last dot and its answer: it may have been taken (RFC 1047)."""


class LeaseLost(Exception):
    """Before the data was sent, the letter had gone to another sender."""


class Post:
    """A sender's own connection, opened when needed and kept."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._smtp: SMTP | None = None
        self._used_at = 0.0

    async def connect(self) -> SMTP:
        """Have a living connection. Raises `ServerAway`."""
        loop = asyncio.get_running_loop()
        if self._smtp and self._smtp.is_connected and loop.time() - self._used_at > IDLE:
            with contextlib.suppress(SMTPException, OSError):
                await self._smtp.noop()
        if self._smtp and self._smtp.is_connected:
            self._used_at = loop.time()
            return self._smtp
        smtp = SMTP(
            hostname=self.server.host,
            port=self.server.port,
            username=self.server.username,
            password=self.server.password,
            use_tls=self.server.tls is Tls.IMPLICIT,
            start_tls=self.server.tls is Tls.STARTTLS,
            timeout=TIMEOUT,
        )
        try:
            await smtp.connect()
            await smtp.ehlo()
        except (SMTPException, OSError) as away:
            smtp.close()
            raise ServerAway from away
        _notice_the_end_of_text(smtp)
        self._smtp, self._used_at = smtp, loop.time()
        return smtp

    async def hand_over(
        self, content: bytes, *, to: str, before_data: Callable[[], Awaitable[bool]]
    ) -> int:
        """Hand over one mail; the code of the server's yes.

        `before_data` is asked when the recipient was accepted and before the first byte of the mail;
        if it says no, nothing is sent and `LeaseLost` is raised.
        """
        smtp = await self.connect()
        try:
            await smtp.mail(self.server.sender)
            await smtp.rcpt(to)
        except SMTPResponseException as said:
            await self._forget_mail(smtp)
            raise _refusal(said) from said
        except (SMTPException, OSError) as away:
            self._drop()
            raise ServerAway from away
        failpoint("mail.recipients")
        if not await before_data():
            await self._forget_mail(smtp)
            raise LeaseLost
        failpoint("mail.begun")
        return await self._data(smtp, content)

    async def _data(self, smtp: SMTP, content: bytes) -> int:
        try:
            return (await smtp.data(content)).code
        except SMTPResponseException as said:
            await self._forget_mail(smtp)
            raise _refusal(said) from said
        except (SMTPException, OSError) as lost:
            self._drop()
            raise AnswerLost from lost

    async def _forget_mail(self, smtp: SMTP) -> None:
        """End this mail and keep the connection, if the server lets us."""
        try:
            await smtp.rset()
        except (SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None


def _notice_the_end_of_text(smtp: SMTP) -> None:
    """Pass a failpoint between a text and its answer, which the client does in one breath."""
    protocol = smtp.protocol
    if protocol is None:  # gone again already: whoever uses it finds out
        return
    write = protocol.write

    def write_and_pass(data: bytes) -> None:
        write(data)
        if data.endswith(b"\r\n.\r\n"):
            failpoint("mail.sent")

    protocol.write = write_and_pass


def _refusal(said: SMTPResponseException) -> Exception:
    if said.code == aiosmtplib.SMTPStatus.domain_unavailable:  # 421: it is closing down
        return ServerAway()
    if 400 <= said.code < 500:
        return RefusedForNow(said.code)
    if said.code >= 500:
        return RefusedForGood(said.code)
    return ServerAway()
