"""What a process is told from outside, judged before a port is open.

A fault ends the process with exit code 78, one line a fault, naming the key and never the value
(`bad_input[143]` to `[152]`). A dependency that is merely away is no fault: the process waits.
"""

import difflib
import os
import stat
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import Field, PostgresDsn, SecretStr, UrlConstraints, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

CONFIGURATION_FAULT = 78  # EX_CONFIG of sysexits.h
PREFIX = "MICRO_INTERNSHIPS_"
"""Our own prefix: an unknown variable that begins with it is a misspelling, and is refused."""


class IsMisconfigured(Exception):
    """Something outside answers, and is not what we were told: exit 78, like a fault in a setting."""


class Environment(StrEnum):
    """Where this process runs. Production refuses the shifted clock, failpoints and weak secrets."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


Port = Annotated[int, Field(ge=1, le=65535)]
Dsn = Annotated[PostgresDsn, UrlConstraints(allowed_schemes=["postgres", "postgresql"])]


_given: ContextVar[Mapping[str, str]] = ContextVar("given")


class _Given(EnvSettingsSource):
    """The environment as `read` has prepared it: secrets unfolded from their files, our prefix cut."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {key.lower(): value for key, value in _given.get(os.environ).items()}


class Settings(BaseSettings):
    """What all four services are told. A service's own settings are fields of its subclass.

    Secrets may be given as a file: `COOKIE_SECRET_FILE=/run/secrets/cookie` stands for
    `COOKIE_SECRET`; the file must not be readable by others.
    """

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic-settings' own names)
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first (tests), then the environment; no .env file is read unasked."""
        return init_settings, _Given(settings_cls)

    environment: Environment = Environment.PRODUCTION
    database_url: Dsn
    owner_database_url: Dsn | None = None  # the migrating login; only the `migrate` role needs it
    auditor_database_url: Dsn | None = None  # only `check --across` signs in by it
    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_tls_authority: Path | None = None
    topic_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,60}$")] = "micro-internships"
    group_instance_id: str | None = None  # only where a process keeps a stable name

    host: str = "127.0.0.1"
    port: Port = 8000
    metrics_port: Port | None = None
    failpoints: Path | None = None  # a folder that arms them: see chassis/failpoints.py
    public_url: Annotated[str, Field(pattern=r"^https?://[^/]+$")] = "http://localhost:8080"
    universities: dict[str, str] = {"localhost": "oxford"}  # host name -> slug of the university
    trusted_proxies: str = "127.0.0.1"

    cookie_secret: SecretStr  # at least 32 bytes; the day's cookie key is derived from it
    signing_public_key: str  # Ed25519, JWK as JSON: checks a cookie, cannot mint one
    issuer: str | None = None  # of bearer tokens for machines; none: machines are not let in
    audience: str = "micro-internships"

    check_every: Annotated[timedelta, Field(ge=timedelta(seconds=1))] = timedelta(minutes=5)
    topic_retention: timedelta = timedelta(days=30)
    outbox_retention: timedelta = timedelta(days=35)
    inbox_retention: timedelta = timedelta(days=60)
    backup_retention: timedelta = timedelta(days=35)

    @property
    def is_production(self) -> bool:
        """Whether development's conveniences are refused."""
        return self.environment is Environment.PRODUCTION

    @property
    def dsn(self) -> str:
        """The service's own login."""
        return str(self.database_url)

    @model_validator(mode="after")
    def _holds_together(self) -> "Settings":
        kept = max(self.topic_retention, self.outbox_retention, self.backup_retention)
        if self.inbox_retention <= kept:
            raise ValueError(
                "INBOX_RETENTION must be longer than topic, outbox and backup retention"
            )
        if len(self.cookie_secret.get_secret_value()) < 32:
            raise ValueError("COOKIE_SECRET is shorter than 32 characters")
        if self.kafka_tls_authority and not self.kafka_tls_authority.is_file():
            raise ValueError("KAFKA_TLS_AUTHORITY names a file that is not there")
        if self.failpoints and self.is_production:
            raise ValueError("FAILPOINTS is refused where ENVIRONMENT is production")
        return self


S = TypeVar("S", bound=Settings)


def read(kind: type[S], environ: Mapping[str, str] | None = None) -> S:
    """Read the settings, or end the process with one line a fault and exit code 78."""
    given = dict(os.environ if environ is None else environ)
    faults = [*_misspelt(kind, given), *_unfold_files(kind, given)]
    token = _given.set(given)
    try:
        settings = kind()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        faults += [_sentence(fault) for fault in error.errors(include_input=False)]
        settings = None
    except SettingsError as error:
        faults.append(str(error).split('"')[1].upper() + ": not the JSON this setting wants")
        settings = None
    finally:
        _given.reset(token)
    if faults or settings is None:
        _end(faults)
    return settings


def _unfold_files(kind: type[S], given: dict[str, str]) -> list[str]:
    faults: list[str] = []
    for name in kind.model_fields:
        key = name.upper()
        path = given.get(f"{key}_FILE")
        if not path:
            continue
        file = Path(path)
        if not file.is_file():
            faults.append(f"{key}_FILE: no such file")
        elif stat.S_IMODE(file.stat().st_mode) & 0o007:
            faults.append(f"{key}_FILE: readable by others; give it mode 0400")
        else:
            given[key] = file.read_text().strip()
    return faults


def _misspelt(kind: type[S], given: dict[str, str]) -> list[str]:
    """Our prefix may stand before any setting; behind it only known ones are let in."""
    known = [f"{PREFIX}{name.upper()}{end}" for name in kind.model_fields for end in ("", "_FILE")]
    faults: list[str] = []
    for key in [key for key in given if key.startswith(PREFIX)]:
        if key in known:
            given[key.removeprefix(PREFIX)] = given[key]
        else:
            near = difflib.get_close_matches(key, known, n=1)
            faults.append(
                f"{key}: no such setting" + (f"; did you mean {near[0]}?" if near else "")
            )
    return faults


def _sentence(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"]).upper()
    return f"{where}: {fault['msg']}" if where else str(fault["msg"]).removeprefix("Value error, ")


def _end(faults: list[str]) -> NoReturn:
    for fault in faults:
        print(fault, file=sys.stderr)
    raise SystemExit(CONFIGURATION_FAULT)
