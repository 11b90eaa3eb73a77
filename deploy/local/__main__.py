"""`python -m deploy.local up | down | status | reset | logs`: the stack without containers."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from deploy.local import jars, postgres, stack, status
from deploy.local.ports import PortIsTaken
from deploy.local.progress import steps_of
from deploy.local.settings import ROOT, LocalSettings

CONFIGURATION_FAULT = 78
CHECK_EVERY = 0.1
console = Console(soft_wrap=True, highlight=False)
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def up(
    foreground: Annotated[bool, typer.Option(help="Stay, and end everything on Ctrl-C.")] = False,
) -> None:
    """Start everything, and return when it is ready."""
    settings = _settings()
    if stack.is_up(settings):
        console.print("The stack is already up.")
        _print_addresses(settings)
        return
    _end_strays(settings)
    try:
        stack.check_ports(settings)
    except PortIsTaken as taken:
        _fail(str(taken))
    _fetch_jars(settings)
    supervisor = _spawn(settings)
    # A shell that started us in the background has SIGINT ignored, and we would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _wait_until_up(settings, supervisor)
        _print_addresses(settings)
        if foreground:
            console.print("Ctrl-C ends it.")
            supervisor.wait()
    except KeyboardInterrupt:
        console.print("Ending everything …")
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
        raise typer.Exit(130) from None


@app.command()
def down() -> None:
    """End everything; nothing is left behind."""
    settings = _settings()
    was_up = stack.is_up(settings)
    _stop(settings)
    console.print("The stack is down." if was_up else "The stack was not up.")


@app.command("status")
def show_status(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show each process: state, uptime, restarts, memory. Exit code 3 when the stack is down."""
    settings = _settings()
    if as_json:
        print(json.dumps(status.described(settings), indent=2))
        return
    raise typer.Exit(status.show(settings, console))


@app.command()
def reset() -> None:
    """End everything and forget all data; the jars stay. A server of your own is not touched."""
    settings = _settings()
    _stop(settings)
    keep = {settings.folder / "kafka" / "jars", settings.lock_file}
    for entry in (settings.folder / "kafka" / "data", *settings.folder.iterdir()):
        if entry in keep or entry == settings.folder / "kafka":
            continue
        _remove(entry)
    for place in postgres.homes(settings.folder / "postgres"):
        _remove(place)
    console.print("All data of the local stack is gone.")


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="One process, as `status` names it.")] = None,
    lines: Annotated[int, typer.Option("-n", help="How many lines of each.")] = 50,
    follow: Annotated[bool, typer.Option("-f", help="Go on printing.")] = False,
) -> None:
    """Print what the processes said."""
    settings = _settings()
    files = sorted(settings.logs.glob(f"{name or '*'}.log"))
    if not files:
        known = ", ".join(sorted(file.stem for file in settings.logs.glob("*.log")))
        _fail(f"No log of that name. There are: {known or 'none yet'}.")
    if follow:
        with suppress(KeyboardInterrupt):
            subprocess.run(["tail", "-n", str(lines), "-F", *map(str, files)], check=False)
        return
    for file in files:
        for line in file.read_text(errors="replace").splitlines()[-lines:]:
            print(f"{file.stem}: {line}" if len(files) > 1 else line)


@app.command(hidden=True)
def run() -> None:
    """The supervisor itself; `up` starts it."""
    settings = _settings()
    try:
        with stack.alone(settings):
            code = asyncio.run(stack.Stack(settings).run())
    except stack.AlreadyUp:
        _fail("Another supervisor runs this stack.")
    raise typer.Exit(code)


def _settings() -> LocalSettings:
    try:
        return LocalSettings()
    except ValidationError as error:
        for fault in error.errors(include_input=False):
            where = "_".join(str(part) for part in fault["loc"]).upper()
            print(f"LOCAL_{where}: {fault['msg']}", file=sys.stderr)
        raise typer.Exit(CONFIGURATION_FAULT) from None


def _fetch_jars(settings: LocalSettings) -> None:
    folder = settings.folder / "kafka" / "jars"
    if os.environ.get("KAFKA_BOOTSTRAP") or jars.are_there(folder):
        return
    with steps_of("Fetching Apache Kafka", len(jars.listed()), console) as tell:
        try:
            jars.fetch(folder, lambda there, _: tell(there))
        except jars.JarsAreNotThere as fault:
            _fail(str(fault))


def _spawn(settings: LocalSettings) -> "subprocess.Popen[bytes]":
    settings.logs.mkdir(parents=True, exist_ok=True)
    for file in settings.logs.glob("*.log"):
        file.unlink()
    settings.state_file.unlink(missing_ok=True)
    with (settings.logs / "supervisor.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "run"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_until_up(settings: LocalSettings, supervisor: "subprocess.Popen[bytes]") -> None:
    steps = [*stack.STEPS, "up"]
    with steps_of("Starting the stack", len(steps) - 1, console) as tell:
        while True:
            state = status.read(settings)
            phase = state["phase"] if state else ""
            if phase in steps:
                tell(steps.index(phase))
            if phase == "up":
                return
            if supervisor.poll() is not None:
                fault = (status.read(settings) or {}).get("fault")
                _fail(fault or (settings.logs / "supervisor.log").read_text())
            time.sleep(CHECK_EVERY)


def _stop(settings: LocalSettings) -> None:
    state = status.read(settings)
    if state is not None and stack.is_up(settings):
        with suppress(ProcessLookupError):
            os.kill(state["supervisor"], signal.SIGTERM)
        while stack.is_up(settings):
            time.sleep(CHECK_EVERY)
    _end_strays(settings)


def _end_strays(settings: LocalSettings) -> None:
    strays = status.end_strays(settings)
    if strays:
        console.print(f"Ended what an earlier run left behind: {', '.join(strays)}.")


def _print_addresses(settings: LocalSettings) -> None:
    for name, address in ((status.read(settings) or {}).get("addresses") or {}).items():
        console.print(f"{name}: {address}")


def _remove(entry: Any) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)


def _fail(sentence: str) -> NoReturn:
    print(sentence.rstrip(), file=sys.stderr)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
