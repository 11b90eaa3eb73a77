"""The whole house on a stage: real processes in a folder of their own, made to be broken.

    async with stage(folder) as on:
        on.addresses.front_door                   # one origin, as people see it
        on.kill("proposals-relay-1")              # SIGKILL; the supervisor starts it again at once
        await on.links.set("kafka", drop="both")  # where it was opened with links
        await on.is_well(within=60)

Per service two web (the front door balances over both), two relay (one standing by), two worker with
stable names in their groups; Kafka, Postgres that waits for the disk, Caddy, the identity provider and
the mail catcher. Everything listens on loopback, on free ports, and ends with the stage, however that
ends: by its last line, by an exception, by SIGINT or SIGTERM.
"""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local import jars, services
from deploy.local.census import birth
from deploy.local.keys import Keys
from deploy.local.ports import HOST
from deploy.local.postgres import as_login
from deploy.local.services import SERVICES
from deploy.local.settings import ROOT, LocalSettings
from deploy.local.stack import Stack, alone, names_of_ports
from deploy.local.supervisor import Program, Standing, end_group
from schemas.envelope import Service
from tests.promises.proxy import Proxy

JARS = ROOT / ".local" / "kafka" / "jars"
BELOW_EPHEMERAL = range(20_000, 32_000)
"""A port that clients are given at random would be taken while its listener is dead."""
LINKED = ("postgres", "kafka", "smtp")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything of a stage is found, and with which keys."""

    front_door: str
    """The one origin that people and machines use; Caddy leads it to the services."""
    webs: Mapping[Service, list[str]]
    """Each web process by itself, past the front door."""
    dsn: str
    """The administrator's, straight to Postgres."""
    bootstrap: str
    """Kafka, by the link where there is one: brokers tell clients no other way."""
    mails: str
    """The mail catcher's page; `GET /messages.json` lists what it took."""
    identity: str
    """The identity provider's issuer."""
    folder: Path
    """All that the stage wrote: `logs/`, `mail/`, `failpoints/`."""
    keys: Keys
    topic_prefix: str = "micro-internships"

    def dsn_of(self, login: str) -> str:
        """The database for another login: a service's, or `<service>_owner`."""
        return as_login(self.dsn, login)


class Stage:
    """What a campaign may do to the house."""

    def __init__(self, stack: Stack, links: Proxy | None) -> None:
        self.stack = stack
        self._links = links
        self._ended: set[str] = set()  # and meant to stay so
        self.addresses = _addresses(stack)

    @property
    def links(self) -> Proxy:
        """What stands before `postgres`, `kafka` and `smtp`, and fails when told to."""
        assert self._links is not None, "this stage was opened without links"
        return self._links

    @property
    def standings(self) -> dict[str, Standing]:
        """Every process by name: `proposals-web-1`, `kafka`, `postgres`, `caddy`, …"""
        return self.stack.supervisor.standings

    def names(self, role: str) -> list[str]:
        """The processes of one role: web, relay, worker, broker or postgres."""
        if role in ("broker", "postgres"):
            kind = "kafka" if role == "broker" else "postgres"
            return [name for name in self.standings if name.partition("-")[0] == kind]
        return [name for name in self.standings if f"-{role}" in name]

    def pid(self, name: str) -> int | None:
        """Its number now, or None between two lives."""
        standing = self.standings[name]
        alive = standing.pid is not None and birth(standing.pid) == standing.born
        return standing.pid if alive else None

    def send(self, name: str, sign: signal.Signals) -> bool:
        """Send a signal to a process; False where it does not live now."""
        pid = self.pid(name)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
            return True
        return False

    def kill(self, name: str) -> bool:
        """End a process without a word."""
        return self.send(name, signal.SIGKILL)

    def tell_to_end(self, name: str) -> bool:
        """Ask a process to end in good order; it is started again."""
        return self.send(name, self.stack.supervisor.stop_signal(name))

    async def end(self, name: str) -> None:
        """End a process in good order, and keep it ended until `begin`."""
        await self.stack.supervisor.end(name)
        self._ended.add(name)

    def begin(self, name: str) -> None:
        """Start again what `end` ended."""
        self._ended.discard(name)
        self.stack.supervisor.begin(name)

    def is_ready(self, name: str) -> bool:
        """Whether a process lives and says that it is ready."""
        return self.standings[name].is_ready and self.pid(name) is not None

    async def is_well(self, *, within: float, names: list[str] | None = None) -> None:
        """Wait until these processes, or all that were not ended, are ready.

        Raises `TimeoutError`, naming who is not.
        """
        meant = [name for name in self.standings if name not in self._ended]
        wanted = meant if names is None else names
        try:
            async with asyncio.timeout(within):
                while not all(self.is_ready(name) for name in wanted):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            missing = [name for name in wanted if not self.is_ready(name)]
            raise TimeoutError(f"not ready within {within:g} s: {', '.join(missing)}") from error

    def failpoints(self, name: str) -> Path:
        """The folder that arms one process: a file named like a failpoint."""
        return services.failpoints_of(name, self.stack.settings)

    def environment(self, service: Service, role: str = "web") -> dict[str, str]:
        """What a process of this service is told, for a command run beside the stage's own."""
        return services.environment(service, role, self.stack.around, "-1")

    async def add_worker(self, service: Service, name: str) -> None:
        """One more worker, without a lasting name in its group; it ends with the stage, or by `end`."""
        environment = {**self.environment(service, "worker")}
        for key in ("GROUP_INSTANCE_ID", "METRICS_PORT", "FAILPOINTS"):
            environment.pop(key, None)
        program = Program(
            name=name,
            command=(sys.executable, "-m", f"services.{service}", "worker"),
            environment=environment,
            folder=ROOT,
        )
        await self.stack.supervisor.start([program], within=60)


