"""A failpoint is inert until its file is there; then one process falls, once, and it is on record."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PASSING = "from chassis.failpoints import failpoint\nfor _ in range(3): failpoint('relay.read')\n"


def passing(folder: Path | None, code: str = PASSING) -> "subprocess.CompletedProcess[str]":
    told = {key: value for key, value in os.environ.items() if key != "FAILPOINTS"}
    told |= {"FAILPOINTS": str(folder)} if folder else {}
    return subprocess.run(
        [sys.executable, "-c", code], env=told, capture_output=True, text=True, timeout=30
    )


def test_nothing_armed_nothing_falls(tmp_path: Path):
    assert passing(None).returncode == 0
    assert passing(tmp_path).returncode == 0


def test_one_process_falls_once(tmp_path: Path):
    (tmp_path / "relay.read").write_text("kill")

    first, second = passing(tmp_path), passing(tmp_path)

    assert (first.returncode, second.returncode) == (-signal.SIGKILL, 0)
    assert [path.name.rpartition(".")[0] for path in tmp_path.iterdir()] == ["relay.read"]


def test_a_process_may_hesitate_instead(tmp_path: Path):
    (tmp_path / "relay.read").write_text("sleep 0.4")
    began = time.monotonic()

    assert passing(tmp_path).returncode == 0
    assert time.monotonic() - began >= 0.4


def test_another_ones_file_is_left_alone(tmp_path: Path):
    (tmp_path / "relay.marked").touch()

    assert passing(tmp_path).returncode == 0
    assert (tmp_path / "relay.marked").exists()


def test_a_name_that_is_in_no_list_is_our_fault(tmp_path: Path):
    done = passing(tmp_path, PASSING.replace("relay.read", "relay.wrote"))

    assert done.returncode == 1
    assert "no such failpoint: relay.wrote" in done.stderr


@pytest.mark.parametrize(("environment", "code"), [("production", 78), ("development", 0)])
def test_production_refuses_them(tmp_path: Path, environment: str, code: int):
    told = {
        **os.environ,
        "ENVIRONMENT": environment,
        "FAILPOINTS": str(tmp_path),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "COOKIE_SECRET": "not a secret, but long enough for one",
        "SIGNING_PUBLIC_KEY": "{}",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from chassis import settings\nsettings.read(settings.Settings)"],
        env=told, capture_output=True, text=True, timeout=30,
    )  # fmt: skip

    assert done.returncode == code
    assert ("FAILPOINTS is refused" in done.stderr) == (environment == "production")
