"""The demo, whole: every number it counts is the one that follows from what it did."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.ports import free_port
from deploy.local.settings import ROOT
from tests.servers import GIVEN, JARS


@pytest.mark.slow
def test_demo_finds_every_number_that_it_expects():
    with tempfile.TemporaryDirectory(prefix="micro-internships-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the unprivileged user that Postgres runs as
        (folder / "kafka").mkdir()
        (folder / "kafka" / "jars").symlink_to(jars.fetch(JARS))
        ports = {
            f"LOCAL_{name}": str(free_port()) for name in ("PORT", "IDENTITY_PORT", "MAIL_PORT")
        }
        inherited = {key: value for key, value in os.environ.items() if key not in GIVEN}

        demo = subprocess.run(
            [sys.executable, "-m", "deploy.demo", "--no-keep"],
            cwd=ROOT,
            env={**inherited, **ports, "LOCAL_FOLDER": str(folder)},
            capture_output=True,
            text=True,
            timeout=540,
        )

    said = [line for line in demo.stdout.splitlines() if "differs" in line or "Wrong:" in line]
    assert (demo.returncode, said) == (0, []), demo.stdout + demo.stderr
    assert "placements    completed" in demo.stdout
    assert "The stack is down." in demo.stdout
