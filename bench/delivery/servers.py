"""A Postgres and a Kafka of the measuring's own, and every other process that it starts.

Each process stands in a file while it lives, so that a run which was cut off in the middle is
tidied up by the next.
"""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local import jars, kafka, postgres
from deploy.local.ports import free_port
from deploy.local.settings import ROOT

FOLDER = ROOT / ".local" / "bench-delivery"
JARS = ROOT / ".local" / "kafka" / "jars"  # the local stack's: fetched once
STARTED = FOLDER / "started.json"
READY = b"ready"
READY_WITHIN = 60.0
END_WITHIN = 20.0

POSTGRES = {
    "fsync": "on",
    "wal_level": "logical",  # one of the peers reads the log
    "track_commit_timestamp": "on",  # tells when a transaction was committed, by one clock
    "max_wal_size": "4GB",  # so that no checkpoint falls into one contestant's turn
    "checkpoint_timeout": "30min",
    "shared_buffers": "256MB",
}
"""Beyond what the local stack sets; the same for every contestant."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the two listen."""

    dsn: str  # the administrator's
    bootstrap: str


@contextmanager
def risen() -> Iterator[Servers]:
    """Both, fresh; they are ended at the end, whatever happened."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("Delivery is being measured here already.") from None
        yield from _risen()


def _risen() -> Iterator[Servers]:
    end_earlier()
    data = postgres.a_home_for(FOLDER / "postgres")
    for place in (FOLDER / "kafka", *postgres.homes(FOLDER / "postgres")):
        shutil.rmtree(place, ignore_errors=True)
    jars.fetch(JARS)
    server = postgres.Server(data, free_port(), safe=True)
    broker = kafka.Broker(JARS, FOLDER / "kafka", free_port(), free_port())
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes.append(_start_postgres(server))
        processes.append(kafka.start(broker, FOLDER / "kafka.log"))
        note_started(processes[-1].pid)
        yield Servers(server.dsn, broker.bootstrap)
    finally:
        for process in reversed(processes):
            _end(process)


def _start_postgres(server: postgres.Server) -> "subprocess.Popen[bytes]":
    postgres.prepare(server)
    words = [word for name, value in POSTGRES.items() for word in ("-c", f"{name}={value}")]
    with (FOLDER / "postgres.log").open("ab") as log:
        process = subprocess.Popen(
            [*postgres.command(server), *words],
            stdout=log, stderr=log, start_new_session=True, cwd="/",
        )  # fmt: skip
    note_started(process.pid)
    ready = [str(postgres.binaries() / "pg_isready"), "-q", "-h", "127.0.0.1"]
    for _ in range(600):
        if subprocess.run([*ready, "-p", str(server.port)]).returncode == 0:
            return process
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    _end(process)
    raise RuntimeError(f"Postgres did not take connections; see {FOLDER / 'postgres.log'}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)  # Postgres: fast; Kafka: orderly
    try:
        process.wait(END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class DidNotStart(RuntimeError):
    """A contestant's process ended, or did not say that it is ready."""


@dataclass
class Running:
    """A process that takes part, and what it has used."""

    pid: int
    log: Path
    began: float = 0.0

    @property
    def cpu_seconds(self) -> float:
        """Of all its threads, since it was ready."""
        return cpu_seconds(self.pid) - self.began


@asynccontextmanager
async def process(
    command: Sequence[str], environment: Mapping[str, str], *, name: str
) -> AsyncIterator[Running]:
    """A process that prints `ready` when it has met its servers; stopped in good order."""
    log = FOLDER / f"{name}.log"
    with log.open("ab") as output:
        started = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        )
    note_started(started.pid)
    try:
        await _until_ready(started, log)
        running = Running(started.pid, log, cpu_seconds(started.pid))
        yield running
        if started.returncode is not None:
            raise DidNotStart(f"{name} ended with {started.returncode}; see {log}")
    finally:
        with suppress(ProcessLookupError):
            started.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(started.wait(), END_WITHIN)
        except TimeoutError:
            started.kill()
            await started.wait()


async def _until_ready(started: asyncio.subprocess.Process, log: Path) -> None:
    output = started.stdout
    assert output is not None
    try:
        async with asyncio.timeout(READY_WITHIN):
            while line := await output.readline():
                if line.strip() == READY:
                    return
    except TimeoutError:
        pass
    raise DidNotStart(f"not ready within {READY_WITHIN:g} s; see {log}")


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def note_started(pid: int) -> None:
    """Remember a process and when the kernel says it began: numbers are used again."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    known = json.loads(STARTED.read_text()) if STARTED.exists() else {}
    alive = {one: since for one, since in known.items() if _began(int(one)) == since}
    STARTED.write_text(json.dumps({**alive, str(pid): _began(pid)}))


def end_earlier() -> None:
    """End what a run that was cut off has left running, and nothing else."""
    known = json.loads(STARTED.read_text()) if STARTED.exists() else {}
    for pid, since in known.items():
        if since is not None and _began(int(pid)) == since:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    STARTED.unlink(missing_ok=True)


def _began(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(") ")[2].split()[19]
