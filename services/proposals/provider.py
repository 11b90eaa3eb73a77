"""The university's identity provider: OpenID Connect code flow with PKCE, as its one client.

Issuer, audience, nonce, algorithm, key and time of an ID token are checked here, each exactly. Key
sets are believed for ten minutes; a key nobody knows is looked for once a minute at most (S1 to S4).
"""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis.clock import real_now
from chassis.machines import usable_keys

SCOPES = "openid profile email"
ALGORITHMS = ("RS256", "ES256")  # fixed here: the token has no say
LEEWAY = 60  # seconds
OLDEST = 12 * 3600  # seconds since an ID token was made
KEPT = 600.0  # seconds that metadata and keys are believed
PAUSE = 60.0  # seconds between two looks for a key nobody knows
LARGEST = 256 * 1024
HEADER = frozenset({"alg", "kid", "typ"})
PERSONAL = frozenset({"name", "email", "eduperson_affiliation"})
PROTOCOL = frozenset({"iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "azp", "acr", "amr"})


class ProviderIsAway(Exception):
    """The provider does not answer, or not as one: nobody new can sign in, the others stay."""


class NotConfirmed(Exception):
    """What came back does not prove that anybody signed in. `reason` is a word for the audit."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Journey:
    """What must be remembered between leaving for the provider and coming back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Journey":
        """Three secrets of 256 bits."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))

    @property
    def challenge(self) -> str:
        """What PKCE shows of the verifier at first (S256)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Provider:
    """One issuer, and us as its client."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, *, plain_http: bool = False
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._plain_http = plain_http  # development: the provider is on loopback
        self._http = httpx2.AsyncClient(timeout=5, follow_redirects=False, trust_env=False)
        self._lock = asyncio.Lock()
        self._about: Mapping[str, Any] | None = None
        self._about_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    async def where_to(self, journey: Journey, *, back_to: str, again: bool = False) -> str:
        """The provider's page that the browser is sent to; `again` where an old sign-in there is not enough."""
        about = await self._metadata()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": back_to,
            "scope": SCOPES,
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
        }
        if again:
            asked["prompt"] = "login"
        page = self._checked(about["authorization_endpoint"])
        return f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}"

    async def who(
        self, answer: Mapping[str, str], journey: Journey, *, back_to: str
    ) -> dict[str, Any]:
        """What the provider says of the person who came back, once everything is checked.

        `answer` is the query that the browser brought. Raises `NotConfirmed` or `ProviderIsAway`.
        """
        about = await self._metadata()
        self._judge_answer(answer, journey, about)
        tokens = await self._exchange(answer["code"], journey, about, back_to=back_to)
        claims = await self._id_token(tokens, journey)
        if claims.keys() >= PERSONAL or "userinfo_endpoint" not in about:
            return claims
        return claims | await self._more_about(claims, tokens, about)

    def _judge_answer(
        self, answer: Mapping[str, str], journey: Journey, about: Mapping[str, Any]
    ) -> None:
        if not secrets.compare_digest(answer.get("state", "").encode(), journey.state.encode()):
            raise NotConfirmed("state")
        says_who = bool(about.get("authorization_response_iss_parameter_supported"))
        if answer.get("iss", "" if says_who else self._issuer) != self._issuer:  # RFC 9207
            raise NotConfirmed("iss")
        if "error" in answer or not answer.get("code"):
            raise NotConfirmed("denied")

    async def _exchange(
        self, code: str, journey: Journey, about: Mapping[str, Any], *, back_to: str
    ) -> dict[str, Any]:
        """Code and verifier for tokens; a no from the provider means that nobody signed in."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": journey.verifier,
        }
        known = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers: dict[str, str] = {}
        if "client_secret_basic" in known:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": self._client_id, "client_secret": self._client_secret}
        address = self._checked(about["token_endpoint"])
        answer = await self._send("POST", address, data=form, headers=headers)
        if answer.status_code in (400, 401):
            raise NotConfirmed("code")
        return _object(answer)

    async def _id_token(self, tokens: Mapping[str, Any], journey: Journey) -> dict[str, Any]:
        token = tokens.get("id_token")
        if not isinstance(token, str) or token.count(".") != 2:
            raise NotConfirmed("id-token")
        header = _header(token)
        key = await self._key(header)
        try:
            signed = jws.deserialize_compact(token, key, list(ALGORITHMS))
            claims = json.loads(signed.payload)
        except (JoseError, ValueError, TypeError) as bad:
            raise NotConfirmed("signature") from bad
        self._judge_claims(claims, journey)
        _judge_access_token(claims, tokens.get("access_token"))
        return claims

    def _judge_claims(self, claims: Any, journey: Journey) -> None:
        if not isinstance(claims, dict) or claims.get("iss") != self._issuer:
            raise NotConfirmed("issuer")
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        party = claims.get("azp", self._client_id if len(audiences) == 1 else None)
        if self._client_id not in audiences or party != self._client_id:
            raise NotConfirmed("audience")
        said = claims.get("nonce")
        if not isinstance(said, str) or not secrets.compare_digest(
            said.encode(), journey.nonce.encode()
        ):
            raise NotConfirmed("nonce")
        _judge_times(claims)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise NotConfirmed("subject")

    async def _more_about(
        self, claims: Mapping[str, Any], tokens: Mapping[str, Any], about: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What only the userinfo endpoint says; it never overrules the ID token's own claims."""
        address = self._checked(about["userinfo_endpoint"])
        bearer = {"authorization": f"Bearer {tokens.get('access_token', '')}"}
        more = _object(await self._send("GET", address, headers=bearer))
        if more.get("sub") != claims["sub"]:
            raise NotConfirmed("userinfo")
        return {name: value for name, value in more.items() if name not in PROTOCOL}

    async def _key(self, header: Mapping[str, Any]) -> Any:
        """The one key the token names. An unknown name makes us look again, at most once a minute."""
        keys = await self._key_set(fresh=False)
        found = _named(keys, header.get("kid"))
        if found is None:
            found = _named(await self._key_set(fresh=True), header.get("kid"))
        if found is None:
            raise NotConfirmed("kid")
        return found

    async def _key_set(self, *, fresh: bool) -> KeySet:
        about = await self._metadata()
        async with self._lock:
            age = time.monotonic() - self._keys_at
            if self._keys is None or age > KEPT or (fresh and age > PAUSE):
                given = _object(await self._send("GET", self._checked(about["jwks_uri"])))
                try:
                    self._keys = KeySet(usable_keys(given))
                except (JoseError, ValueError, KeyError, TypeError) as bad:
                    raise ProviderIsAway("keys") from bad
                self._keys_at = time.monotonic()
            return self._keys

    async def _metadata(self) -> Mapping[str, Any]:
        async with self._lock:
            if self._about is None or time.monotonic() - self._about_at > KEPT:
                address = self._checked(f"{self._issuer}/.well-known/openid-configuration")
                about = _object(await self._send("GET", address))
                wanted = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
                if about.get("issuer") != self._issuer or not wanted <= about.keys():
                    raise ProviderIsAway("metadata")
                self._about, self._about_at = about, time.monotonic()
            return self._about

    async def _send(self, method: str, address: str, **more: Any) -> httpx2.Response:
        try:
            answer = await self._http.request(method, address, **more)
        except (httpx2.HTTPError, httpx2.InvalidURL) as away:
            raise ProviderIsAway(type(away).__name__) from away
        if answer.status_code not in (200, 400, 401):
            raise ProviderIsAway(str(answer.status_code))
        return answer

    def _checked(self, address: Any) -> str:
        """Secrets and keys travel over https alone; in development, plain http is let through."""
        allowed = ("https://", "http://") if self._plain_http else ("https://",)
        if not isinstance(address, str) or not address.startswith(allowed):
            raise ProviderIsAway("plain http")
        return address


