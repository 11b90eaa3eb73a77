"""The whole stack: what is started in which order, on which ports, and what is told about it."""

import asyncio
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.local import identity, jars, kafka, postgres, services
from deploy.local.keys import keys_in
from deploy.local.ports import HOST, free_port, is_free, must_be_free
from deploy.local.probes import answers_ok, listens
from deploy.local.services import ROLES, SERVICES, Surroundings
from deploy.local.settings import ROOT, LocalSettings
from deploy.local.supervisor import Program, Supervisor, described, write_state

CADDYFILE = ROOT / "deploy" / "caddy" / "Caddyfile"
STEPS = ("servers", "schemas and topics", "services", "the front door")


class AlreadyUp(Exception):
    """Another supervisor runs this stack."""


@contextmanager
def alone(settings: LocalSettings, *, patience: float = 2.0) -> Iterator[None]:
    """Hold the stack's lock for as long as this process lives. Raises `AlreadyUp`.

    Whoever merely looks holds it shared for an instant, so one tries for a moment.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    with settings.lock_file.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise AlreadyUp from error
                time.sleep(0.02)
        yield


def is_up(settings: LocalSettings) -> bool:
    """Whether a supervisor holds the lock."""
    try:
        with settings.lock_file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def check_ports(settings: LocalSettings) -> None:
    """Raises `PortIsTaken`, naming the setting, where a port that people type is not free."""
    must_be_free(settings.port, "LOCAL_PORT")
    must_be_free(settings.identity_port, "LOCAL_IDENTITY_PORT")
    must_be_free(settings.mail_port, "LOCAL_MAIL_PORT")
    for name in ("smtp", "postgres", "kafka"):
        chosen = getattr(settings, f"{name}_port")
        if chosen is not None:
            must_be_free(chosen, f"LOCAL_{name.upper()}_PORT")


def choose_ports(settings: LocalSettings) -> dict[str, int]:
    """Every inner port: the one asked for, else last time's where it is free, else any free one."""
    file = settings.folder / "ports.json"
    kept: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    chosen: dict[str, int] = {}
    for name in names_of_ports(settings):
        wish = getattr(settings, f"{name}_port", None) or kept.get(name)
        unused = wish is not None and wish not in chosen.values() and is_free(wish)
        chosen[name] = wish if wish is not None and unused else free_port()
    file.write_text(json.dumps(chosen))
    return chosen


def names_of_ports(settings: LocalSettings) -> list[str]:
    """What each inner port is for."""
    names = ["smtp", "postgres"]
    for broker in _brokers(settings):
        names += [broker, f"{broker}-controller", f"{broker}-peers"]
    for service in SERVICES:
        for copy in services.copies(settings):
            names.append(f"{service}-web{copy}")
            names += [f"{service}-{role}{copy}-metrics" for role in ROLES]
    return names


def _brokers(settings: LocalSettings) -> list[str]:
    if settings.brokers == 1:
        return ["kafka"]
    return [f"kafka-{number}" for number in range(1, settings.brokers + 1)]


