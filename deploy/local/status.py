"""How the stack stands, read from what the supervisor wrote and what the system knows."""

import json
import os
import signal
import time
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local import census
from deploy.local.settings import LocalSettings
from deploy.local.stack import is_up
from deploy.local.supervisor import end_group

NOT_RUNNING = 3  # what init scripts answer


def read(settings: LocalSettings) -> dict[str, Any] | None:
    """What the last supervisor wrote, or None where there never was one."""
    try:
        state: dict[str, Any] = json.loads(settings.state_file.read_text())
    except FileNotFoundError:
        return None
    return state


def described(settings: LocalSettings) -> dict[str, Any]:
    """The stack now: phase, addresses, and each process with its uptime and memory."""
    state = read(settings)
    if state is None or not is_up(settings):
        return {"phase": "down", "addresses": {}, "processes": [], "memory": 0}
    listed = [_supervisor(state), *state["processes"]]
    held = census.memory([process["pid"] for process in listed if process["pid"]])
    processes = [_with_figures(process, held) for process in listed]
    return {
        "phase": state["phase"],
        "addresses": state["addresses"],
        "processes": processes,
        "memory": sum(process["memory"] for process in processes),
    }


def show(settings: LocalSettings, console: Console) -> int:
    """Print it as a table. 0 when all runs, 1 when something does not, 3 when the stack is down."""
    now = described(settings)
    if now["phase"] == "down":
        console.print("The stack is down. Start it with: python -m deploy.local up")
        return NOT_RUNNING
    table = Table(box=None, pad_edge=False)
    for heading in ("process", "state", "pid", "uptime", "restarts", "memory"):
        table.add_column(heading, justify="left" if heading in ("process", "state") else "right")
    for process in now["processes"]:
        table.add_row(
            process["name"],
            _state(process),
            str(process["pid"] or ""),
            _duration(process["uptime"]) if process["pid"] else "",
            str(process["restarts"]),
            f"{process['memory'] / 2**20:.0f} MiB" if process["memory"] else "",
        )
    console.print(table)
    console.print(f"The stack is {now['phase']}; memory {now['memory'] / 2**20:.0f} MiB in all.")
    for name, address in now["addresses"].items():
        console.print(f"{name}: {address}", highlight=False)
    well = now["phase"] == "up" and all(process["is_ready"] for process in now["processes"])
    return 0 if well else 1


def end_strays(settings: LocalSettings) -> list[str]:
    """End what a supervisor that was killed has left behind, and tell the names."""
    state = read(settings)
    ended: list[str] = []
    for process in [] if state is None else state["processes"]:
        if census.is_alive(process["pid"], process["born"]):
            os.kill(process["pid"], signal.SIGTERM)
            _wait_for_end(process)
            ended.append(process["name"])
        elif process["pid"] and census.memory([process["pid"]]):
            ended.append(process["name"])
        else:
            continue
        end_group(process["pid"])
    return ended


def _supervisor(state: dict[str, Any]) -> dict[str, Any]:
    """The supervisor counts as well: it has a place in the table and its share of the memory."""
    return {
        "name": "supervisor",
        "state": "running",
        "pid": state["supervisor"],
        "since": state["since"],
        "restarts": 0,
        "last_exit": None,
        "is_ready": True,
    }


def _wait_for_end(process: dict[str, Any], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while census.is_alive(process["pid"], process["born"]) and time.monotonic() < deadline:
        time.sleep(0.05)


def _with_figures(process: dict[str, Any], held: dict[int, int]) -> dict[str, Any]:
    running = process["pid"] is not None
    return {
        **process,
        "uptime": max(0.0, time.time() - process["since"]) if running else 0.0,
        "memory": held.get(process["pid"], 0) if running else 0,
    }


def _state(process: dict[str, Any]) -> str:
    if process["state"] == "running":
        return "ready" if process["is_ready"] else "starting"
    if process["state"] == "waiting":
        return f"ended with {process['last_exit']}, starts again"
    return str(process["state"])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
