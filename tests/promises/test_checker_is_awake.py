"""The checker itself: each of its words is said when there is reason to, and none when there is not.

Two real services stand on real servers, one of their processes with something wrong in it. What they
tell each other is that sign-ins have ended: of each, the reader makes one row, and nothing but the inbox
keeps it from making two.
"""

import ast
import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from confluent_kafka import Producer

from chassis import outbox, topics
from chassis.actor import the_clock
from chassis.clock import real_now
from chassis.database import Database
from deploy.local.ports import free_port
from schemas.proposals import SignInEnded
from tests.chassis.delivery import Trial, make_trial, remove_topics, until
from tests.command_line import CommandLine
from tests.databases import DatabaseOf
from tests.promises.checker import Evidence, Verdict, gather, judge

ROOT = Path(__file__).resolve().parents[2]
BOTH = ("proposals", "applications")
CLOCK = the_clock("oxford")


def ended(person: UUID, number: int = 0) -> SignInEnded:
    signin_hash = f"{person}-{number}"
    return SignInEnded(
        university="oxford", occurred_at=real_now(), person_ref=person, signin_hash=signin_hash
    )


@dataclass
class Pair:
    """Proposals tells, applications hears; either may have something wrong in it."""

    trial: Trial
    admin: str

    @asynccontextmanager
    async def running(
        self, service: str, role: str, mutation: str = "none"
    ) -> AsyncGenerator[None]:
        line = CommandLine(service, self.admin, self.trial.bootstrap, self.trial.prefix)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.promises.mutants", mutation, service, role),
            cwd=ROOT,
            env=os.environ | line.environ | {"METRICS_PORT": str(free_port())},
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait_for(process.wait(), 40)

    async def tells(self, *events: SignInEnded) -> None:
        async with self.database.transaction() as tx:
            await outbox.record(tx, events, actor=CLOCK)

    async def are_published(self, count: int) -> None:
        async def published() -> int:
            sql = "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"
            return await self.database.value(sql)

        await until(published, lambda found: found >= count, within=30)

    async def have_come(self, count: int) -> None:
        """Wait until the reader's positions lie behind so many records."""

        async def passed() -> int:
            sql = "SELECT coalesce(sum(next_position), 0) FROM positions WHERE topic LIKE '%proposals.events'"
            return await self.trial.databases["applications"].value(sql)

        await until(passed, lambda found: found >= count, within=30)

    async def come_again(self, count: int) -> None:
        """Every record is put on its topic once more, byte for byte, as a relay at a fail-over may."""
        producer = Producer({"bootstrap.servers": self.trial.bootstrap})
        for record in await self.trial.log(count=count):
            producer.produce(
                record.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                partition=record.partition,
            )
        await asyncio.to_thread(producer.flush, 10)

    @property
    def database(self) -> Database:
        return self.trial.databases["proposals"]

    async def verdict(self) -> Verdict:
        evidence = await gather(
            dsn=self.admin,
            bootstrap=self.trial.bootstrap,
            mails=None,
            topic_prefix=self.trial.prefix,
            services=BOTH,
        )
        return judge(evidence)


@pytest.fixture
async def pair(
    kafka_bootstrap: str, database_url: str, database_of: DatabaseOf
) -> AsyncIterator[Pair]:
    trial = await make_trial(kafka_bootstrap, database_of)
    trial.databases["notifications"] = await database_of("notifications")
    await topics.apply(
        trial.settings("notifications"), "notifications"
    )  # applications hears it too
    yield Pair(trial, database_url)
    async with topics._admin(trial.settings("notifications")) as admin:
        await admin.delete_topics([f"{trial.prefix}.notifications.events"])
    await remove_topics(trial)


def said(verdict: Verdict) -> set[str]:
    return {word for word, number in verdict.numbers.items() if number}


def some(count: int) -> list[SignInEnded]:
    return [ended(uuid4()) for _ in range(count)]


async def test_nothing_is_said_of_a_house_in_order_though_everything_comes_twice(pair: Pair):
    await pair.tells(*some(6))
    async with pair.running("proposals", "relay"), pair.running("applications", "worker"):
        await pair.are_published(6)
        await pair.come_again(6)
        await pair.have_come(12)

    verdict = await pair.verdict()

    assert said(verdict) == set()
    assert verdict.counts == {"records": 12, "events": 6, "hearings": 6, "effects": 6}


