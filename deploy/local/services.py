"""The four services' processes: `web`, `relay` and `worker` each, and what they are told."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from chassis.migrate import migrate
from chassis.settings import Environment, Settings
from deploy.local.identity import issuer
from deploy.local.keys import Keys
from deploy.local.ports import HOST
from deploy.local.postgres import as_login, at_port
from deploy.local.probes import answers_ok
from deploy.local.settings import ROOT, LocalSettings
from deploy.local.supervisor import Program
from schemas.envelope import Service

SERVICES: tuple[Service, ...] = get_args(Service)
ROLES = ("web", "relay", "worker")
UNIVERSITY = "oxford"
ENTITLEMENTS = {  # as `people.toml` asserts them
    "urn:mace:university.example:internships:officer": "officer",
    "urn:mace:university.example:internships:programme-manager": "programme-manager",
}
OURS = (
    *("DATABASE_URL", "OWNER_DATABASE_URL", "KAFKA_BOOTSTRAP", "PORT", "HOST", "METRICS_PORT"),
    *("FAILPOINTS", "GROUP_INSTANCE_ID"),
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the services are to find: addresses and secrets."""

    settings: LocalSettings
    keys: Keys
    dsn: str  # the administrator's
    bootstrap: str
    ports: Mapping[str, int]

    @property
    def services_dsn(self) -> str:
        """Where the services find the database: perhaps by a link before it."""
        port = self.settings.postgres_link_port
        return self.dsn if port is None else at_port(self.dsn, port)

    @property
    def smtp_port(self) -> int:
        """Where the services find the mail server."""
        return self.settings.smtp_link_port or self.ports["smtp"]

    @property
    def public_url(self) -> str:
        """The one origin."""
        return f"http://localhost:{self.settings.port}"


def runnable() -> list[Service]:
    """The services that have a command line."""
    return [name for name in SERVICES if (ROOT / "services" / name / "__main__.py").exists()]


def copies(settings: LocalSettings) -> list[str]:
    """How the processes of one role are told apart, at the end of their names."""
    if settings.copies == 1:
        return [""]
    return [f"-{number}" for number in range(1, settings.copies + 1)]


def programs(around: Surroundings) -> list[Program]:
    """Three processes for each service, or as many of each as there are to be copies."""
    return [
        _program(service, role, around, copy)
        for service in runnable()
        for role in ROLES
        for copy in copies(around.settings)
    ]


def failpoints_of(process: str, settings: LocalSettings) -> Path:
    """The folder that arms one process's failpoints, alive or yet to be started again."""
    return settings.folder / "failpoints" / process


def environment(
    service: Service, role: str, around: Surroundings, copy: str = ""
) -> dict[str, str]:
    """All that one process is told. A secret goes to those alone who need it."""
    inherited = {key: value for key, value in os.environ.items() if key not in OURS}
    return {
        **inherited,
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # a tenth less memory, and these processes have few threads
        "ENVIRONMENT": "development",
        "DATABASE_URL": as_login(around.services_dsn, service),
        "OWNER_DATABASE_URL": as_login(around.services_dsn, f"{service}_owner"),
        "KAFKA_BOOTSTRAP": around.bootstrap,
        "HOST": HOST,
        "PORT": str(around.ports[f"{service}-web{copy}"]),
        "METRICS_PORT": str(around.ports[f"{service}-{role}{copy}-metrics"]),
        "PUBLIC_URL": around.public_url,
        "UNIVERSITIES": json.dumps({"localhost": UNIVERSITY}),
        "COOKIE_SECRET": around.keys.cookie_secret,
        "SIGNING_PUBLIC_KEY": around.keys.signing_public_key,
        **_own_settings(service, around),
        **_for_experiments(f"{service}-{role}{copy}", role, around.settings),
    }


def _for_experiments(process: str, role: str, settings: LocalSettings) -> dict[str, str]:
    told: dict[str, str] = {}
    if settings.failpoints:
        told["FAILPOINTS"] = str(failpoints_of(process, settings))
    if role == "worker" and settings.copies > 1 and settings.static_members:
        told["GROUP_INSTANCE_ID"] = process
    return told


def _own_settings(service: Service, around: Surroundings) -> dict[str, str]:
    if service == "proposals":
        return {
            "OIDC_ISSUER": issuer(around.settings.identity_port),
            "OIDC_CLIENT_ID": "micro-internships",
            "OIDC_CLIENT_SECRET": around.keys.client_secret,
            "OFFICE_ENTITLEMENTS": json.dumps({UNIVERSITY: ENTITLEMENTS}),
            "PERSON_KEY": around.keys.person_key,
            "SIGNING_PRIVATE_KEY": around.keys.signing_private_key,
            "CONTACTS_PUBLIC_KEY": around.keys.contacts_public_key,
        }
    if service == "notifications":
        return {
            "CONTACTS_PRIVATE_KEY": around.keys.contacts_private_key,
            "SMTP_HOST": HOST,
            "SMTP_PORT": str(around.smtp_port),
            "MAIL_FROM": "internships@university.example",
        }
    return {}


async def migrate_all(dsn: str) -> None:
    """Bring the four schemas up to this code, side by side."""
    await asyncio.gather(
        *(
            asyncio.to_thread(migrate, service, as_login(dsn, f"{service}_owner"))
            for service in SERVICES
        )
    )


async def apply_topics(around: Surroundings) -> None:
    """Make the topics of `schemas/topics.py` on the broker."""
    from chassis import topics  # here: half a second, which `status` need not wait for

    for service in SERVICES:
        settings = Settings(
            environment=Environment.DEVELOPMENT,
            database_url=as_login(around.dsn, service),  # pyright: ignore[reportArgumentType]
            kafka_bootstrap=around.bootstrap,
            cookie_secret=around.keys.cookie_secret,  # pyright: ignore[reportArgumentType]
            signing_public_key=around.keys.signing_public_key,
        )
        await topics.apply(settings, service)


def _program(service: Service, role: str, around: Surroundings, copy: str) -> Program:
    name = f"{service}-{role}{copy}"
    url = f"http://{HOST}:{around.ports[f'{service}-web{copy}']}/readyz"

    async def is_ready() -> bool:
        return await answers_ok(url)

    if around.settings.failpoints:
        failpoints_of(name, around.settings).mkdir(parents=True, exist_ok=True)
    return Program(
        name=name,
        command=(sys.executable, "-m", f"services.{service}", role),
        environment=environment(service, role, around, copy),
        folder=Path(ROOT),
        is_ready=is_ready if role == "web" else None,
    )
