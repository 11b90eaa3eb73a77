"""Seals what only the notifications service may read: contact cards, and letters that hold a secret.

A compact JWE (ECDH-ES+A256KW, A256GCM) to that service's public key. Once sealed, not even the front
desk can open it again.
"""

import json
from typing import Any

from joserfc import jwe
from joserfc.jwk import ECKey

ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]


class Contacts:
    """Made once from `CONTACTS_PUBLIC_KEY`, and handed to the commands that write to people."""

    def __init__(self, public_jwk: str) -> None:
        self._key = ECKey.import_key(json.loads(public_jwk))

    def seal(self, content: dict[str, Any]) -> str:
        """A sealed JSON object."""
        header = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1], "kid": self._key.kid}
        known = {name: value for name, value in header.items() if value}
        plain = json.dumps(content, ensure_ascii=False)
        return jwe.encrypt_compact(known, plain, self._key, ALGORITHMS)
