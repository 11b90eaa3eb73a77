"""Keep processes running: start them in order, bring back what crashes, end all without a trace.

Each process leads a process group of its own. So Ctrl-C on the terminal reaches the supervisor
alone, and whatever a process leaves behind can be ended with it.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.census import birth, is_alive

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
SETTLED_AFTER = (
    30.0  # a process that ran this long has recovered: the next crash counts as the first
)
LOOK_EVERY = 0.1
CONFIGURATION_FAULT = 78  # EX_CONFIG of sysexits.h


class DidNotStart(Exception):
    """A process is not ready in time, or cannot be."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is to run, how one sees that it is ready, and how it wants to be ended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: Path = Path("/")
    prepare: Callable[[], None] | None = None  # before the first start, in a thread
    is_ready: Callable[[], Awaitable[bool]] | None = None  # none: ready when it runs
    stop_signal: int = signal.SIGTERM
    grace: float = 20.0


@dataclass(slots=True)
class Standing:
    """How a program fares; what `status` shows."""

    name: str
    state: str = "stopped"  # starting, running, waiting (to be started again), stopped
    pid: int | None = None
    born: str | None = None
    since: float = 0.0
    restarts: int = 0
    last_exit: int | None = None
    is_ready: bool = False


class Supervisor:
    """Runs programs until told to stop, and tells of every change."""

    def __init__(
        self,
        logs: Path,
        tell: Callable[[], None] = lambda: None,
        *,
        first_pause: float = FIRST_PAUSE,
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:
        self.logs = logs
        self.standings: dict[str, Standing] = {}
        self._tell = tell
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._programs: dict[str, Program] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._waves: list[list[str]] = []  # what was started together is ended together

    async def start(self, programs: Sequence[Program], *, within: float) -> None:
        """Start programs side by side, and return when all are ready.

        Raises `DidNotStart`, naming those that are not.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        self._waves.append([program.name for program in programs])
        for program in programs:
            self._programs[program.name] = program
            self.standings[program.name] = Standing(program.name)
            self._keepers[program.name] = asyncio.create_task(self._keep(program))
        deadline = time.monotonic() + within
        while missing := [p.name for p in programs if not self.standings[p.name].is_ready]:
            broken = [name for name in missing if self._is_hopeless(name)]
            if broken or time.monotonic() > deadline:
                raise DidNotStart(self._complaint(broken or missing))
            await asyncio.sleep(LOOK_EVERY)

    def stop_signal(self, name: str) -> signal.Signals:
        """How this program wants to be told to end."""
        return signal.Signals(self._programs[name].stop_signal)

    async def end(self, name: str) -> None:
        """End one program, and leave it ended until `begin`."""
        keeper = self._keepers[name]
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)

    def begin(self, name: str) -> None:
        """Start again what was ended alone; whether it is ready shows in its standing."""
        if self._keepers[name].done():
            self._keepers[name] = asyncio.create_task(self._keep(self._programs[name]))

    async def stop(self) -> None:
        """End everything, what was started last first; nothing is left behind."""
        for wave in reversed(self._waves):
            keepers = [self._keepers[name] for name in wave]
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
        self._waves.clear()

    async def _keep(self, program: Program) -> None:
        standing = self.standings[program.name]
        crashes = 0
        while True:
            began = time.monotonic()
            await self._run(program, standing)
            crashes = 0 if time.monotonic() - began > SETTLED_AFTER else crashes + 1
            self._set(standing, state="waiting", restarts=standing.restarts + 1, is_ready=False)
            pause = self._first_pause * 2 ** min(max(crashes - 1, 0), 10)
            await asyncio.sleep(min(pause, self._longest_pause))

    def _is_hopeless(self, name: str) -> bool:
        """Whether waiting would help nobody: it cannot be prepared, or refuses its settings."""
        return self._keepers[name].done() or self.standings[name].last_exit == CONFIGURATION_FAULT

    async def _run(self, program: Program, standing: Standing) -> None:
        """One life of a process, from its start to its end."""
        self._set(standing, state="starting", pid=None, born=None)
        if program.prepare is not None and standing.restarts == 0:
            await asyncio.to_thread(program.prepare)
        with (self.logs / f"{program.name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(program.environment),
                cwd=program.folder,
                start_new_session=True,
            )
        self._set(
            standing, state="running", pid=process.pid, born=birth(process.pid), since=time.time()
        )
        watch = asyncio.create_task(self._watch_ready(program, standing))
        try:
            code = await process.wait()
            self._set(standing, last_exit=code)
        except asyncio.CancelledError:
            await end_process(process.pid, standing.born, program.stop_signal, program.grace)
            await process.wait()
            self._set(standing, state="stopped", pid=None, is_ready=False)
            raise
        finally:
            watch.cancel()
            end_group(process.pid)

    async def _watch_ready(self, program: Program, standing: Standing) -> None:
        while program.is_ready is not None and not await program.is_ready():  # noqa: ASYNC110  asks another process
            await asyncio.sleep(LOOK_EVERY)
        self._set(standing, is_ready=True)

    def _set(self, standing: Standing, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(standing, name, value)
        self._tell()

    def _complaint(self, names: list[str]) -> str:
        return "\n".join(self._last_words(name) for name in names)

    def _last_words(self, name: str) -> str:
        keeper = self._keepers[name]
        fault = keeper.exception() if keeper.done() and not keeper.cancelled() else None
        log = self.logs / f"{name}.log"
        said = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
        code = self.standings[name].last_exit
        ended = "" if code is None else f" (ended with {code})"
        return "\n".join([f"{name} is not ready{ended}: {fault or f'see {log}'}", *said])


async def end_process(pid: int, born: str | None, stop_signal: int, grace: float) -> None:
    """Ask one process to end; insist when it does not. Its group goes with it."""
    with suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
        os.kill(pid, signal.SIGCONT)  # one that was frozen hears nothing before
        deadline = time.monotonic() + grace
        while is_alive(pid, born) and time.monotonic() < deadline:  # noqa: ASYNC110  not our child, perhaps
            await asyncio.sleep(LOOK_EVERY / 2)
    end_group(pid)


def end_group(group: int) -> None:
    """What a process has left behind ends now."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def write_state(file: Path, state: Mapping[str, Any]) -> None:
    """Whole or not at all: `status` may read at any moment."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(state))
    draft.replace(file)


def described(supervisor: Supervisor) -> list[dict[str, Any]]:
    """Every program's standing, in the order of their start."""
    return [asdict(standing) for standing in supervisor.standings.values()]
