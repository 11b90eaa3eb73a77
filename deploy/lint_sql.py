"""Read every migration with squawk: what would lock a live table, or break yesterday's code."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_ASKED = (
    "prefer-robust-stmts",  # a migration runs once, in a transaction, under a lock
    "prefer-text-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "require-timeout-settings",
    "require-concurrent-index-creation",  # tables made in the same file are empty
    "ban-drop-table",  # the way down, which production never goes
    "ban-drop-column",
    "adding-foreign-key-constraint",
    "constraint-missing-not-valid",
)


def main() -> int:
    """Squawk's exit code."""
    files = sorted(
        [*ROOT.glob("chassis/migrations/*.sql"), *ROOT.glob("services/*/migrations/*.sql")]
    )
    beside = Path(sys.executable).parent / "squawk"
    squawk = str(beside) if beside.exists() else shutil.which("squawk") or "squawk"
    asked = ["--pg-version", "15.0", "--assume-in-transaction", f"--exclude={','.join(NOT_ASKED)}"]
    return subprocess.run(
        [squawk, *asked, *(str(f.relative_to(ROOT)) for f in files)], cwd=ROOT
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
