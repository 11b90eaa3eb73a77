"""Machines sign in with a bearer token of the university's provider (OAuth 2 client credentials).

Issuer, audience, algorithm, time and scope are checked; a token that is not exactly right is 401.
Key sets are fetched at most once a minute and kept for ten (S1 to S4).
"""

import asyncio
import json
import time
import urllib.request
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from chassis.actor import Actor, Role
from chassis.problems import Problem

ALGORITHMS = ["RS256", "ES256"]
LEEWAY = 60  # seconds
KEPT = 600  # seconds a key set is believed
PAUSE = 60  # seconds between two fetches, whatever tokens ask for
SMALLEST_RSA = 2048


def _refuse(why: str) -> Problem:
    challenge = f'Bearer error="invalid_token", error_description="{why}"'
    return Problem(401, "invalid-token", "This token does not open anything here.",
                   headers={"WWW-Authenticate": challenge})  # fmt: skip


class Machines:
    """Checks bearer tokens of one issuer; with none configured, no machine is let in."""

    def __init__(self, issuer: str | None, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys: KeySet | None = None
        self._fetched = -float(PAUSE)
        self._lock = asyncio.Lock()

    async def actor(self, authorization: str, *, university: str) -> Actor:
        """The machine a token speaks for. Raises `Problem` 401, or 503 with the provider away."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or self._issuer is None:
            raise _refuse("no such way in")
        claims = await self._claims(token)
        return Actor(
            None,
            university,
            frozenset({Role.MACHINE}),
            name=str(claims.get("client_id", claims["sub"])),
            scopes=frozenset(str(claims.get("scope", "")).split()),
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        keys = await self._key_set(fresh=False)
        try:
            decoded = self._decoded(token, keys)
        except (JoseError, ValueError):
            keys = await self._key_set(fresh=True)  # perhaps the provider has changed its keys
            try:
                decoded = self._decoded(token, keys)
            except (JoseError, ValueError) as bad:
                raise _refuse("not valid") from bad
        return decoded

    def _decoded(self, token: str, keys: KeySet) -> dict[str, Any]:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        if set(decoded.header) & {"crit", "jku", "jwk", "x5u", "x5c", "zip"}:
            raise ValueError("unexpected header")
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self._issuer or ""},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        registry.validate(decoded.claims)
        return decoded.claims

    async def _key_set(self, *, fresh: bool) -> KeySet:
        async with self._lock:
            age = time.monotonic() - self._fetched
            if self._keys is None or age > KEPT or (fresh and age > PAUSE):
                self._keys = await asyncio.to_thread(self._fetch)
                self._fetched = time.monotonic()
            return self._keys

    def _fetch(self) -> KeySet:
        try:
            about = _get_json(f"{self._issuer}/.well-known/openid-configuration")
            if about["issuer"] != self._issuer:
                raise ValueError("another issuer answers here")
            return KeySet(usable_keys(_get_json(about["jwks_uri"])))
        except (OSError, ValueError, KeyError) as away:
            raise Problem(503, "provider-away", "Sign-in is not possible at the moment.",
                          headers={"Retry-After": "30"}) from away  # fmt: skip


def usable_keys(given: dict[str, Any]) -> list[Any]:
    """Usable keys alone: no symmetric ones, no short RSA, no id twice."""
    found = KeySet.import_key_set(
        {"keys": [k for k in given["keys"] if k.get("kty") != "oct"]}
    ).keys
    usable = [
        key
        for key in found
        if not isinstance(key, RSAKey) or key.public_key.key_size >= SMALLEST_RSA
    ]
    ids = [key.kid for key in usable]
    if len(set(ids)) != len(ids):
        raise ValueError("an id stands twice in the key set")
    return usable


def _get_json(url: str) -> dict[str, Any]:
    if not url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        raise ValueError("keys come over https alone")
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (scheme checked above)
        return json.loads(answer.read(256 * 1024))
