"""One sign-in for four services: an encrypted, signed cookie, and the token that guards its forms.

The cookie is a JWE (`dir`, A256GCM) around the time it was last seen and a JWS (Ed25519). Only the
front desk holds the signing key; every service holds the public key and the day's cookie key, so it
can advance "last seen" and cannot mint a person or a role (`security.md`, "One sign-in, one cookie").
"""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, OKPKey
from starlette.responses import Response

from chassis.actor import Actor, Role
from chassis.database import Reader, Transaction
from chassis.parts import Reaction, project
from schemas.envelope import Event
from schemas.proposals import RoleEnded, SignInEnded

COOKIE = "__Host-signin"
AUDIENCE = "micro-internships.signin"
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
REWRAP = timedelta(minutes=1)
LEEWAY = timedelta(seconds=60)
LARGEST = 4096  # bytes of a cookie; more is not ours


class NotSignedIn(Exception):
    """There is no sign-in here that holds: none, ended, too old, or not ours.

    `person_ref` is told where the cookie is ours and merely too old: whoever comes back as the same
    person gets back what they typed.
    """

    def __init__(self, person_ref: UUID | None = None) -> None:
        super().__init__()
        self.person_ref = person_ref


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the cookie says. Facts are what the identity provider asserted; no address is in it."""

    sign_in_id: str
    person_ref: UUID
    university: str
    roles: tuple[str, ...]
    name: str
    method: str  # "oidc" or "mail"
    signed_in_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def expires_at(self) -> datetime:
        """The absolute end, whatever happens in between."""
        return self.signed_in_at + ABSOLUTE

    @property
    def hash(self) -> str:
        """What events and logs may carry of the sign-in id."""
        return hashlib.sha256(self.sign_in_id.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """The deployment's secret and the front desk's public key; two public keys while one is changed."""

    secret: bytes
    public: tuple[OKPKey, ...]

    @classmethod
    def read(cls, secret: str, public_jwk: str) -> "Keys":
        """From settings: the public key is a JWK, or a list of two, as JSON."""
        given: Any = json.loads(public_jwk)
        jwks: list[Any] = given if isinstance(given, list) else [given]  # pyright: ignore[reportUnknownVariableType]
        return cls(secret.encode(), tuple(OKPKey.import_key(jwk) for jwk in jwks))

    def of_day(self, day: date) -> OctKey:
        """The cookie key of a day: derived, so that nothing need be handed round daily."""
        info = f"cookie {day.isoformat()}".encode()
        derived = HKDF(SHA256(), 32, salt=None, info=info).derive(self.secret)
        return OctKey.import_key(derived)

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose."""
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self.secret)


def mint(sign_in: SignIn, *, signing_key: OKPKey, keys: Keys, now: datetime) -> str:
    """Make the cookie's value. Only the front desk has the signing key."""
    claims = asdict(sign_in) | {
        "person_ref": str(sign_in.person_ref),
        "signed_in_at": int(sign_in.signed_in_at.timestamp()),
        "aud": AUDIENCE,
    }
    token = jws.serialize_compact(
        {"alg": "Ed25519"}, json.dumps(claims, ensure_ascii=False), signing_key, ["Ed25519"]
    )
    return wrap(token, keys=keys, now=now)


def wrap(token: str, *, keys: Keys, now: datetime) -> str:
    """Encrypt a signed sign-in with today's key, noting that it was just used."""
    today = now.date()
    seen = json.dumps([int(now.timestamp()), token])
    header = {"alg": "dir", "enc": "A256GCM", "kid": today.isoformat()}
    return jwe.encrypt_compact(header, seen, keys.of_day(today), ["dir", "A256GCM"])


@dataclass(frozen=True, slots=True)
class Opened:
    """A cookie that holds: the sign-in, and the cookie's next value where it is due for one."""

    sign_in: SignIn
    renewed: str | None


def open_cookie(value: str, *, keys: Keys, now: datetime) -> Opened:
    """Open and check a cookie. Raises `NotSignedIn` for anything that is not exactly ours and alive."""
    try:
        seen_at, token = _unwrap(value, keys=keys, now=now)
        sign_in = _verified(token, keys=keys)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, zlib.error) as bad:
        raise NotSignedIn from bad
    if now - seen_at > IDLE or now >= sign_in.expires_at or sign_in.signed_in_at > now + LEEWAY:
        raise NotSignedIn(sign_in.person_ref)
    renewed = wrap(token, keys=keys, now=now) if now - seen_at > REWRAP else None
    return Opened(sign_in, renewed)