@asynccontextmanager
async def stage(
    folder: Path | None = None,
    *,
    links: bool = False,
    brokers: int = 1,
    copies: int = 2,
    static_members: bool = True,
    seed: int = 1,
    start_seconds: float = 240,
) -> AsyncIterator[Stage]:
    """Bring the house up, and end all of it. Without a folder, in a temporary one."""
    async with AsyncExitStack() as closing:
        home = folder or Path(closing.enter_context(_temporary()))
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)  # the Postgres of a run by root belongs to another user
        with _ended_by_signals():
            _bring_jars(home)
            ports = _Ports(closing)
            servers = {f"{name}_port": ports.next() for name in LINKED}
            before = {f"{name}_link_port": ports.next() for name in LINKED} if links else {}
            settings = LocalSettings(
                folder=home,
                port=ports.next(),
                identity_port=ports.next(),
                mail_port=ports.next(),
                copies=copies,
                brokers=3 if brokers == 3 else 1,
                safe=True,
                failpoints=True,
                static_members=static_members,
                longest_pause=0.2,
                start_seconds=start_seconds,
                **servers,
                **before,
            )
            inner = {name: ports.next() for name in names_of_ports(settings)}
            (home / "ports.json").write_text(json.dumps(inner))
            closing.enter_context(alone(settings))
            stack = Stack(settings, environment={})
            try:
                proxy = await _put_proxy(stack, seed) if links else None
                await stack.rise()
                yield Stage(stack, proxy)
            finally:
                await _end(stack)


async def _end(stack: Stack) -> None:
    """In good order, where the loop still lets us; at once, where it does not."""
    try:
        await stack.fall()
    finally:
        for standing in stack.supervisor.standings.values():
            if standing.pid is not None:
                end_group(standing.pid)


class _Ports:
    """Free ports, held until the stage ends: a stage beside ours, or a client, would take them.

    A socket that is bound and does not listen keeps others out, and lets our own processes listen
    there, since they all ask to reuse the address.
    """

    def __init__(self, closing: AsyncExitStack) -> None:
        self._random = random.SystemRandom()
        self._closing = closing

    def next(self) -> int:
        """One more."""
        while True:
            holder = socket.socket()
            try:
                holder.bind((HOST, self._random.choice(BELOW_EPHEMERAL)))
            except OSError:
                holder.close()
                continue
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._closing.callback(holder.close)
            return int(holder.getsockname()[1])


async def _put_proxy(stack: Stack, seed: int) -> Proxy:
    """A proxy before each server; the servers behind come later, and end earlier."""
    control = stack.settings.folder / "proxy.sock"
    links = [
        f"{name}={getattr(stack.settings, f'{name}_link_port')}:{HOST}:{stack.ports[name]}"
        for name in LINKED
    ]

    async def is_ready() -> bool:
        return control.exists()

    program = Program(
        name="proxy",
        command=(
            *(sys.executable, "-m", "tests.promises.proxy"),
            *("--control", str(control), "--seed", str(seed), *links),
        ),
        environment=dict(os.environ),
        folder=ROOT,
        is_ready=is_ready,
        grace=5,
    )
    await stack.supervisor.start([program], within=60)
    return Proxy(control)


@contextmanager
def _temporary() -> Iterator[str]:
    with tempfile.TemporaryDirectory(
        prefix="micro-internships-promises-", ignore_cleanup_errors=True
    ) as name:
        yield name


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the stage as Ctrl-C does: by cancelling whoever stands on it."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    held: list[signal.Signals] = []
    for sign in (signal.SIGTERM, signal.SIGHUP):
        with suppress(RuntimeError, ValueError):  # not the main thread: somebody else's signals
            loop.add_signal_handler(sign, task.cancel)
            held.append(sign)
    try:
        yield
    finally:
        for sign in held:
            loop.remove_signal_handler(sign)


def _bring_jars(home: Path) -> None:
    place = home / "kafka" / "jars"
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(jars.fetch(JARS))


def _addresses(stack: Stack) -> Addresses:
    told = stack.addresses()
    return Addresses(
        front_door=told["front door"],
        webs={
            service: [
                f"http://{HOST}:{stack.ports[f'{service}-web{copy}']}"
                for copy in services.copies(stack.settings)
            ]
            for service in SERVICES
        },
        dsn=told["database"],
        bootstrap=told["kafka"],
        mails=told["mails"],
        identity=told["identity provider"],
        folder=stack.settings.folder,
        keys=stack.around.keys,
    )