async def test_without_an_inbox_effects_are_duplicated(pair: Pair):
    await pair.tells(*some(6))
    async with (
        pair.running("proposals", "relay"),
        pair.running("applications", "worker", "no_inbox"),
    ):
        await pair.are_published(6)
        await pair.come_again(6)
        await pair.have_come(12)

    verdict = await pair.verdict()

    assert said(verdict) == {"duplicated"}
    assert verdict.numbers["duplicated"] == 6


async def test_a_relay_with_a_cursor_loses_what_commits_late(pair: Pair):
    early, late = some(2)
    async with (
        pair.running("proposals", "relay", "cursor"),
        pair.running("applications", "worker"),
    ):
        async with pair.database.transaction() as tx:
            await outbox.record(tx, [late], actor=CLOCK)  # has its number, and does not commit yet
            await pair.tells(early)
            await pair.are_published(1)
        await asyncio.sleep(2.5)  # a full scan and more
        await pair.have_come(1)

    verdict = await pair.verdict()

    assert said(verdict) == {"lost", "stuck"}
    assert verdict.numbers["lost"] == 2  # nobody has heard of it, and nothing came of it


async def test_a_relay_that_marks_before_it_sends_loses(pair: Pair):
    await pair.tells(*some(3))
    async with pair.running("proposals", "relay", "marks_first"):
        await pair.are_published(3)
    await pair.tells(*some(1))
    async with pair.running("proposals", "relay"), pair.running("applications", "worker"):
        await pair.are_published(4)
        await pair.have_come(1)

    verdict = await pair.verdict()

    assert said(verdict) == {"lost"}
    assert sum("in no partition" in case for case in verdict.found["lost"]) == 3


async def test_a_relay_that_sends_the_newest_first_reorders(pair: Pair):
    person = uuid4()
    await pair.tells(*(ended(person, number) for number in range(3)))
    async with (
        pair.running("proposals", "relay", "newest_first"),
        pair.running("applications", "worker"),
    ):
        await pair.are_published(3)
        await pair.have_come(3)

    assert said(await pair.verdict()) == {"reordered"}  # the reader has put it right


async def test_a_reader_that_moves_on_leaves_events_unseen(pair: Pair):
    await pair.tells(*some(3))
    async with pair.running("proposals", "relay"), pair.running("applications", "worker", "deaf"):
        await pair.are_published(3)
        await pair.have_come(3)

    verdict = await pair.verdict()

    assert said(verdict) == {"unseen", "lost"}
    assert verdict.numbers["unseen"] == 3


async def test_a_relay_that_forges_is_found_out(pair: Pair):
    await pair.tells(*some(2))
    async with pair.running("proposals", "relay", "forges"):
        await pair.are_published(2)

    assert "breaches" in said(await pair.verdict())


async def test_what_nobody_publishes_and_what_nothing_blocks_is_stuck(pair: Pair):
    await pair.tells(*some(2))
    connection = await asyncpg.connect(pair.admin)
    await connection.execute(
        """
        INSERT INTO applications.parked (
            consumer, topic, partition, position, record_at, key, headers, status, reason
        ) VALUES ('applications.facts', 'proposals.events', 0, 0, now(), 'a case', '[]', 'blocked', 'x')
        """
    )
    await connection.close()

    verdict = await pair.verdict()

    assert verdict.numbers["stuck"] == 3
    assert {"stuck", "lost"} == said(verdict)


# ---- what was asked ----

EVENT = {
    "event_id": "e1", "id": 1, "topic": "applications.events", "key": "a1", "sequence": 1,
    "type": "micro-internships.applications.ApplicationWithdrawn.v1", "name": "ApplicationWithdrawn",
    "headers": {"ce_correlationid": "k1"}, "value": None, "is_published": True, "told": {},
}  # fmt: skip
RECORD = {
    "topic": "applications.events", "key": "a1", "value": None, "partition": 0, "offset": 0,
    "headers": {"ce_correlationid": "k1", "ce_id": "e1", "ce_sequence": "1"},
}  # fmt: skip
INVOKE = {
    "line": "invoke", "at": 1.0, "key": "k1", "name": "withdraw application",
    "service": "applications", "subjects": ["a1"],
}  # fmt: skip


