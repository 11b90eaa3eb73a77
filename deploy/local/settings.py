"""Where the local stack listens and keeps its state: `LOCAL_…` in the environment."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent.parent


class LocalSettings(BaseSettings):
    """Ports without a value are free ones, kept from one start to the next."""

    model_config = SettingsConfigDict(env_prefix="LOCAL_", env_ignore_empty=True, extra="ignore")

    port: int = Field(default=8080, ge=1, le=65535)  # the front door
    identity_port: int = Field(default=8090, ge=1, le=65535)  # stands in the issuer's name
    mail_port: int = Field(default=8025, ge=1, le=65535)  # the page that shows mails
    smtp_port: int | None = Field(default=None, ge=1, le=65535)
    postgres_port: int | None = Field(default=None, ge=1, le=65535)
    kafka_port: int | None = Field(default=None, ge=1, le=65535)

    # Whole: the database's processes start in a directory of their own.
    folder: Annotated[Path, AfterValidator(Path.absolute)] = ROOT / ".local"
    start_seconds: float = Field(default=120, gt=0)  # how long `up` waits until all is ready

    # For experiments: what production has, and ways to break it.
    copies: int = Field(default=1, ge=1, le=9)  # of each service's web, relay and worker
    brokers: Literal[1, 3] = 1  # three keep every record three times, and lose one without a stop
    safe: bool = False  # Postgres waits for the disk, as it does in production
    failpoints: bool = False  # a folder for each process: see chassis/failpoints.py
    static_members: bool = True  # where there are copies, workers keep their place in the group
    longest_pause: float = Field(default=15, ge=0)  # seconds before a process starts again
    # Where services are to find the servers, when something stands before them that fails on purpose.
    postgres_link_port: int | None = Field(default=None, ge=1, le=65535)
    kafka_link_port: int | None = Field(default=None, ge=1, le=65535)  # with one broker alone
    smtp_link_port: int | None = Field(default=None, ge=1, le=65535)

    @model_validator(mode="after")
    def _holds_together(self) -> "LocalSettings":
        if self.kafka_link_port is not None and self.brokers > 1:
            raise ValueError("KAFKA_LINK_PORT stands before one broker: BROKERS must be 1")
        return self

    @property
    def logs(self) -> Path:
        """What each process says, one file each."""
        return self.folder / "logs"

    @property
    def state_file(self) -> Path:
        """What runs now, written by the supervisor at every change."""
        return self.folder / "state.json"

    @property
    def lock_file(self) -> Path:
        """Locked for as long as a supervisor lives."""
        return self.folder / "supervisor.lock"
