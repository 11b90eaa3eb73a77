"""P29: no outbox row is skipped, nor overtaken within its key.

A hundred writers, each with a lock on an aggregate of its own and a pause before its commit, write
events of a few cases; some give up and roll back. Two relay processes meanwhile fight for the lock:
the leader's session is ended, a process is killed, or frozen until the other has taken over. A reader
that knows nothing of us then reads the topic from its beginning.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer

from chassis import outbox
from chassis.clock import sql
from chassis.database import FROM_POSTGRES, Database
from deploy.local.postgres import as_login
from tests import databases, servers
from tests.chassis.delivery import CLOCK, Trial, begun, make_trial, remove_topics, until
from tests.doors import COOKIE_SECRET, OWN_SETTINGS, PUBLIC_KEY

WRITERS, CASES, AGGREGATES = 100, 40, 5  # aggregates of each case
COMMITS = {"smoke": 6, "full": 60, "release": 600}  # of each writer
LONGEST_PAUSE = 0.1  # before a commit
GIVES_UP = 0.05  # share of transactions rolled back after they took their numbers
LEAST = {"smoke": 3, "full": 10, "release": 100}  # fights; fewer would prove nothing
UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
END_LEADER = """
    SELECT count(pg_terminate_backend(pid))
      FROM pg_stat_activity JOIN pg_locks USING (pid)
     WHERE application_name = 'proposals.relay' AND datname = current_database()
       AND locktype = 'advisory'
"""

GATES = {"skipped": 0, "inversions": 0, "holes": 0, "phantoms": 0, "changed": 0, "crashed": 0}
"""What must be exactly so; besides, at least `LEAST` fights must have taken place."""


@dataclass
class Relays:
    """Two processes, and what is done to them."""

    environment: dict[str, str]
    folder: Path
    dice: random.Random
    database: Database
    done: Counter[str] = field(default_factory=Counter[str])
    crashed: int = 0
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self) -> None:
        """One more process."""
        with (self.folder / f"relay-{self.done.total()}.log").open("ab") as log:
            command = [sys.executable, "-m", "services.proposals", "relay"]
            self.processes.append(
                subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
            )

    async def fight(self, over: asyncio.Event) -> None:
        """Take the lock from whoever has it, again and again, until all is written."""
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self.dice.uniform(0.3, 2.0))
            self.look_for_the_dead()
            act = self.dice.choice(["session_ended", "killed", "frozen"])
            victim = self.dice.choice(self.processes)
            if act == "session_ended":
                await self.database.value(END_LEADER)
            elif act == "killed":
                victim.kill()
                victim.wait()
                self.processes.remove(victim)
                self.start()
            else:
                victim.send_signal(signal.SIGSTOP)
                await self.database.value(END_LEADER)  # else its lock would outlive it for 45 s
                await asyncio.sleep(self.dice.uniform(0.5, 1.5))
                victim.send_signal(signal.SIGCONT)
            self.done[act] += 1

    def look_for_the_dead(self) -> None:
        """Losing the lock is no reason to end: whoever has done so is counted, and replaced."""
        for process in [one for one in self.processes if one.poll() is not None]:
            self.processes.remove(process)
            self.crashed += 1
            self.start()

    def end(self) -> None:
        """Leave no process behind."""
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


async def run(profile: str, seed: int, folder: Path) -> dict[str, Any]:
    """Play it, and judge what the topic says; `folder` keeps the relays' logs."""
    bootstrap = servers.kafka_bootstrap()
    async with (
        databases.cloned(servers.postgres_dsn()) as dsn,
        databases.opened(dsn) as database_of,
    ):
        trial = await make_trial(bootstrap, database_of)
        crowd = await Database.open(
            as_login(dsn, "proposals"),
            service="proposals",
            now_sql=sql(production=False),
            most=WRITERS,
        )
        relays = Relays(
            _environment(trial), folder, random.Random(seed), trial.databases["proposals"]
        )
        try:
            return await _play(profile, seed, trial, crowd, relays)
        finally:
            relays.end()
            await crowd.close()
            await remove_topics(trial)


