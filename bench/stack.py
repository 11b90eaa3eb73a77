"""The local stack, as it is measured: fsync on, a folder of its own, and enough students.

`python -m bench.stack` is its supervisor; `LOCAL_…` in the environment says where it runs.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.local import jars, kafka, postgres, stack, status
from deploy.local.ports import free_port
from deploy.local.settings import ROOT, LocalSettings
from deploy.local.supervisor import Program

FOLDER = ROOT / ".local" / "bench"
JARS = ROOT / ".local" / "kafka" / "jars"  # the local stack's: fetched once
GIVEN = ("DATABASE_URL", "KAFKA_BOOTSTRAP")  # what is measured is what we start
STUDENTS = "people.toml"


class DidNotRise(Exception):
    """The stack is not up; the message says why."""


class MeasuredStack(stack.Stack):
    """`deploy.local`'s stack; Postgres keeps what it has promised through a power cut."""

    def _postgres(self) -> postgres.Server:
        return replace(super()._postgres(), safe=True)

    def _kafka(self) -> dict[str, kafka.Broker]:
        brokers = super()._kafka()
        return {name: replace(broker, jars=JARS) for name, broker in brokers.items()}

    def _identity_program(self) -> Program:
        program = super()._identity_program()
        return replace(program, command=(*program.command, str(self.settings.folder / STUDENTS)))


def students(count: int) -> list[dict[str, Any]]:
    """As the identity provider knows them; all are invented."""
    return [
        {
            "sub": f"student.{number:04}",
            "name": f"Student Number {number}",
            "email": f"student.{number:04}@students.university.example",
            "eduperson_affiliation": ["student", "member"],
            "level": "undergraduate",
            "course": "BA History",
            "matriculated": True,
        }
        for number in range(1, count + 1)
    ]


@contextmanager
def risen(known: list[dict[str, Any]]) -> Iterator[LocalSettings]:
    """A fresh stack, up; it is ended at the end, whatever happened."""
    settings = LocalSettings(
        port=free_port(), identity_port=free_port(), mail_port=free_port(), folder=FOLDER
    )
    _end_earlier(settings)
    _forget(settings)
    jars.fetch(JARS)
    settings.logs.mkdir(parents=True)
    (FOLDER / STUDENTS).write_text(_as_toml(known))
    supervisor = _spawn(settings)
    try:
        _wait(settings, supervisor)
        yield settings
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()


def inner_ports(settings: LocalSettings) -> dict[str, int]:
    """Where each process listens behind the front door."""
    import json

    found: dict[str, int] = json.loads((settings.folder / "ports.json").read_text())
    return found


def _spawn(settings: LocalSettings) -> "subprocess.Popen[bytes]":
    told = {
        "LOCAL_PORT": settings.port,
        "LOCAL_IDENTITY_PORT": settings.identity_port,
        "LOCAL_MAIL_PORT": settings.mail_port,
        "LOCAL_FOLDER": settings.folder,
    }
    inherited = {key: value for key, value in os.environ.items() if key not in GIVEN}
    with (settings.logs / "supervisor.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "bench.stack"],
            cwd=ROOT,
            env=inherited | {key: str(value) for key, value in told.items()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait(settings: LocalSettings, supervisor: "subprocess.Popen[bytes]") -> None:
    while (status.read(settings) or {}).get("phase") != "up":
        if supervisor.poll() is not None:
            fault = (status.read(settings) or {}).get("fault")
            raise DidNotRise(fault or (settings.logs / "supervisor.log").read_text())
        time.sleep(0.1)


def _end_earlier(settings: LocalSettings) -> None:
    """What a run that was cut off has left."""
    state = status.read(settings)
    if state is not None and stack.is_up(settings):
        with suppress(ProcessLookupError):
            os.kill(state["supervisor"], signal.SIGTERM)
        while stack.is_up(settings):
            time.sleep(0.1)
    status.end_strays(settings)


def _forget(settings: LocalSettings) -> None:
    for place in (settings.folder, *postgres.homes(settings.folder / "postgres")):
        shutil.rmtree(place, ignore_errors=True)
    Path(settings.folder).mkdir(parents=True)


def _as_toml(known: list[dict[str, Any]]) -> str:
    return "\n".join(
        "[[students]]\n" + "\n".join(f"{name} = {_value(value)}" for name, value in each.items())
        for each in known
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str([str(each) for each in value]) if isinstance(value, list) else f'"{value}"'


def main() -> int:
    """Run until told to stop."""
    settings = LocalSettings()
    with stack.alone(settings):
        return asyncio.run(MeasuredStack(settings).run())


if __name__ == "__main__":
    sys.exit(main())
