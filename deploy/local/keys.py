"""Secrets for development, made once and kept in `secrets/`, readable by their owner alone."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc.jwk import ECKey, OKPKey


@dataclass(frozen=True, slots=True)
class Keys:
    """What the services are given; keys are JWKs as JSON."""

    cookie_secret: str
    person_key: str  # pseudonyms of people are made with it
    client_secret: str
    signing_private_key: str  # Ed25519: signs the cookie, held by proposals alone
    signing_public_key: str
    contacts_private_key: (
        str  # P-256 for ECDH-ES+A256KW: opens contact cards, held by notifications alone
    )
    contacts_public_key: str


def keys_in(folder: Path) -> Keys:
    """The secrets kept there; what is missing is made."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    signing = OKPKey.import_key(json.loads(_kept(folder / "signing-key.json", _signing_key)))
    contacts = ECKey.import_key(json.loads(_kept(folder / "contacts-key.json", _contacts_key)))
    return Keys(
        cookie_secret=_kept(folder / "cookie-secret", secrets.token_urlsafe),
        person_key=_kept(folder / "person-key", secrets.token_urlsafe),
        client_secret=_kept(folder / "client-secret", secrets.token_urlsafe),
        signing_private_key=json.dumps(signing.as_dict(private=True)),
        signing_public_key=json.dumps(signing.as_dict(private=False)),
        contacts_private_key=json.dumps(contacts.as_dict(private=True)),
        contacts_public_key=json.dumps(contacts.as_dict(private=False)),
    )


def _signing_key() -> str:
    return json.dumps(OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True))


def _contacts_key() -> str:
    return json.dumps(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True))


def _kept(file: Path, make: Callable[[], str]) -> str:
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as output:
            output.write(make())
    return file.read_text()