def _unwrap(value: str, *, keys: Keys, now: datetime) -> tuple[datetime, str]:
    if len(value) > LARGEST:
        raise ValueError("too long")
    header = json.loads(_b64(value.split(".", 1)[0]))
    if set(header) != {"alg", "enc", "kid"}:  # no `zip`, no `crit`, no key brought along
        raise ValueError("unexpected header")
    day = date.fromisoformat(header["kid"])
    if day not in (now.date(), now.date() - timedelta(days=1)):
        raise ValueError("not a key of these days")
    opened = jwe.decrypt_compact(value, keys.of_day(day), ["dir", "A256GCM"])
    seen, token = json.loads(opened.plaintext or b"")
    return datetime.fromtimestamp(seen, UTC), token


def _verified(token: str, *, keys: Keys) -> SignIn:
    header = json.loads(_b64(token.split(".", 1)[0]))
    if set(header) != {"alg"}:
        raise ValueError("unexpected header")
    claims = _claims(token, keys)
    if claims.pop("aud") != AUDIENCE:
        raise ValueError("meant for another")
    claims["person_ref"] = UUID(claims["person_ref"])
    claims["roles"] = tuple(claims["roles"])
    claims["signed_in_at"] = datetime.fromtimestamp(claims["signed_in_at"], UTC)
    return SignIn(**claims)


def _claims(token: str, keys: Keys) -> dict[str, Any]:
    for key in keys.public:
        try:
            return json.loads(jws.deserialize_compact(token, key, ["Ed25519"]).payload)
        except JoseError:
            continue
    raise ValueError("not signed by the front desk")


def _b64(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def set_cookie(response: Response, value: str) -> None:
    """The one cookie of ours: until the browser closes, 30 idle minutes, or 12 hours in all."""
    response.set_cookie(COOKIE, value, path="/", secure=True, httponly=True, samesite="lax")


def clear_cookie(response: Response) -> None:
    """Take it away again."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def csrf_token(keys: Keys, sign_in: SignIn | None) -> str:
    """The token a form carries, bound to one sign-in; of a visitor, to nobody (S12).

    A visitor's forms are guarded by `Sec-Fetch-Site` and `Origin`, which are checked for all.
    """
    who = sign_in.sign_in_id if sign_in else "visitor"
    return hmac.new(keys.derived("csrf"), who.encode(), hashlib.sha256).hexdigest()


def csrf_holds(given: str, *, keys: Keys, sign_in: SignIn | None) -> bool:
    """Whether a form's token belongs to this sign-in."""
    return hmac.compare_digest(given.encode(), csrf_token(keys, sign_in).encode())


def actor_of(sign_in: SignIn, *, hosts: Mapping[UUID, str]) -> Actor:
    """The person as an actor: roles of the cookie, and those of a host from this service's copy.

    `hosts` maps a host to what the person is there: `contact` or `supervisor`. The two are kept
    apart: whoever is a contact of one organisation has no contact's rights where they supervise.
    """
    contact_of = frozenset(host for host, kind in hosts.items() if kind == "contact")
    supervises_at = frozenset(hosts) - contact_of
    known = {role.value for role in Role}
    roles = {Role(name) for name in sign_in.roles if name in known}
    if contact_of:
        roles.add(Role.HOST_CONTACT)
    if supervises_at:
        roles.add(Role.SUPERVISOR)
    return Actor(
        person_ref=sign_in.person_ref,
        university=sign_in.university,
        roles=frozenset(roles),
        name=sign_in.name,
        facts=sign_in.facts,
        hosts=contact_of,
        supervises_at=supervises_at,
        signed_in_at=sign_in.signed_in_at,
    )


async def has_ended(reader: Reader, sign_in: SignIn) -> bool:
    """Whether this sign-in was ended: itself, or everything this person had at the time."""
    return await reader.value(
        """
        SELECT EXISTS (
            SELECT FROM ended_sign_ins
             WHERE signin_hash = $1 OR (person_ref = $2 AND before_at >= $3)
        )
        """,
        sign_in.hash,
        sign_in.person_ref,
        sign_in.signed_in_at,
    )


async def note_end(tx: Transaction, ended: SignInEnded | RoleEnded) -> None:
    """Keep another service's word that a sign-in is over, for the 12 hours it could have lived."""
    signin_hash = getattr(ended, "signin_hash", None)
    await tx.execute(
        """
        INSERT INTO ended_sign_ins (signin_hash, person_ref, before_at)
        VALUES ($1, $2, clock_timestamp())
        """,
        signin_hash,
        None if signin_hash else ended.person_ref,
    )


SIGN_IN_REACTIONS: dict[type[Event], Reaction] = {
    SignInEnded: project(note_end),
    RoleEnded: project(note_end),
}
"""What every service but the front desk listens to."""
