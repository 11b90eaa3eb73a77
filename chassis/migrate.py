"""Bring a service's schema up to the code: the chassis's tables, then the service's own.

dbmate runs the plain SQL under an advisory lock, so that a second run waits and then finds nothing
to do (`bad_input[157]`). Numbers rise across both folders: a new file takes the next hundred that is
free in either. A file once released is never edited.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent


def folders(service: str) -> list[Path]:
    """Where the SQL of a service lies, in the order of its numbers."""
    return [ROOT / "chassis" / "migrations", ROOT / "services" / service / "migrations"]


def newest(service: str) -> str:
    """The version a schema must have reached before the service is ready."""
    return max(
        file.name.split("_", 1)[0] for folder in folders(service) for file in folder.glob("*.sql")
    )


def _dbmate() -> str:
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if not found:
        raise RuntimeError("dbmate is not installed in this environment")
    return found


def migrate(service: str, owner_dsn: str) -> str:
    """Apply what is missing and return dbmate's words. Raises `CalledProcessError` when it fails."""
    parts = urlsplit(owner_dsn)
    query = urlencode({"sslmode": "disable", "search_path": service})
    url = urlunsplit(("postgres", parts.netloc, parts.path, parts.query or query, ""))
    arguments = [
        _dbmate(),
        "--url",
        url,
        "--env-file",
        "/dev/null",
        "--no-dump-schema",
        "--migration-lock",
    ]
    for folder in folders(service):
        arguments += ["--migrations-dir", str(folder)]
    arguments += ["--wait", "migrate", "--strict"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout + done.stderr
