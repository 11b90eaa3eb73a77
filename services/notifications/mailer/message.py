"""A letter as a mail: headers, text, HTML and calendar, by the one policy that refuses forged lines."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

from services.notifications.mailer.calendar import calendar_of
from services.notifications.mailer.wording import Around, one_line
from services.notifications.mailer.writing import Written, write

POLICY = policy.SMTP.clone(max_line_length=320)  # a subject is not folded behind its colon
UNSAFE = re.compile(r"[^A-Za-z0-9-]+")


class AddressCannotBeWrittenTo(Exception):
    """No mail server would take it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Ready to be handed over, and what is kept of it."""

    message: EmailMessage
    written: Written


def mail_of(
    around: Around, *, delivery_id: UUID, correlation_id: str, domain: str, at: datetime
) -> Mail:
    """The same delivery makes the same Message-ID, however often it is tried (P19)."""
    written = write(around)
    story = UNSAFE.sub("", correlation_id) or "none"
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(one_line(around.sender), addr_spec=around.mailbox)
    mail["To"] = _recipient(around)
    mail["Reply-To"] = Address(one_line(around.sender), addr_spec=around.mailbox)
    mail["Subject"] = written.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{delivery_id}.{story}@{domain}>"
    mail["X-Correlation-ID"] = story
    mail["X-Letter"] = around.letter.name
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(written.text, cte="quoted-printable")
    mail.add_alternative(written.html, subtype="html", cte="quoted-printable")
    uid = f"{delivery_id}@{domain}"
    if calendar := calendar_of(around, subject=written.subject, uid=uid, at=at):
        name, content = calendar
        mail.add_attachment(content, maintype="text", subtype="calendar", filename=name)
    return Mail(mail, written)


def _recipient(around: Around) -> Address:
    address = around.to.address
    try:
        local_part, _, domain = address.rpartition("@")
        ascii_domain = domain.encode("idna").decode()
        local_part.encode("ascii")
        return Address(one_line(around.to.name), addr_spec=f"{local_part}@{ascii_domain}")
    except (ValueError, IndexError, HeaderParseError) as fault:
        raise AddressCannotBeWrittenTo from fault


def recipient_of(mail: EmailMessage) -> str:
    """The one address it goes to."""
    return str(mail["To"].addresses[0].addr_spec)
