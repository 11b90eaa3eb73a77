"""What the front desk is told, as its environment says it: judged before a port is open."""

import json

import pytest
from joserfc.jwk import OKPKey

from chassis import settings
from chassis.actor import Role
from services.proposals.settings import ProposalsSettings
from tests import doors

OFFICER = "urn:mace:university.example:internships:officer"
ENVIRON = {
    "ENVIRONMENT": "development",
    "DATABASE_URL": "postgres://proposals@127.0.0.1/one",
    "COOKIE_SECRET": doors.COOKIE_SECRET,
    "SIGNING_PUBLIC_KEY": doors.PUBLIC_KEY,
    "SIGNING_PRIVATE_KEY": doors.PRIVATE_KEY,
    "CONTACTS_PUBLIC_KEY": doors.OWN_SETTINGS["contacts_public_key"],
    "PERSON_KEY": doors.OWN_SETTINGS["person_key"],
    "OIDC_ISSUER": "http://localhost:8090",
    "OIDC_CLIENT_SECRET": "hush",
    "OFFICE_ENTITLEMENTS": json.dumps({"oxford": {OFFICER: "officer"}}),
    "AFFILIATION_SCOPES": json.dumps({"oxford": ["ox.ac.uk"]}),
}


def test_entitlements_and_scopes_are_read_by_university():
    read = settings.read(ProposalsSettings, ENVIRON)

    assert read.office_entitlements == {"oxford": {OFFICER: Role.OFFICER}}
    assert read.affiliation_scopes == {"oxford": frozenset({"ox.ac.uk"})}
    assert read.home_organisations == {}


@pytest.mark.parametrize(
    "bent",
    [
        {"PERSON_KEY": "a-small-one"},
        {"OIDC_CLIENT_SECRET": " "},
        {"ENVIRONMENT": "production"},  # with a provider over plain http
        {"OFFICE_ENTITLEMENTS": json.dumps({"oxford": {OFFICER: "applicant"}})},
        {"OFFICE_ENTITLEMENTS": json.dumps({"oxford": {OFFICER: "dean"}})},
        {"SIGNING_PRIVATE_KEY": json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True))},
        {"SIGNING_PRIVATE_KEY": doors.PUBLIC_KEY},
        {"SIGNING_PRIVATE_KEY": "no key at all"},
        {"CONTACTS_PUBLIC_KEY": "{}"},
        {"LINKS_PER_ADDRESS": "now and then"},
    ],
    ids=lambda bent: next(iter(bent)),
)
def test_what_would_not_be_safe_ends_the_process_without_the_value(bent, capsys):
    with pytest.raises(SystemExit) as ended:
        settings.read(ProposalsSettings, ENVIRON | bent)

    said = capsys.readouterr().err
    assert ended.value.code == 78
    assert all(len(value) < 4 or value not in said for value in bent.values())
