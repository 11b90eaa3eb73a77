"""A small OpenID provider of the tests' own: it checks what a development provider lets pass.

PKCE verifiers, client secrets and redirect addresses are checked, a code works once, and bearer tokens
are given out for client credentials. `bend` changes one thing at a time in what it says:

    provider.bend = {"claims": {"nonce": "another"}}
    provider.bend = {"header": {"alg": "none"}}
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from joserfc import jws
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "micro-internships"
KEYS = [RSAKey.generate_key(2048, auto_kid=True) for _ in range(2)]  # the second is not published
PRIYA = {
    "sub": "priya.raman",
    "name": "Priya Raman",
    "email": "priya.raman@students.university.example",
    "eduperson_affiliation": ["student", "member"],
    "level": "undergraduate",
    "course": "BA History",
    "matriculated": True,
}


class Provider:
    """What it knows, whom it lets sign in next, and how it is bent."""

    def __init__(self, client_secret: str) -> None:
        self.client_secret = client_secret
        self.issuer = ""
        self.person: dict[str, Any] = PRIYA
        self.bend: dict[str, Any] = {}
        self.published = [KEYS[0]]
        self.looks_at_keys = 0
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def app(self) -> Starlette:
        """As an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._about),
                Route("/jwks", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _about(self, _: Request) -> Response:
        about = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(about | self.bend.get("about", {}))

    async def _keys(self, _: Request) -> Response:
        self.looks_at_keys += 1
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.published]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        answer |= self.bend.get("answer", {})
        kept = {name: value for name, value in answer.items() if value is not None}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(kept)}", status_code=302)

    async def _token(self, request: Request) -> Response:
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
        if not self._is_our_client(request):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if form["grant_type"] == "client_credentials":
            return JSONResponse({"access_token": self.bearer(), "token_type": "Bearer"})
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse(
            {"access_token": "opaque", "token_type": "Bearer", "id_token": self._id_token(asked)}
        )

    def _is_our_client(self, request: Request) -> bool:
        pair = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic "))
        return pair.decode().replace("%20", " ").replace("%27", "'") == (
            f"{CLIENT_ID}:{self.client_secret}"
        )

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            **self.person,
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 600,
            "nonce": asked.get("nonce"),
        }
        return self._signed(claims)

    def bearer(self, **other: Any) -> str:
        """A machine's access token."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "micro-internships",
            "sub": "importer",
            "client_id": "importer",
            "scope": "office",
            "iat": now,
            "exp": now + 600,
        }
        return self._signed(claims | other)

    def _signed(self, claims: dict[str, Any]) -> str:
        claims = claims | self.bend.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": KEYS[0].kid} | self.bend.get("header", {})
        header = {name: value for name, value in header.items() if value is not None}
        plain = json.dumps(claims)
        if header["alg"] == "none":
            return f"{_b64(json.dumps(header))}.{_b64(plain)}."
        if header["alg"] == "HS256":  # with what everyone can read: the public key
            signed = f"{_b64(json.dumps(header))}.{_b64(plain)}"
            mac = hmac.new(KEYS[0].as_pem(private=False), signed.encode(), hashlib.sha256).digest()
            return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        registry = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
        return jws.serialize_compact(
            header, plain, self.bend.get("key", KEYS[0]), registry=registry
        )


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@asynccontextmanager
async def running(provider: Provider) -> AsyncIterator[Provider]:
    """Have it listen on a free port of loopback; its address is its issuer."""
    async with listening(provider.app) as address:
        provider.issuer = address
        yield provider


@asynccontextmanager
async def listening(app: Any, *, port: int = 0) -> AsyncIterator[str]:
    """Serve an application in this test's own loop."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # pytest's own are enough
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (a flag is all that uvicorn offers)
        await asyncio.sleep(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        await serving


def query_of(address: str) -> dict[str, str]:
    """The query of an address, each name once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
