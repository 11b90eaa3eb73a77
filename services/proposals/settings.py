"""What the proposals service is told beside what every service is told: it is the front desk."""

import json
from collections.abc import Mapping
from typing import Annotated

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from limits import parse
from pydantic import AfterValidator, Field, SecretStr, model_validator

from chassis.actor import OFFICE, Role
from chassis.settings import Settings


def _is_of_the_office(role: Role) -> Role:
    if role not in OFFICE:
        raise ValueError("not a role of the office")
    return role


def _is_a_rate(text: str) -> str:
    try:
        parse(text)
    except ValueError:
        raise ValueError("not a rate, such as 5 per 15 minute") from None
    return text


def _is_a_pair(private: str, public: str) -> bool:
    """Whether what is signed with the one is believed by every service that holds the other."""
    try:
        given = json.loads(public)
        known = [OKPKey.import_key(jwk) for jwk in (given if isinstance(given, list) else [given])]
        ours = OKPKey.import_key(json.loads(private))
        return ours.is_private and ours.thumbprint() in {key.thumbprint() for key in known}
    except (JoseError, ValueError, TypeError, KeyError):
        return False


def _is_a_key_to_seal_to(public: str) -> bool:
    try:
        return not ECKey.import_key(json.loads(public)).is_private
    except (JoseError, ValueError, TypeError, KeyError):
        return False


OfficeRole = Annotated[Role, AfterValidator(_is_of_the_office)]
Rate = Annotated[str, AfterValidator(_is_a_rate)]


class ProposalsSettings(Settings):
    """Signing people in, and sealing how to write to them."""

    signing_private_key: SecretStr  # Ed25519, JWK as JSON: signs the cookie, held here alone
    contacts_public_key: str  # JWK as JSON: contact cards are sealed to the notifications service
    person_key: SecretStr  # makes a person_ref out of the provider's subject
    oidc_issuer: str
    oidc_client_id: str = "micro-internships"
    oidc_client_secret: SecretStr

    # What the provider's word is worth, by university (slug); see `domain/assertion.py`.
    office_entitlements: Mapping[str, Mapping[str, OfficeRole]] = Field(default_factory=dict)
    affiliation_scopes: Mapping[str, frozenset[str]] = Field(default_factory=dict)
    # Values of schacHomeOrganization that are this university's; none: not asked.
    home_organisations: Mapping[str, frozenset[str]] = Field(default_factory=dict)
    office_second_factors: frozenset[str] = frozenset()  # of `acr`, `amr`; none: not asked

    # How often links may be asked for, and sign-ins fail, before a pause: `limits` notation.
    links_per_address: Rate = "5 per 15 minute"
    links_per_ip: Rate = "60 per 15 minute"
    failed_sign_ins_per_ip: Rate = "10 per 15 minute"

    @model_validator(mode="after")
    def _signs_people_in_safely(self) -> "ProposalsSettings":
        if len(self.person_key.get_secret_value()) < 32:
            raise ValueError("PERSON_KEY is shorter than 32 characters")
        if not self.oidc_client_secret.get_secret_value().strip():
            raise ValueError("OIDC_CLIENT_SECRET is empty")
        if not _is_a_pair(self.signing_private_key.get_secret_value(), self.signing_public_key):
            raise ValueError("SIGNING_PRIVATE_KEY is no Ed25519 key of SIGNING_PUBLIC_KEY")
        if not _is_a_key_to_seal_to(self.contacts_public_key):
            raise ValueError("CONTACTS_PUBLIC_KEY is no elliptic key")
        if self.is_production and not self.oidc_issuer.startswith("https://"):
            raise ValueError("OIDC_ISSUER must be an https address")
        return self
