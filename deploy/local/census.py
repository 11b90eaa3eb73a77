"""What the operating system knows of our processes: who lives, since when, and how much they hold."""

import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


def birth(pid: int) -> str | None:
    """When this process began, or None: tells it from a later one with the same number."""
    if (PROC / "self" / "stat").exists():
        try:
            fields = (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return done.stdout.strip() or None


def is_alive(pid: int | None, born: str | None) -> bool:
    """Whether exactly that process still runs."""
    return pid is not None and born is not None and birth(pid) == born


def memory(groups: Iterable[int]) -> dict[int, int]:
    """Bytes resident per process group; where Linux tells it, shared pages are counted once.

    What a process of the group has started counts as well, though it leads a group of its own, as
    every backend of Postgres does.
    """
    wanted = set(groups)
    family = _family()
    held: dict[int, int] = defaultdict(int)
    for pid, relation in family.items():
        owner = _owner(pid, family, wanted)
        if owner is not None:
            held[owner] += _resident(pid, relation.resident)
    return dict(held)


@dataclass(frozen=True, slots=True)
class Relation:
    """Whose child a process is, and in which group; its memory where the listing tells it."""

    parent: int
    group: int
    resident: int | None


def _family() -> dict[int, Relation]:
    """Every process there is."""
    if not (PROC / "self" / "stat").exists():
        listing = ["ps", "-A", "-o", "pid=,ppid=,pgid=,rss="]
        lines = subprocess.run(listing, capture_output=True, text=True).stdout.splitlines()
        rows = [[int(field) for field in line.split()] for line in lines]
        return {pid: Relation(parent, group, 1024 * rss) for pid, parent, group, rss in rows}
    found: dict[int, Relation] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # gone meanwhile
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                found[int(entry.name)] = Relation(int(fields[1]), int(fields[2]), None)
    return found


def _owner(pid: int, family: Mapping[int, Relation], wanted: Set[int]) -> int | None:
    """The nearest of these groups that a process, or whoever started it, belongs to."""
    while (relation := family.get(pid)) is not None:
        if relation.group in wanted:
            return relation.group
        pid = relation.parent
    return None


def _resident(pid: int, listed: int | None) -> int:
    if listed is not None:
        return listed
    try:
        rows = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith("Pss:")) * 1024
    except (OSError, StopIteration):  # gone meanwhile, or another user's
        return 0