async def _play(
    profile: str, seed: int, trial: Trial, crowd: Database, relays: Relays
) -> dict[str, Any]:
    for _ in range(2):
        relays.start()
    over, began = asyncio.Event(), time.monotonic()
    fighting = asyncio.ensure_future(relays.fight(over))
    writers = [
        _write(crowd, random.Random(f"{seed}/{number}"), COMMITS[profile])
        for number in range(WRITERS)
    ]
    given_up = sum(await asyncio.gather(*writers))
    await until(
        lambda: asyncio.sleep(0, relays.done.total()),
        lambda fights: fights >= LEAST[profile],
        within=60,
    )
    over.set()
    await fighting
    relays.look_for_the_dead()
    healed = time.monotonic()
    await until(lambda: crowd.value(UNPUBLISHED), lambda left: left == 0, within=60)
    recovery = time.monotonic() - healed
    rows = await crowd.list_rows("SELECT id, key, sequence, headers, value FROM outbox ORDER BY id")
    log = await _whole_log(trial)
    return {
        **judge(rows, log),
        "crashed": relays.crashed,
        "rolled_back": given_up,
        "seconds": round(healed - began, 1),
        "recovery_seconds": round(recovery, 2),
        **{f"fights_{act}": count for act, count in sorted(relays.done.items())},
    }


async def _write(database: Database, dice: random.Random, commits: int) -> int:
    """One writer; how often it gave up."""
    given_up = 0
    for number in range(commits):
        await asyncio.sleep(dice.uniform(0, LONGEST_PAUSE))
        cases = dice.sample(range(CASES), k=dice.choice([1, 1, 1, 2]))
        aggregate = dice.randrange(AGGREGATES)
        events = [
            begun(f"case-{case}", number, f"of {aggregate}")
            for case in cases
            for _ in range(dice.randint(1, 3))
        ]
        try:
            async with database.transaction() as tx:
                for case in sorted(cases):
                    lock = f"proposals.aggregate:{case}/{aggregate}"
                    await tx.value("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
                await outbox.record(tx, events, actor=CLOCK)
                await asyncio.sleep(dice.choice([0, 0, dice.uniform(0, LONGEST_PAUSE)]))
                if dice.random() < GIVES_UP:
                    raise _GivesUp
        except (_GivesUp, *FROM_POSTGRES):  # a wait for a lock may take too long on a small host
            given_up += 1
    return given_up


class _GivesUp(Exception):
    """A refusal, after the numbers were taken."""


def judge(rows: Sequence[Any], log: Sequence[Any]) -> dict[str, int]:
    """Compare what was committed with what a reader finds, dropping what comes again."""
    committed = {row["headers"]["ce_id"]: row for row in rows}
    first: dict[str, Any] = {}
    for record in log:
        first.setdefault(dict(record.headers)["ce_id"].decode(), record)
    order: dict[str, list[int]] = defaultdict(list)
    for record in first.values():
        order[record.key.decode()].append(int(dict(record.headers)["ce_sequence"]))
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        numbers[row["key"]].append(row["sequence"])
    return {
        "committed": len(rows),
        "published": len(log),
        "repeated": len(log) - len(first),
        "skipped": len(committed.keys() - first.keys()),
        "phantoms": len(first.keys() - committed.keys()),
        "inversions": sum(
            later < earlier for seen in order.values() for earlier, later in pairwise(seen)
        ),
        "holes": sum(seen != list(range(1, len(seen) + 1)) for seen in numbers.values()),
        "changed": sum(
            record.value != committed[event_id]["value"]
            for event_id, record in first.items()
            if event_id in committed
        ),
    }


async def _whole_log(trial: Trial) -> list[Any]:
    """Every record of the topic, each partition in its order."""
    topic = f"{trial.prefix}.proposals.events"
    reader = AIOKafkaConsumer(
        topic, bootstrap_servers=trial.bootstrap, auto_offset_reset="earliest", group_id=None
    )
    await reader.start()
    try:
        ends = await reader.end_offsets(list(reader.assignment()))
        found: list[Any] = []
        while len(found) < sum(ends.values()):
            for records in (await reader.getmany(timeout_ms=500)).values():
                found += records
        return found
    finally:
        await reader.stop()


def _environment(trial: Trial) -> dict[str, str]:
    """What a relay of the proposals service is told."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {name.upper(): str(value) for name, value in OWN_SETTINGS.items()}
    return {
        **kept,
        **own,
        "ENVIRONMENT": "test",
        "DATABASE_URL": trial.databases["proposals"].dsn,
        "KAFKA_BOOTSTRAP": trial.bootstrap,
        "TOPIC_PREFIX": trial.prefix,
        "COOKIE_SECRET": COOKIE_SECRET,
        "SIGNING_PUBLIC_KEY": PUBLIC_KEY,
    }
