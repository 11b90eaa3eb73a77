"""Secrets for development are made once, stay what they are, and are their owner's alone."""

import json
import stat

from joserfc import jwe, jwt
from joserfc.jwk import ECKey, OKPKey

from chassis.settings import Settings
from deploy.local.keys import keys_in


def test_keys_are_the_same_the_second_time(tmp_path):
    assert keys_in(tmp_path / "secrets") == keys_in(tmp_path / "secrets")


def test_files_are_readable_by_their_owner_alone(tmp_path):
    keys_in(tmp_path / "secrets")

    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "secrets").iterdir()}
    assert modes == {0o600}


def test_what_the_private_key_signs_the_public_key_checks_and_cannot_sign(tmp_path):
    keys = keys_in(tmp_path)
    private = OKPKey.import_key(json.loads(keys.signing_private_key))
    public = OKPKey.import_key(json.loads(keys.signing_public_key))

    token = jwt.encode({"alg": "Ed25519"}, {"sub": "x"}, private, algorithms=["Ed25519"])

    assert jwt.decode(token, public, algorithms=["Ed25519"]).claims == {"sub": "x"}
    assert "d" not in json.loads(keys.signing_public_key)


def test_letter_sealed_with_the_contacts_key_is_opened_by_its_private_half(tmp_path):
    keys = keys_in(tmp_path)
    public = ECKey.import_key(json.loads(keys.contacts_public_key))
    private = ECKey.import_key(json.loads(keys.contacts_private_key))

    algorithms = ["ECDH-ES+A256KW", "A256GCM"]
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}
    sealed = jwe.encrypt_compact(header, b"card", public, algorithms=algorithms)

    assert jwe.decrypt_compact(sealed, private, algorithms=algorithms).plaintext == b"card"
    assert "d" not in json.loads(keys.contacts_public_key)


def test_chassis_takes_these_secrets(tmp_path):
    keys = keys_in(tmp_path)

    settings = Settings(
        database_url="postgres://expenses@127.0.0.1/postgres",
        cookie_secret=keys.cookie_secret,
        signing_public_key=keys.signing_public_key,
    )

    assert settings.cookie_secret.get_secret_value() == keys.cookie_secret
