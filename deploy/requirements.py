"""Write `requirements/`: every package with every hash, no addresses, from `pyproject.toml` by uv.

`python -m deploy.requirements`, after a version in `pyproject.toml` was changed; the diff is read.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
GROUPS = (
    "proposals", "applications", "notifications", "expenses", "stand-ins", "local", "peers", "dev",
)  # fmt: skip
LIMIT = 300


def find_uv() -> str | None:
    """Where uv is: `UV`, the path, or beside this Python."""
    beside = Path(sys.executable).parent / "uv"
    return os.environ.get("UV") or shutil.which("uv") or (str(beside) if beside.exists() else None)


def exported(group: str, uv: str) -> str:
    """One group's file, resolved afresh: the same on every machine, lock file or none."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "pyproject.toml", folder)
        arguments = ["--only-group", group, "--no-emit-project", "--no-header", "--quiet"]
        done = subprocess.run(
            [uv, "export", *arguments, "--format", "requirements-txt"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
    if done.returncode:
        raise RuntimeError(f"uv export failed: {done.stderr}")
    return done.stdout


def main() -> None:
    """Write every file anew."""
    uv = find_uv()
    if uv is None:
        raise SystemExit("uv is not installed: pip install uv==0.13.9, or name it in UV")
    FOLDER.mkdir(exist_ok=True)
    for group in GROUPS:
        (FOLDER / f"{group}.txt").write_text(exported(group, uv))
        print(f"requirements/{group}.txt")


if __name__ == "__main__":
    main()
