"""What a university's identity provider says about a person, and what follows from it.

Issuer and subject are taken exactly as asserted. An address never says who somebody is. Whatever is
not asserted opens nothing: "member" and "alum" are no rights.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast
from uuid import UUID

from chassis.actor import OFFICE, Role
from chassis.decision import Forbidden, Rules, uphold

LONGEST_NAME = 200
LONGEST_FACT = 120
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class UniversityIsAnother(Forbidden):
    """You signed in with an account of another university than the one these pages belong to."""


class NothingIsOpen(Forbidden):
    """Your university does not say that you study here, do research here, or work in the office. Ask the office what to do."""


class SecondFactorIsMissing(Forbidden):
    """The office signs in with a second factor. Sign in again and use it."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What this deployment believes of its provider, for one university.

    `scopes` are the domains whose scoped affiliations count, `home_organisations` the values of
    `schacHomeOrganization` that are this university's (none: not asked), `entitlements` lead to
    office roles, and `second_factors` are the values of `acr` or `amr` one of which the office must
    show (none: not asked).
    """

    university: str
    scopes: frozenset[str] = frozenset()
    home_organisations: frozenset[str] = frozenset()
    entitlements: Mapping[str, str] = field(default_factory=dict[str, str])
    second_factors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Assertion:
    """Someone who has just signed in at the provider: who, as what, with which facts."""

    person_ref: UUID
    university: str
    display_name: str
    mail_address: str | None
    roles: tuple[Role, ...]
    facts: Mapping[str, Any]


def person_ref(issuer: str, subject: str, *, key: bytes) -> UUID:
    """The person's name among us: the same each time, and nobody without the key can compute it.

    HMAC-SHA256 over the JSON array of both, cut to a UUID of version 8 (RFC 9562). As an array,
    because two strings joined could be split elsewhere.
    """
    asserted = json.dumps([issuer, subject], ensure_ascii=False, separators=(",", ":"))
    cut = int.from_bytes(hmac.new(key, asserted.encode(), hashlib.sha256).digest()[:16])
    cut = cut & ~(0xF << 76) | 0x8 << 76
    return UUID(int=cut & ~(0x3 << 62) | 0x2 << 62)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a first look judges by."""

    claims: Mapping[str, Any]
    roles: tuple[Role, ...]
    trust: Trust


def organisation_is_this_university(case: Case) -> bool:
    """Asked only where the deployment knows its organisation."""
    known = case.trust.home_organisations
    said = case.claims.get("schac_home_organization")
    return not known or said in known


def something_is_open(case: Case) -> bool:
    """No role, no sign-in."""
    return bool(case.roles)


def office_shows_a_second_factor(case: Case) -> bool:
    """Asked only where the deployment names what counts as one."""
    wanted = case.trust.second_factors
    is_office = not OFFICE.isdisjoint(case.roles)
    shown = {*_strings(case.claims.get("acr")), *_strings(case.claims.get("amr"))}
    return not (is_office and wanted) or not wanted.isdisjoint(shown)


RULES_FOR_COMING_IN: Rules[Case] = (
    (organisation_is_this_university, UniversityIsAnother),
    (something_is_open, NothingIsOpen),
    (office_shows_a_second_factor, SecondFactorIsMissing),
)


def read(claims: Mapping[str, Any], *, key: bytes, trust: Trust) -> Assertion:
    """Read what was asserted. Raises a `Forbidden` where nothing here is open to the person."""
    affiliations = _affiliations(claims, trust)
    facts = _facts(claims, affiliations)
    roles = (*_applicants(facts), *_office(claims, trust))
    uphold(RULES_FOR_COMING_IN, Case(claims, roles, trust))
    return Assertion(
        person_ref=person_ref(claims["iss"], claims["sub"], key=key),
        university=trust.university,
        display_name=_name(claims),
        mail_address=_text(claims.get("email"), 254) or None,
        roles=roles,
        facts=facts,
    )


def _affiliations(claims: Mapping[str, Any], trust: Trust) -> frozenset[str]:
    """Plain ones are the provider's own word; of the scoped, only those of this university."""
    plain = _strings(claims.get("eduperson_affiliation"))
    scoped = (
        value.rpartition("@") for value in _strings(claims.get("eduperson_scoped_affiliation"))
    )
    return frozenset({*plain, *(kind for kind, _, scope in scoped if scope in trust.scopes)})


def _facts(claims: Mapping[str, Any], affiliations: frozenset[str]) -> dict[str, Any]:
    """The facts that programmes ask about, under the names by which rule sets ask."""
    found: dict[str, Any] = {"affiliation": _affiliation(claims, affiliations)}
    for name in ("level", "school", "course", "contract_kind"):
        found[name] = _text(claims.get(name), LONGEST_FACT)
    if isinstance(claims.get("matriculated"), bool):
        found["is_matriculated"] = claims["matriculated"]
    found["contract_ends_on"] = _day(claims.get("contract_ends_on"))
    return {name: value for name, value in found.items() if value not in (None, "")}


def _affiliation(claims: Mapping[str, Any], affiliations: frozenset[str]) -> str | None:
    """Students, and research staff: of the employees those whose contract is asserted as well.

    "employee" alone is everyone whom the university pays, and opens nothing by itself.
    """
    if "student" in affiliations:
        return "student"
    has_contract = bool(_text(claims.get("contract_kind"), LONGEST_FACT))
    return "research_staff" if "employee" in affiliations and has_contract else None


def _applicants(facts: Mapping[str, Any]) -> tuple[Role, ...]:
    return (Role.APPLICANT,) if "affiliation" in facts else ()


def _office(claims: Mapping[str, Any], trust: Trust) -> tuple[Role, ...]:
    """Office roles follow from entitlements that the deployment knows, and from nothing else."""
    known = trust.entitlements
    held = {known[said] for said in _strings(claims.get("eduperson_entitlement")) if said in known}
    return tuple(role for role in Role if role in held and role in OFFICE)


def _name(claims: Mapping[str, Any]) -> str:
    parts = (claims.get("given_name"), claims.get("family_name"))
    joined = " ".join(part for part in parts if isinstance(part, str))
    return _text(claims.get("name"), LONGEST_NAME) or _text(joined, LONGEST_NAME)


def _strings(value: Any) -> tuple[str, ...]:
    """One string or a list of them; providers send both."""
    if isinstance(value, str):
        return (value,)
    values = cast(list[Any], value) if isinstance(value, list) else []
    return tuple(each for each in values if isinstance(each, str))


def _text(value: Any, most: int) -> str:
    return _UNSEEN.sub("", value).strip()[:most] if isinstance(value, str) else ""


def _day(value: Any) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None
