"""Fetch the broker's jars once, in parallel, and take none that is not the one listed.

A folder that was checked holds a `checked` file with the hash of the list, so that the second start
reads one small file instead of 45 MB.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("kafka-jars.txt")
THREADS = 8

Progress = Callable[[int, int], None]
"""Called with how many are there, and how many there must be."""


class JarsAreNotThere(Exception):
    """The broker cannot start: a jar is missing, or is not the file that was listed."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the list."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the flat folder that Java expands."""
        return f"{self.artifact}-{self.version}.jar"


def listed(text: str | None = None) -> list[Jar]:
    """The jars of `kafka-jars.txt`: `group:artifact:version sha256` on a line."""
    lines = (LIST.read_text() if text is None else text).splitlines()
    rows = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return [_jar(coordinate, sha256) for coordinate, sha256 in rows]


def fetch(folder: Path, progress: Progress | None = None) -> Path:
    """Make sure that every listed jar lies in `folder`, and return the folder.

    Raises `JarsAreNotThere`, naming the file, where one cannot be had or differs from the list.
    """
    jars = listed()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if are_there(folder):
            return folder
        with ThreadPoolExecutor(THREADS) as threads:
            waiting = [threads.submit(_bring, jar, folder) for jar in jars]
            try:
                for there, done in enumerate(as_completed(waiting), start=1):
                    done.result()
                    if progress is not None:
                        progress(there, len(jars))
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise
        _drop_strangers(jars, folder)
        (folder / "checked").write_text(_list_hash())
    return folder


def are_there(folder: Path) -> bool:
    """Whether every jar of this list was checked and is still there."""
    mark = folder / "checked"
    if not mark.exists() or mark.read_text() != _list_hash():
        return False
    return all((folder / jar.file).exists() for jar in listed())


def _jar(coordinate: str, sha256: str) -> Jar:
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, sha256)


def _bring(jar: Jar, folder: Path) -> None:
    place = folder / jar.file
    if place.exists() and _sha256(place) == jar.sha256:
        return
    download = _download(jar, folder / "repository")
    found = _sha256(download)
    if found != jar.sha256:
        download.unlink()
        raise JarsAreNotThere(
            f"{jar.file} is not the file that {LIST.name} lists: "
            f"its sha256 is {found}, expected {jar.sha256}"
        )
    os.replace(download, place)


def _download(jar: Jar, cache: Path) -> Path:
    from jgo.maven import MavenContext  # here: needed on the first run alone, and slow to import

    context = MavenContext(repo_cache=cache, timeout=60)
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        return Path(component.artifact().resolve())
    except Exception as error:
        raise JarsAreNotThere(f"{jar.file} could not be fetched: {error}") from error


def _drop_strangers(jars: list[Jar], folder: Path) -> None:
    """Java takes every jar in the folder, so one of an older version must go."""
    wanted = {jar.file for jar in jars}
    for file in folder.glob("*.jar"):
        if file.name not in wanted:
            file.unlink()


def _list_hash() -> str:
    return hashlib.sha256(LIST.read_bytes()).hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two stacks that start at once fetch once."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
