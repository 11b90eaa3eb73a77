"""Opens what the front desk sealed for this service alone: contact cards, and letters that hold a secret."""

import json
from dataclasses import dataclass
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]


class CardCannotBeOpened(Exception):
    """Sealed to another key, damaged, or not a card at all."""


@dataclass(frozen=True, slots=True)
class Card:
    """How to write to a person."""

    name: str
    address: str
    language: str = "en"
    zone: str = ""


class Contacts:
    """Made once from `CONTACTS_PRIVATE_KEY`; what it opens is used and forgotten."""

    def __init__(self, private_jwk: str) -> None:
        self._key = ECKey.import_key(json.loads(private_jwk))

    def open(self, sealed: str) -> dict[str, Any]:
        """The JSON object that was sealed. Raises `CardCannotBeOpened`."""
        try:
            plain = jwe.decrypt_compact(sealed, self._key, ALGORITHMS).plaintext
            content = json.loads(plain or b"")
        except (JoseError, ValueError, TypeError) as fault:
            raise CardCannotBeOpened from fault
        if not isinstance(content, dict):
            raise CardCannotBeOpened
        return content

    def card(self, sealed: str) -> Card:
        """A contact card. Raises `CardCannotBeOpened`."""
        content = self.open(sealed)
        address = content.get("address")
        if not isinstance(address, str) or "@" not in address:
            raise CardCannotBeOpened
        return Card(
            name=str(content.get("name") or ""),
            address=address,
            language=str(content.get("language") or "en"),
            zone=str(content.get("zone") or ""),
        )
