"""A small trial service on real servers: its workers as processes, and whatever is put on its topic."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from chassis.database import Database, connect
from schemas.envelope import LARGEST_VALUE
from tests import databases, servers
from tests.chassis.delivery import Trial, make_trial, remove_topics, until
from tests.doors import COOKIE_SECRET, PUBLIC_KEY

EFFECTS = """
    CREATE TABLE applications.trial_effects (
        id bigint GENERATED ALWAYS AS IDENTITY, trial_id text NOT NULL, number integer NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    GRANT ALL ON applications.trial_effects TO applications;
"""
Applied = dict[str, list[int]]
"""The numbers of each case, in the order in which they took effect."""


@dataclass
class Workers:
    """Processes of the trial's worker; each writes its log into the campaign's folder."""

    environment: dict[str, str]
    folder: Path
    running: list["subprocess.Popen[bytes]"] = field(
        default_factory=list["subprocess.Popen[bytes]"]
    )
    logs: dict[int, Path] = field(default_factory=dict[int, Path])

    def start(self, **environment: str) -> "subprocess.Popen[bytes]":
        """One more process."""
        path = self.folder / f"worker-{len(self.logs) + 1}.log"
        with path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.promises.trial_worker"],
                env=self.environment | environment,
                stdout=log,
                stderr=log,
            )
        self.logs[process.pid] = path
        self.running.append(process)
        return process

    async def stop(
        self, process: "subprocess.Popen[bytes]", sign: int = signal.SIGTERM
    ) -> int | None:
        """End one, politely or not; the code it ended with, None when it had to be killed."""
        self.running.remove(process)
        process.send_signal(sign)
        process.send_signal(signal.SIGCONT)
        try:
            return await asyncio.to_thread(process.wait, 30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    async def end(self) -> None:
        """Leave none behind."""
        for process in list(self.running):
            await self.stop(process)

    def has_begun(self, process: "subprocess.Popen[bytes]") -> bool:
        """Whether it has come to reading."""
        return '"worker.reading"' in self.logs[process.pid].read_text()

    def said(self, event: str) -> list[dict[str, Any]]:
        """Every line with this event in any log."""
        lines = [line for log in self.logs.values() for line in log.read_text().split("\n")]
        return [json.loads(line) for line in lines if f'"{event}"' in line and line[0] == "{"]


def cpu_seconds(process: "subprocess.Popen[bytes]") -> float:
    """What a process has used of the processors so far."""
    used = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Stand:
    """Everything a campaign on the worker needs."""

    trial: Trial
    database: Database
    workers: Workers
    producer: Any
    folder: Path
    sent: int = 0  # records so far

    @property
    def faults(self) -> Path:
        """What the workers' reaction does wrong: see `trial_worker`."""
        return self.folder / "faults"

    async def send(self, message: dict[str, Any]) -> None:
        """Put a record on the topic, whatever it is; the producer sends in order of each key."""
        await self.producer.send(
            f"{self.trial.prefix}.proposals.events",
            key=message["key"],
            value=message["value"],
            headers=[*message["headers"].items()],
        )
        self.sent += 1

    async def applied(self) -> Applied:
        """What has taken effect so far."""
        rows = await self.database.list_rows(
            "SELECT trial_id, number FROM trial_effects ORDER BY id"
        )
        found: Applied = defaultdict(list)
        for row in rows:
            found[row["trial_id"]].append(row["number"])
        return found

    async def at_rest(self, *, still: float = 2.0, within: float = 120.0) -> None:
        """Wait until nothing has changed for so long."""
        seen, since = None, time.monotonic()

        async def look() -> bool:
            nonlocal seen, since
            now = await self.database.get_row(
                """
                SELECT (SELECT coalesce(max(id), 0) FROM trial_effects) AS effects,
                       (SELECT count(*) FROM parked) AS parked,
                       (SELECT count(*) FROM waiting) AS waiting,
                       (SELECT coalesce(sum(next_position), 0) FROM positions) AS taken_in
                """
            )
            if now != seen:
                seen, since = now, time.monotonic()
            return time.monotonic() - since >= still

        await until(look, bool, within=within)


@asynccontextmanager
async def stand(folder: Path) -> AsyncGenerator[Stand]:
    """A database and topics of its own, gone afterwards; `folder` keeps the logs."""
    for name in ("faults", "failpoints"):
        (folder / name).mkdir()
    async with (
        databases.cloned(servers.postgres_dsn()) as dsn,
        databases.opened(dsn) as database_of,
    ):
        admin = await connect(dsn, application="tests")
        await admin.execute(EFFECTS)
        await admin.close()
        trial = await make_trial(servers.kafka_bootstrap(), database_of)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        told = {
            "ENVIRONMENT": "test",
            "DATABASE_URL": trial.databases["applications"].dsn,
            "KAFKA_BOOTSTRAP": trial.bootstrap,
            "TOPIC_PREFIX": trial.prefix,
            "COOKIE_SECRET": COOKIE_SECRET,
            "SIGNING_PUBLIC_KEY": PUBLIC_KEY,
            "FAULTS": str(folder / "faults"),
            "FAILPOINTS": str(folder / "failpoints"),
        }
        workers = Workers(kept | told, folder)
        producer = AIOKafkaProducer(
            bootstrap_servers=trial.bootstrap, max_request_size=4 * LARGEST_VALUE, linger_ms=2
        )
        await producer.start()
        try:
            yield Stand(trial, trial.databases["applications"], workers, producer, folder)
        finally:
            await producer.stop()
            await workers.end()
            await remove_topics(trial)


def judge(wanted: Applied, applied: Applied) -> dict[str, int]:
    """Compare what must have taken effect, case by case, with what did."""
    found = {"lost": 0, "duplicated": 0, "reordered": 0, "phantom": 0}
    for case in wanted.keys() | applied.keys():
        due, done = wanted.get(case, []), applied.get(case, [])
        first = list(dict.fromkeys(done))
        found["lost"] += len(set(due) - set(done))
        found["duplicated"] += len(done) - len(first)
        found["phantom"] += len(set(done) - set(due))
        found["reordered"] += first != sorted(first)
    return found