def _object(answer: httpx2.Response) -> dict[str, Any]:
    try:
        read = json.loads(answer.content) if len(answer.content) <= LARGEST else None
    except ValueError:
        read = None
    if answer.status_code != 200 or not isinstance(read, dict):
        raise ProviderIsAway("answer")
    return read


def _header(token: str) -> dict[str, Any]:
    """The token's own header: nothing in it but algorithm, key and type."""
    part = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as bad:
        raise NotConfirmed("header") from bad
    if not isinstance(header, dict) or not header.keys() <= HEADER:
        raise NotConfirmed("header")
    if header.get("alg") not in ALGORITHMS:
        raise NotConfirmed("alg")
    if str(header.get("typ", "JWT")).upper() != "JWT":  # at+jwt, logout+jwt: tokens for other ends
        raise NotConfirmed("typ")
    return header


def _named(keys: KeySet, kid: Any) -> Any:
    """The key of that name; without a name, the only one there is."""
    if kid is None:
        return keys.keys[0] if len(keys.keys) == 1 else None
    return next((key for key in keys.keys if key.kid == kid), None)


def _judge_times(claims: Mapping[str, Any]) -> None:
    made, ends, begins = (_seconds(claims.get(name)) for name in ("iat", "exp", "nbf"))
    if made is None or ends is None:
        raise NotConfirmed("times")
    now = real_now().timestamp()
    if now >= ends + LEEWAY or made > now + LEEWAY or now - made > OLDEST + LEEWAY:
        raise NotConfirmed("expired")
    if begins is not None and begins > now + LEEWAY:
        raise NotConfirmed("expired")


def _seconds(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def _judge_access_token(claims: Mapping[str, Any], access_token: Any) -> None:
    """Where the ID token vouches for an access token, it must be the one that came with it."""
    vouched = claims.get("at_hash")
    if vouched is None:
        return
    digest = hashlib.sha256(str(access_token).encode()).digest()[:16]
    if vouched != base64.urlsafe_b64encode(digest).rstrip(b"=").decode():
        raise NotConfirmed("at-hash")
