"""`up`, `status`, a crash, `down`: the real stack in a folder of the test's own."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from deploy.local import census, jars, stack
from deploy.local.ports import free_port, is_open
from deploy.local.settings import ROOT, LocalSettings
from tests.servers import JARS

GIVEN = ("DATABASE_URL", "KAFKA_BOOTSTRAP")


class Commands:
    """The command line, with settings of its own."""

    def __init__(self, folder):
        self.folder = folder
        ports = {name: str(free_port()) for name in ("PORT", "IDENTITY_PORT", "MAIL_PORT")}
        self.environment = {
            **{key: value for key, value in os.environ.items() if key not in GIVEN},
            **{f"LOCAL_{name}": port for name, port in ports.items()},
            "LOCAL_FOLDER": str(folder),
        }

    def __call__(self, *arguments, **more):
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", *arguments],
            cwd=ROOT,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=180,
        )

    def status(self):
        return json.loads(self("status", "--json").stdout)

    def process(self, name):
        return next(p for p in self.status()["processes"] if p["name"] == name)

    def strays(self):
        """Every process of this stack that lives."""
        state = json.loads((self.folder / "state.json").read_text())
        alive = [p["name"] for p in state["processes"] if census.is_alive(p["pid"], p["born"])]
        ports = json.loads((self.folder / "ports.json").read_text())
        return alive + [name for name, port in ports.items() if is_open(port)]


@pytest.fixture(scope="module")
def folder():
    """Open to the unprivileged user that Postgres runs as, with the jars that are there already."""
    with tempfile.TemporaryDirectory(prefix="micro-internships-stack-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "kafka").mkdir()
        (folder / "kafka" / "jars").symlink_to(jars.fetch(JARS))
        yield folder


@pytest.fixture
def local(folder):
    commands = Commands(folder)
    yield commands
    commands("down")


def test_stack_comes_up_heals_and_goes_down_without_a_trace(local):
    up = local("up")
    assert up.returncode == 0, up.stderr
    assert f"http://localhost:{local.environment['LOCAL_PORT']}" in up.stdout

    now = local.status()
    assert now["phase"] == "up"
    assert {"postgres", "kafka", "mail", "identity", "caddy"} <= {
        p["name"] for p in now["processes"]
    }
    assert all(p["is_ready"] and p["memory"] > 2**20 for p in now["processes"])
    assert local("status").returncode == 0

    again = local("up")
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "The stack is already up.")

    first = local.process("mail")["pid"]
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while (healed := local.process("mail"))["pid"] in (first, None) or not healed["is_ready"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert (healed["restarts"], healed["last_exit"]) == (1, -signal.SIGKILL)

    down = local("down")
    assert (down.returncode, down.stdout.strip()) == (0, "The stack is down.")
    assert local.strays() == []
    assert local("status").returncode == 3
    assert local("down").stdout.strip() == "The stack was not up."


def test_data_outlives_a_killed_supervisor_and_not_a_reset(local):
    secret = local.folder / "secrets" / "cookie-secret"
    before = secret.read_text() if secret.exists() else None
    assert local("up").returncode == 0
    assert before in (None, secret.read_text())
    state = json.loads((local.folder / "state.json").read_text())

    os.kill(state["supervisor"], signal.SIGKILL)
    down = local("down")

    assert "Ended what an earlier run left behind" in down.stdout
    assert local.strays() == []
    assert secret.exists()

    reset = local("reset")

    assert reset.returncode == 0, reset.stderr
    left = sorted(entry.name for entry in local.folder.iterdir())
    assert left == ["kafka", "supervisor.lock"]
    assert [entry.name for entry in (local.folder / "kafka").iterdir()] == ["jars"]


def test_taken_port_is_named_with_the_setting_that_moves_it(local):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        up = local("up", LOCAL_PORT=str(port))

    assert up.returncode == 1
    assert up.stderr.strip() == f"Port {port} is taken: choose another by LOCAL_PORT."


def test_setting_that_makes_no_sense_is_named(local):
    up = local("up", LOCAL_PORT="eighty")

    assert up.returncode == 78
    assert up.stderr.startswith("LOCAL_PORT: ")


def test_interrupt_ends_a_stack_in_the_foreground_on_servers_that_are_given(
    local, database_url, kafka_bootstrap
):
    given = {"DATABASE_URL": database_url, "KAFKA_BOOTSTRAP": kafka_bootstrap}
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.local", "up", "--foreground"],
        cwd=ROOT,
        env={**local.environment, **given},
        stdout=subprocess.PIPE,
        text=True,
    )
    while "Ctrl-C ends it." not in process.stdout.readline():
        assert process.poll() is None
    now = local.status()
    assert {"postgres", "kafka"}.isdisjoint(p["name"] for p in now["processes"])
    assert now["addresses"]["database"] == database_url
    assert now["addresses"]["kafka"] == kafka_bootstrap
    mails = f"http://localhost:{local.environment['LOCAL_MAIL_PORT']}/messages.json"
    assert urllib.request.urlopen(mails, timeout=5).read() == b"[]"

    process.send_signal(signal.SIGINT)

    assert process.wait(150) == 130  # a worker may finish what it has in hand, 30 s at most
    process.stdout.close()
    assert local.strays() == []


def test_one_who_looks_is_not_taken_for_a_stack_that_runs(tmp_path):
    settings = LocalSettings(folder=tmp_path)
    assert not stack.is_up(settings)
    settings.lock_file.touch()

    with settings.lock_file.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert not stack.is_up(settings)
    with stack.alone(settings):
        assert stack.is_up(settings)
        with pytest.raises(stack.AlreadyUp), stack.alone(settings, patience=0.1):
            pass

    assert not stack.is_up(settings)


def test_settings_are_read_from_the_environment_alone(monkeypatch):
    monkeypatch.setenv("LOCAL_PORT", "8081")
    monkeypatch.delenv("LOCAL_FOLDER", raising=False)

    settings = LocalSettings()

    assert (settings.port, settings.folder) == (8081, ROOT / ".local")