def end(ending: str) -> dict[str, object]:
    return {"line": ending, "at": 2.0, "key": "k1", "subjects": []}


def answered(status: int, answer_hash: str) -> dict[str, object]:
    line = {"line": "answer", "at": 1.5, "key": "k1", "attempt": 1}
    return line | {"status": status, "answer_hash": answer_hash}


def left(*, kept: int = 1, recorded: int = 1, rows: Sequence[str] = ("a1",)) -> Evidence:
    last = {"topic": "applications.events", "key": "a1", "last": recorded}
    number = {f"{n}": n for n in range(1, recorded + 1)}
    return Evidence(
        outbox={"applications": [EVENT | {"event_id": f"e{n}", "id": n, "sequence": n} for n in number.values()]},
        sequences={"applications": [last] if recorded else []},
        inbox={"applications": []},
        held={"applications": []},
        commands={"applications": [{"key": "k1", "actor": "p", "status": 200}] * kept},
        columns={"applications.applications.application_id": list(rows)},
        records=[
            RECORD | {"offset": n, "headers": RECORD["headers"] | {"ce_id": f"e{n}", "ce_sequence": f"{n}"}}
            for n in number.values()
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "history", "words"),
    [
        (left(), [INVOKE, end("ok")], set()),
        (left(), [INVOKE, answered(200, "x"), answered(200, "x"), end("ok")], set()),
        (left(kept=0, recorded=0), [INVOKE, end("fail")], set()),
        (left(kept=0, recorded=0), [INVOKE, end("unknown")], set()),
        (left(), [INVOKE, end("unknown")], set()),
        (left(kept=0, recorded=0), [INVOKE, end("ok")], {"lost"}),
        (left(rows=()), [INVOKE, end("ok")], {"lost"}),
        (left(recorded=0), [INVOKE, end("ok")], {"lost"}),
        (left(recorded=2), [INVOKE, end("ok")], {"duplicated"}),
        (left(kept=2), [INVOKE, end("ok")], {"duplicated"}),
        (left(), [INVOKE, end("fail")], {"phantom"}),
        (left(kept=0), [INVOKE, end("fail")], {"phantom"}),
        (left(kept=0), [INVOKE, end("unknown")], {"half"}),
        (left(recorded=0), [INVOKE, end("unknown")], {"half"}),
        (left(kept=0), [INVOKE], {"half"}),
        (left(), [INVOKE, answered(200, "x"), answered(200, "y"), end("ok")], {"breaches"}),
        (left(), [INVOKE | {"key": "k2"}, end("unknown") | {"key": "k2"}], {"phantom"}),
    ],
)
def test_what_was_asked_is_held_against_what_is_there(
    evidence: Evidence, history: list[dict[str, object]], words: set[str]
):
    assert said(judge(evidence, history)) == words


def test_recovery_is_counted_to_the_first_yes():
    healed = {"line": "healed", "at": 10.0, "number": 1, "victim": "kafka"}
    history = [INVOKE, healed, end("ok") | {"at": 12.5}]

    assert judge(left(), history).recovery == {"p50": 2.5, "p99": 2.5}


def test_evidence_is_judged_the_same_when_it_was_kept(tmp_path: Path):
    left(kept=0).keep(tmp_path)

    assert json.dumps(judge(Evidence.read(tmp_path), [INVOKE]).as_json()) == json.dumps(
        judge(left(kept=0), [INVOKE]).as_json()
    )


def test_the_checker_shares_no_code_with_what_it_judges():
    reached: set[str] = set()
    for file in (ROOT / "tests" / "promises" / "checker").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                reached |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                reached.add(node.module or "")

    ours = {name for name in reached if name.partition(".")[0] in ("services", "chassis", "schemas", "deploy", "tests")}  # fmt: skip
    assert all(name == "tests.promises.history" or name.startswith("tests.promises.checker") for name in ours)  # fmt: skip
    history = ast.parse((ROOT / "tests" / "promises" / "history.py").read_text("utf-8"))
    assert not [node for node in ast.walk(history) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("services", "chassis", "schemas"))]  # fmt: skip
