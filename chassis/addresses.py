"""E-mail addresses, as strictly as mail needs and no more (`bad_input[68]` to `[78]`).

Whether an address works, its first mail tells; nothing is looked up.
"""

from dataclasses import dataclass

from chassis import texts

LONGEST = 254  # RFC 5321: a path of 256 with its brackets


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: where mail goes, and how its owner wrote it."""

    stored: str  # the domain as its A-label
    shown: str


class AddressFault(ValueError):
    """No address we can send to. `code` is what an API caller reads."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def read_address(text: str) -> Address:
    """One address out of what was typed; white and zero-width space around it is forgiven."""
    # The package belongs to the front desk alone, where addresses are taken; the other services'
    # environments do not hold it.
    from email_validator import EmailNotValidError, validate_email

    try:
        shown = texts.normalise(text)
    except texts.TextFault:
        raise AddressFault("invalid-email") from None
    if len(shown) > LONGEST:
        raise AddressFault("too-long")
    local, _, domain = shown.rpartition("@")
    if not local.isascii():
        raise AddressFault("non-ascii-local")
    if "." not in domain.strip("."):
        raise AddressFault("invalid-email")
    try:
        checked = validate_email(
            shown,
            check_deliverability=False,
            allow_smtputf8=False,
            # Names such as .test and .example are for us to mail in development; whether a domain
            # exists is never judged here, so nothing is lost by taking them.
            test_environment=True,
        )
    except EmailNotValidError:
        raise AddressFault("invalid-email") from None
    return Address(stored=checked.ascii_email or checked.normalized, shown=shown)
