"""The tree as git knows it, and a copy of it in which a test may plant what the house must refuse."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("proposals", "applications", "notifications", "expenses")
CODE = ("schemas", "chassis", "services", "deploy")


def files(*patterns: str) -> list[Path]:
    """Files in the tree: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def copy_to(folder: Path) -> Path:
    """The code alone, for planting."""
    for name in CODE:
        ignore = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder
