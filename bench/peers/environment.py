"""Brings the peers here: Python's by hashes into an environment of their own, Java's by Maven.

`requirements/peers.txt` lists the former, `debezium/pom.xml` the latter. What cannot be had says why,
and the table repeats it.
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy import environment as environments
from deploy.local.settings import ROOT

HERE = Path(__file__).resolve().parent
PYTHON = ROOT / ".local" / "bench-peers"
JAVA = ROOT / ".local" / "bench-debezium"
DEBEZIUM = HERE / "debezium"
LIMIT = 600
OLDEST_JAVA = 17


class NotToBeHad(Exception):
    """A peer cannot be measured here; the message says why."""


def script(name: str) -> list[str]:
    """How one of the scripts beside this file is run."""
    return [str(python()), str(HERE / f"{name}.py")]


def output(name: str, *arguments: str) -> str:
    """What such a script prints."""
    return _said([*script(name), *arguments])


@functools.cache
def python() -> Path:
    """The peers' own interpreter; made once, and again when the list has changed."""
    try:
        environments.make(PYTHON, ["peers"])
    except SystemExit as error:
        raise NotToBeHad(str(error)) from error
    return PYTHON / "bin" / "python"


@functools.cache
def version(package: str) -> str:
    """Of what is installed there."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return _said([str(python()), "-c", code]).strip()


def debezium_version() -> str:
    """As the pom has it."""
    found = re.search(r"<debezium.version>(.*)</debezium.version>", _pom())
    if found is None:
        raise NotToBeHad("debezium/pom.xml names no version")
    return found[1]


def debezium(offsets: Path, headers: Sequence[str]) -> list[str]:
    """How the engine is run; built once, and again when the source has changed."""
    jars = _built()
    return [
        "java", "-Xms512m", "-Xmx512m", "-cp", f"{jars}/classes:{jars}/lib/*", "Relay",
        str(offsets), ",".join(headers),
    ]  # fmt: skip


@functools.cache
def _built() -> Path:
    if shutil.which("mvn") is None or shutil.which("javac") is None:
        raise NotToBeHad("Maven and a Java development kit are not installed")
    if _java_version() < OLDEST_JAVA:
        raise NotToBeHad(f"Java {OLDEST_JAVA} is needed, {_java_version()} is here")
    source = DEBEZIUM / "src" / "Relay.java"
    for mark, content, make in (
        (JAVA / "fetched", _pom(), _fetch),
        (JAVA / "built", _pom() + source.read_text(), _compile),
    ):
        wanted = hashlib.sha256(content.encode()).hexdigest()
        if not mark.exists() or mark.read_text() != wanted:
            make()
            mark.write_text(wanted)
    return JAVA


def _fetch() -> None:
    print("Fetching Debezium's engine with Maven …", flush=True)
    shutil.rmtree(JAVA, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={JAVA / 'lib'}"]
    _said(["mvn", "-q", "-B", "-f", str(DEBEZIUM / "pom.xml"), *goal])


def _compile() -> None:
    source, target = DEBEZIUM / "src" / "Relay.java", JAVA / "classes"
    _said(["javac", "-d", str(target), "-cp", f"{JAVA / 'lib'}/*", str(source)])


def _java_version() -> int:
    done = subprocess.run(["java", "-version"], capture_output=True, text=True)
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found else 0


def _pom() -> str:
    return (DEBEZIUM / "pom.xml").read_text()


def _said(command: Sequence[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT, env=environment, cwd=ROOT
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ["no words"]
        raise NotToBeHad(f"{Path(command[0]).name} failed: {words[-1][:200]}")
    return done.stdout


if __name__ == "__main__":
    print(python(), debezium(JAVA / "offsets", ()), file=sys.stderr)
