"""A service's command line, run as an operator runs it: a process, its words, what it said."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.local.postgres import as_login
from tests import doors

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Said:
    """What came of it."""

    code: int | None
    out: str
    error: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Of one service, on a database of a test."""

    service: str
    database_url: str
    kafka_bootstrap: str = "127.0.0.1:1"  # nobody is there
    topic_prefix: str = "micro-internships"

    async def __call__(self, *words: str, within: float = 60, **environ: str) -> Said:
        """`await applications("parked", "list", OPERATOR="Rowan Quill")`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"services.{self.service}",
            *words,
            cwd=ROOT,
            env=os.environ | self.environ | environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, error = await asyncio.wait_for(process.communicate(), within)
        except TimeoutError:
            process.kill()
            raise
        return Said(process.returncode, out.decode(), error.decode())

    @property
    def environ(self) -> dict[str, str]:
        """What every service must be told, and what only some want."""
        more = {name.upper(): str(value) for name, value in doors.OWN_SETTINGS.items()}
        return more | {
            "ENVIRONMENT": "development",
            "DATABASE_URL": as_login(self.database_url, self.service),
            "OWNER_DATABASE_URL": as_login(self.database_url, f"{self.service}_owner"),
            "KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "TOPIC_PREFIX": self.topic_prefix,
            "COOKIE_SECRET": doors.COOKIE_SECRET,
            "SIGNING_PUBLIC_KEY": doors.PUBLIC_KEY,
            "OPERATOR": "",
            "COLUMNS": "200",
        }
