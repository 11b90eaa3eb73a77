"""Bring a service's schema up to the code: the chassis's tables, then the service's own.

dbmate runs the plain SQL under an advisory lock, so that a second run waits and then finds nothing
to do (`bad_input[157]`). Numbers rise across both folders: a new file takes the next hundred that is
free in either. A file once released is never edited.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit, urlunsplit

from chassis.failpoints import failpoint

WITHIN = 600.0
PASSING = ("unable to connect", "connection refused", "migration lock")
"""In dbmate's words: nothing is wrong that waiting does not mend."""

ROOT = Path(__file__).resolve().parent.parent


class MigrationFailed(Exception):
    """A step was refused; what stood before it stands."""


class DatabaseAway(MigrationFailed):
    """Postgres does not answer, or another run holds the lock for too long."""


def folders(service: str) -> list[Path]:
    """Where the SQL of a service lies, in the order of its numbers."""
    return [ROOT / "chassis" / "migrations", ROOT / "services" / service / "migrations"]


def versions(service: str) -> set[str]:
    """The numbers of every step that this code brings."""
    return {
        file.name.split("_", 1)[0] for folder in folders(service) for file in folder.glob("*.sql")
    }


def newest(service: str) -> str:
    """By which this code is known in logs and on pages."""
    return max(versions(service))


def migrate(service: str, owner_dsn: str) -> str:
    """Apply what is missing, one step after the other; returns dbmate's words.

    Raises `MigrationFailed`, and `DatabaseAway` where it is only a matter of time. A run that died
    between two steps is taken up by the next one.
    """
    said = ""
    for file in _pending(service, owner_dsn):
        said += _dbmate(service, owner_dsn, "--strict", up_to=file)
        failpoint("migrate.between")
    return said or "nothing to do\n"


def _pending(service: str, owner_dsn: str) -> list[str]:
    """The files that are not applied yet, in the order of their numbers."""
    told = _dbmate(service, owner_dsn, command="status")
    return sorted(line[4:].strip() for line in told.splitlines() if line.startswith("[ ] "))


def _dbmate(
    service: str, owner_dsn: str, *more: str, command: str = "migrate", up_to: str | None = None
) -> str:
    """Run dbmate over a service's files, all of them or up to one."""
    parts = urlsplit(owner_dsn)
    query = urlencode({"sslmode": "disable", "search_path": service})
    url = urlunsplit(("postgres", parts.netloc, parts.path, parts.query or query, ""))
    with TemporaryDirectory() as folder:
        for file in (file for place in folders(service) for file in place.glob("*.sql")):
            if up_to is None or file.name <= up_to:
                Path(folder, file.name).symlink_to(file)
        arguments = [
            *(_program(), "--url", url, "--env-file", "/dev/null", "--no-dump-schema"),
            *("--migration-lock", "--migrations-dir", folder, "--wait", command, *more),
        ]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=WITHIN)
    if done.returncode:
        words = done.stderr or done.stdout
        is_away = any(each in words for each in PASSING)
        raise (DatabaseAway if is_away else MigrationFailed)(words.strip())
    return done.stdout + done.stderr


def _program() -> str:
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if not found:
        raise RuntimeError("dbmate is not installed in this environment")
    return found
