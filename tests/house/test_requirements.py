"""`requirements/` is what `pyproject.toml` says, and each service lives on its own list alone."""

import os
import re
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from deploy import requirements
from deploy.requirements import FOLDER, GROUPS, ROOT

SERVICES = GROUPS[:4]
UV = "uv==0.13.9"


@cache
def uv() -> str | None:
    """uv where it is found, else from the package index into an environment of its own."""
    found = requirements.find_uv()
    if found:
        return found
    folder = Path(mkdtemp(prefix="uv-"))
    venv.create(folder, with_pip=True)
    install = [str(folder / "bin" / "pip"), "install", "--quiet", UV]
    done = subprocess.run(install, capture_output=True, timeout=300)
    return None if done.returncode else str(folder / "bin" / "uv")


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_list_is_what_an_export_gives_again(group):
    """The same packages, and those we name in the same versions: others may have had a release."""
    program = uv()
    if program is None:
        pytest.skip("uv is neither installed nor to be had from the package index")
    named = set(re.findall(r'"([\w-]+)[^"=]*==', (ROOT / "pyproject.toml").read_text()))

    fresh = versions(requirements.exported(group, program))
    kept = versions((FOLDER / f"{group}.txt").read_text())

    assert fresh.keys() == kept.keys()
    assert {n: v for n, v in fresh.items() if n in named} == {
        n: v for n, v in kept.items() if n in named
    }


def versions(text: str) -> dict[str, str]:
    """Package and version, line by line."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("group", GROUPS)
def test_list_pins_every_package_with_its_hashes_and_names_no_address(group):
    lines = (FOLDER / f"{group}.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]

    assert packages
    assert [line for line in packages if "==" not in line or not line.endswith("\\")] == []
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_service_is_imported_where_only_its_own_list_is_installed(service, tmp_path):
    """A service that leans on its neighbour's dependency fails here."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "environment.py"), str(tmp_path / "env"), service],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, **({"UV": found} if (found := uv()) else {})},
    )
    assert made.returncode == 0, made.stderr

    imported = subprocess.run(
        [str(tmp_path / "env" / "bin" / "python"), "-c", f"import services.{service}.main"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (imported.returncode, imported.stderr) == (0, "")
