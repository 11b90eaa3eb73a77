"""What the local stack tells the services' processes."""

import json

import pytest

from chassis.settings import Settings
from deploy.local import identity, services
from deploy.local.keys import keys_in
from deploy.local.services import ROLES, SERVICES, Surroundings
from deploy.local.settings import LocalSettings
from services.proposals.settings import ProposalsSettings

SECRETS = {
    "signing_private_key": {"proposals"},
    "person_key": {"proposals"},
    "client_secret": {"proposals"},
    "contacts_private_key": {"notifications"},
    "cookie_secret": set(SERVICES),
}


@pytest.fixture
def around(tmp_path):
    names = [f"{service}-{role}-metrics" for service in SERVICES for role in ROLES]
    names += ["smtp", *(f"{service}-web" for service in SERVICES)]
    return Surroundings(
        settings=LocalSettings(folder=tmp_path),
        keys=keys_in(tmp_path / "secrets"),
        dsn="postgres://postgres@127.0.0.1:5432/postgres",
        bootstrap="127.0.0.1:9092",
        ports={name: 20_000 + number for number, name in enumerate(names)},
    )


@pytest.mark.parametrize("secret", SECRETS)
def test_secret_goes_to_those_alone_who_need_it(around, secret):
    value = getattr(around.keys, secret)

    told = {
        service
        for service in SERVICES
        if value in services.environment(service, "web", around).values()
    }

    assert told == SECRETS[secret]


@pytest.mark.parametrize("service", SERVICES)
def test_service_signs_in_with_its_own_login(around, service, monkeypatch):
    for name, value in services.environment(service, "web", around).items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.dsn == f"postgres://{service}@127.0.0.1:5432/postgres"
    assert str(settings.owner_database_url) == f"postgres://{service}_owner@127.0.0.1:5432/postgres"
    assert settings.port == around.ports[f"{service}-web"]
    assert not settings.is_production


def test_front_desk_knows_every_entitlement_that_the_provider_asserts(around, monkeypatch):
    for name, value in services.environment("proposals", "web", around).items():
        monkeypatch.setenv(name, value)
    asserted = {
        entitlement
        for person in identity.people()
        for entitlement in person.get("eduperson_entitlement", [])
    }

    known = ProposalsSettings().office_entitlements

    assert set(known["oxford"]) == asserted


def test_no_two_processes_share_a_port(around):
    told = [services.environment(service, role, around) for service in SERVICES for role in ROLES]
    ports = {told["METRICS_PORT"] for told in told} | {told["PORT"] for told in told}

    assert len(ports) == len(SERVICES) * len(ROLES) + len(SERVICES)


def test_ports_and_addresses_of_the_caller_are_not_handed_on(around, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://admin:secret@elsewhere/all")

    told = services.environment("expenses", "web", around)

    assert json.dumps(told).count("elsewhere") == 0