class Stack:
    """One run of the stack, from the first process to the last."""

    def __init__(
        self, settings: LocalSettings, *, environment: Mapping[str, str] = os.environ
    ) -> None:
        self.settings = settings
        self.phase = "starting"
        self.since = time.time()
        self.fault: str | None = None
        self.ports = choose_ports(settings)
        self.supervisor = Supervisor(settings.logs, self.tell, longest_pause=settings.longest_pause)
        given_database = environment.get("DATABASE_URL")
        given_kafka = environment.get("KAFKA_BOOTSTRAP")
        self.server = None if given_database else self._postgres()
        self.brokers = {} if given_kafka else self._kafka()
        self.around = Surroundings(
            settings=settings,
            keys=keys_in(settings.folder / "secrets"),
            dsn=given_database or (self.server.dsn if self.server else ""),
            bootstrap=given_kafka or self._bootstrap(),
            ports=self.ports,
        )

    async def run(self) -> int:
        """Bring everything up, keep it up, and end it when told to. Returns the exit code."""
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        rising = asyncio.create_task(self.rise())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({rising, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if rising.done():
                rising.result()
                await stopping
        except Exception as error:  # told to whoever waits for `up`, whatever it is
            self.fault = str(error) or type(error).__name__
        finally:
            rising.cancel()
            await asyncio.gather(rising, return_exceptions=True)
            await self.fall()
        return 0 if self.fault is None else 1

    async def fall(self) -> None:
        """End every process, what was started last first."""
        self._enter("stopping" if self.fault is None else "failed")
        await self.supervisor.stop()
        self._enter("down" if self.fault is None else "failed")

    def tell(self) -> None:
        """Write down how things stand."""
        state = {
            "supervisor": os.getpid(),
            "since": self.since,
            "phase": self.phase,
            "fault": self.fault,
            "addresses": self.addresses(),
            "processes": described(self.supervisor),
        }
        write_state(self.settings.state_file, state)

    def addresses(self) -> dict[str, str]:
        """What people and the demo need to find things."""
        return {
            "front door": self.around.public_url,
            "mails": f"http://localhost:{self.settings.mail_port}",
            "identity provider": identity.issuer(self.settings.identity_port),
            "database": self.around.dsn,
            "kafka": self.around.bootstrap,
        }

    async def rise(self) -> None:
        """Start everything in its order, and return when it is ready."""
        within = self.settings.start_seconds
        self._enter(STEPS[0])
        await self.supervisor.start(self._servers(), within=within)
        self._enter(STEPS[1])
        await self._lay_out()
        self._enter(STEPS[2])
        await self.supervisor.start(services.programs(self.around), within=within)
        self._enter(STEPS[3])
        await self.supervisor.start([self._caddy_program()], within=within)
        self._enter("up")

    async def _lay_out(self) -> None:
        async def database() -> None:
            await postgres.lay_out(self.around.dsn)
            await services.migrate_all(self.around.dsn)

        await asyncio.gather(database(), services.apply_topics(self.around))

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self.tell()

    def _postgres(self) -> postgres.Server:
        data = postgres.a_home_for(self.settings.folder / "postgres")
        return postgres.Server(data, self.ports["postgres"], safe=self.settings.safe)

    def _kafka(self) -> dict[str, kafka.Broker]:
        """One broker, or three that keep everything three times."""
        home, ports = self.settings.folder / "kafka", self.ports
        names = _brokers(self.settings)
        if len(names) == 1:
            alone = kafka.Broker(
                jars=home / "jars",
                data=home / "data",
                port=ports["kafka"],
                controller_port=ports["kafka-controller"],
                peers_port=ports["kafka-peers"],
                seen_at=self.settings.kafka_link_port,
            )
            return {"kafka": alone}
        nodes = dict(enumerate(names, 1))
        cluster = kafka.cluster_in(home / "data")
        return {
            name: kafka.Broker(
                jars=home / "jars",
                data=home / "data" / name,
                port=ports[name],
                controller_port=ports[f"{name}-controller"],
                peers_port=ports[f"{name}-peers"],
                node=node,
                quorum=tuple((each, ports[f"{nodes[each]}-controller"]) for each in nodes),
                cluster=cluster,
                heap=256,
            )
            for node, name in nodes.items()
        }

    def _bootstrap(self) -> str:
        seen_at = self.settings.kafka_link_port
        if seen_at is not None:
            return f"{HOST}:{seen_at}"
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def _servers(self) -> list[Program]:
        server = self.server
        found = [self._mail_program(), self._identity_program()]
        if server is not None:
            found.append(_postgres_program(server))
        return [*found, *(_kafka_program(name, each) for name, each in self.brokers.items())]

    def _mail_program(self) -> Program:
        settings, smtp = self.settings, self.ports["smtp"]
        where = (str(smtp), str(settings.mail_port), str(settings.folder / "mail"))
        return _python(
            "mail", "deploy.local.mail", *where, ready=lambda: listens(settings.mail_port)
        )

    def _identity_program(self) -> Program:
        port = self.settings.identity_port
        url = f"{identity.issuer(port)}/.well-known/openid-configuration"
        return _python(
            "identity", "deploy.local.identity", str(port), ready=lambda: answers_ok(url)
        )

    def _caddy_program(self) -> Program:
        folder = self.settings.folder / "caddy"
        upstreams = {
            f"{service.upper()}_UPSTREAM": " ".join(
                f"{HOST}:{self.ports[f'{service}-web{copy}']}"
                for copy in services.copies(self.settings)
            )
            for service in SERVICES
        }
        return Program(
            name="caddy",
            command=(_caddy(), "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)),
            environment={
                **os.environ,
                **upstreams,
                "FRONT_DOOR_PORT": str(self.settings.port),
                "XDG_DATA_HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder),
                "GOMEMLIMIT": "64MiB",
            },
            is_ready=lambda: listens(self.settings.port),
            grace=10,
        )


def _postgres_program(server: postgres.Server) -> Program:
    return Program(
        name="postgres",
        command=postgres.command(server),
        environment={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"},
        prepare=lambda: postgres.prepare(server),
        is_ready=lambda: postgres.takes_connections(server),
        stop_signal=signal.SIGINT,  # ends sessions, keeps what was committed
    )


def _kafka_program(name: str, broker: kafka.Broker) -> Program:
    def prepare() -> None:
        jars.fetch(broker.jars)
        kafka.prepare(broker)

    return Program(
        name=name,
        command=kafka.command(broker),
        environment=dict(os.environ),
        prepare=prepare,
        is_ready=lambda: listens(broker.port),
    )


def _python(name: str, module: str, *arguments: str, ready: Callable[[], Any]) -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-W", "ignore", "-m", module, *arguments),
        environment={**os.environ, "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"},
        folder=ROOT,
        is_ready=ready,
        grace=5,
    )


def _caddy() -> str:
    beside = Path(sys.executable).parent / "caddy"
    return str(beside) if beside.exists() else "caddy"
