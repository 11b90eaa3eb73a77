"""What the operating system knows of our processes: who lives, since when, and how much they hold."""

import os
import subprocess
from collections import defaultdict
from collections.abc import Iterable
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
    """Bytes resident per process group; where Linux tells it, shared pages are counted once."""
    wanted = set(groups)
    held: dict[int, int] = defaultdict(int)
    if (PROC / "self" / "smaps_rollup").exists():
        for entry in PROC.iterdir():
            if entry.name.isdigit():
                _add_resident(int(entry.name), wanted, held)
    else:
        listing = ["ps", "-A", "-o", "pgid=,rss="]
        for line in subprocess.run(listing, capture_output=True, text=True).stdout.splitlines():
            group, kilobytes = line.split()
            if int(group) in wanted:
                held[int(group)] += int(kilobytes) * 1024
    return dict(held)


def _add_resident(pid: int, wanted: set[int], held: dict[int, int]) -> None:
    try:
        group = os.getpgid(pid)
        if group in wanted:
            rows = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
            held[group] += (
                next(int(row.split()[1]) for row in rows if row.startswith("Pss:")) * 1024
            )
    except (OSError, StopIteration):  # gone meanwhile, or another user's
        return
