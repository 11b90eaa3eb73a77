"""What the proposals service is told beside what every service is told: it is the front desk."""

from pydantic import SecretStr

from chassis.settings import Settings


class ProposalsSettings(Settings):
    """Signing people in, and sealing how to write to them."""

    signing_private_key: SecretStr  # Ed25519, JWK as JSON: signs the cookie, held here alone
    contacts_public_key: str  # JWK as JSON: contact cards are sealed to the notifications service
    person_key: SecretStr  # makes a person_ref out of the provider's subject
    oidc_issuer: str
    oidc_client_id: str = "micro-internships"
    oidc_client_secret: SecretStr
