"""Bad input from the topics, `bad_input[124]` to `[142]`: what becomes of it, and of its neighbours."""

import asyncio
import itertools
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from chassis import clock, erasure, outbox, waiting
from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.intake import Consumer
from chassis.kafka import partition_of
from chassis.metrics import EVENTS_HANDLED, EVENTS_PARKED
from chassis.parts import Early, Reactions, project, react
from schemas.topics import PARTITIONS
from tests.catalogue import row
from tests.chassis.answering import EFFECTS
from tests.chassis.delivery import (
    CLOCK,
    Trial,
    TrialBegun,
    TrialJudged,
    TrialOfPerson,
    begun,
    effect,
    effects,
    forgotten,
    judged,
    record,
    until,
    wire,
)
from tests.promises.link import Link

CONSUMER = "applications.trials"
NEIGHBOURS = 20
LAG = 2.0  # seconds, from the last neighbour's sending to its effect


def in_one_partition() -> list[str]:
    """Cases that share a partition, so that whatever blocks one would block all."""
    names = (f"case-{number}" for number in itertools.count())
    same = (name for name in names if partition_of(name.encode(), PARTITIONS) == 0)
    return list(itertools.islice(same, NEIGHBOURS + 1))


BAD, *OTHERS = in_one_partition()


async def set_aside(database: Database) -> list[tuple[str, str]]:
    rows = await database.list_rows("SELECT status, reason FROM parked ORDER BY id")
    return [(row["status"], row["reason"]) for row in rows]


async def waits(database: Database) -> list[tuple[str, str]]:
    rows = await database.list_rows("SELECT missing_type, missing_id FROM waiting ORDER BY id")
    return [(row["missing_type"], row["missing_id"]) for row in rows]


def counted(outcome: str, kind: type = TrialBegun) -> float:
    return EVENTS_HANDLED.labels(CONSUMER, kind.type_name(), outcome)._value.get()


async def neighbours_go_on(trial: Trial) -> None:
    """Events of other cases, in the very same partition, take effect within two seconds."""
    there = trial.databases["applications"]
    for number, case in enumerate(OTHERS):
        await trial.send(**wire(begun(case, number), sequence=1))
    sent = time.monotonic()
    await until(lambda: effects(there), lambda rows: {c for c, _ in rows} >= set(OTHERS))
    assert time.monotonic() - sent <= LAG


async def is_at_rest() -> None:
    """Nobody tries for ever: this whole process, worker and all, has next to nothing to do."""
    began, used = time.monotonic(), time.process_time()
    await asyncio.sleep(1)
    share = (time.process_time() - used) / (time.monotonic() - began)
    assert share < 0.5


PARKED = [
    row("124-a", {"value": b'{"trial_id":'}, "undecodable"),
    row("124-b", {"value": b"[" * 10_000 + b"]" * 10_000}, "undecodable"),
    row("124-c", {"value": b'{"words":' * 10_000 + b"1" + b"}" * 10_000}, "undecodable"),
    row("125-a", {"content-type": b"application/avro"}, "undecodable"),
    row("125-b", {"content-encoding": b"gzip"}, "undecodable"),
    row("125-c", {"ce_subject": None}, "undecodable"),
    row("125-d", {"ce_subject": b"\xff\xfe"}, "undecodable"),
    row("127-a", {"ce_type": b"micro-internships.proposals.TrialBegun.v3"}, "unknown-version"),
    row("128", {"value": b'{"university": "oxford"}'}, "schema"),
    row("133", {"ce_time": "in two hours"}, "clock"),
    row("134", {"value": None}, "tombstone"),
    row("135", {"key": None}, "no-key"),
    row("136", {"ce_partitionkey": b"another"}, "key-mismatch"),
    row("137", {"ce_university": b"reading"}, "university"),
    row("138-a", {"value": b'"' + b"x" * 1_000_000 + b'"'}, "too-large"),
]


@pytest.mark.parametrize(("spoil", "reason"), PARKED)
async def test_what_cannot_be_applied_is_parked_and_its_neighbours_go_on(
    trial: Trial, spoil: dict[str, Any], reason: str
):
    there = trial.databases["applications"]
    bad = await spoilt(there, spoil)
    before = EVENTS_PARKED.labels(CONSUMER, reason)._value.get()

    async with trial.worker(EFFECTS):
        await trial.send(**bad, partition=0)
        await trial.send(**wire(begun(BAD, 2), sequence=2))
        await neighbours_go_on(trial)
        await until(lambda: set_aside(there), lambda rows: len(rows) >= 1)
        if bad["key"] is None:  # it blocks nothing, but of its case the first is missing
            await until(lambda: waits(there), lambda rows: rows == [("sequence", BAD)])
        else:
            await until(lambda: set_aside(there), lambda rows: len(rows) == 2)
        await is_at_rest()

    assert (await set_aside(there))[0] == ("parked", reason)
    assert (await set_aside(there))[1:] == ([] if bad["key"] is None else [("blocked", "blocked")])
    assert BAD not in {case for case, _ in await effects(there)}
    assert EVENTS_PARKED.labels(CONSUMER, reason)._value.get() == before + 1
    kept = await there.get_row("SELECT key, value, headers, error FROM parked ORDER BY id LIMIT 1")
    assert (kept["key"], kept["value"]) == (bad["key"], bad["value"])
    assert len(kept["headers"]) == len(bad["headers"])
    assert "oxford" not in kept["error"]
    if reason == "unknown-version":
        assert kept["error"] == "upgrade needed"
    if reason == "schema":
        assert kept["error"].startswith("/")


async def spoilt(database: Database, spoil: dict[str, Any]) -> dict[str, Any]:
    """An event in order but for one thing."""
    message = wire(begun(BAD, 1), sequence=1)
    for name, value in spoil.items():
        if name in ("key", "value"):
            message[name] = value
        elif value == "in two hours":
            ahead = await database.value("SELECT clock_timestamp() + interval '2 hours'")
            message["headers"][name] = ahead.isoformat().encode()
        else:
            message["headers"][name] = value
    return message


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        row("126", b"micro-internships.proposals.TrialForgotten.v1", {}),
        row("127-b", b"micro-internships.proposals.TrialBegun.v3", {"ce_twinof": b"an-id"}),
    ],
)
async def test_type_nobody_listens_to_is_ignored_and_its_number_noted(
    trial: Trial, kind: bytes, more: dict[str, bytes]
):
    there = trial.databases["applications"]
    other = wire(forgotten(BAD), sequence=1)
    other["headers"] |= {"ce_type": kind, **more}
    ignored = EVENTS_HANDLED.labels(CONSUMER, kind.decode(), "ignored")
    before = ignored._value.get()

    async with trial.worker(EFFECTS):
        await trial.send(**other)
        await trial.send(**wire(begun(BAD, 2), sequence=2))
        await until(lambda: effects(there), lambda rows: rows == [(BAD, 2)])

    assert ignored._value.get() == before + 1
    assert await set_aside(there) == []


async def test_same_id_with_the_same_body_has_no_second_effect(trial: Trial):
    """bad_input[129]"""
    there = trial.databases["applications"]
    message = wire(begun(BAD, 1), sequence=1)
    before = counted("repeated")

    async with trial.worker(EFFECTS):
        for _ in range(3):
            await trial.send(**message)
        await until(lambda: _value(counted, "repeated"), lambda n: n == before + 2)

    assert await effects(there) == [(BAD, 1)]
    assert await set_aside(there) == []


async def _value(look: Any, *args: Any) -> Any:
    return look(*args)


async def test_same_id_with_another_body_is_parked(trial: Trial):
    """bad_input[130]"""
    there = trial.databases["applications"]
    message = wire(begun(BAD, 1), sequence=1)

    async with trial.worker(EFFECTS):
        await trial.send(**message)
        await trial.send(**{**message, "value": message["value"] + b" "})
        await neighbours_go_on(trial)
        await until(lambda: set_aside(there), lambda rows: rows == [("parked", "id-conflict")])

    assert (BAD, 1) in await effects(there)


async def test_gap_in_a_case_waits_and_is_released_when_it_fills(trial: Trial):
    """bad_input[131]"""
    there = trial.databases["applications"]

    async with trial.worker(EFFECTS):
        await trial.send(**wire(begun(BAD, 1), sequence=1))
        await trial.send(**wire(begun(BAD, 3), sequence=3))
        await neighbours_go_on(trial)
        await until(lambda: waits(there), lambda rows: rows == [("sequence", BAD)])
        await says_that_it_waits_too_long(there)
        await trial.send(**wire(begun(BAD, 2), sequence=2))
        await until(lambda: effects(there), lambda rows: (BAD, 3) in rows)

    assert [n for case, n in await effects(there) if case == BAD] == [1, 2, 3]
    assert await waits(there) == []


async def says_that_it_waits_too_long(database: Database) -> None:
    """After fifteen minutes, and not before."""
    consumer = Consumer(CONSUMER, EFFECTS)
    for age, alarms in (("14 minutes", 0), ("15 minutes 1 second", 1)):
        async with database.transaction() as tx:
            await tx.execute(f"UPDATE waiting SET since = clock_timestamp() - interval '{age}'")
        with capture_logs() as said:
            await waiting.measure(database, consumer)
        assert len([line for line in said if line["event"] == "waiting.too_long"]) == alarms


async def test_number_already_seen_has_no_effect(trial: Trial):
    """bad_input[132]"""
    there = trial.databases["applications"]
    before = counted("repeated")

    async with trial.worker(EFFECTS):
        await trial.send(**wire(begun(BAD, 1), sequence=1))
        await trial.send(**wire(begun(BAD, 7), sequence=1))  # another id, another body
        await trial.send(**wire(begun(BAD, 2), sequence=2))
        await until(lambda: effects(there), lambda rows: (BAD, 2) in rows)

    assert await effects(there) == [(BAD, 1), (BAD, 2)]
    assert counted("repeated") == before + 1
    assert await set_aside(there) == []


@pytest.mark.parametrize("words", [row("138-b", "x" * 300_000)])
async def test_body_that_is_too_large_is_refused_at_the_command(trial: Trial, words: str):
    here = trial.databases["proposals"]

    with pytest.raises(outbox.EventTooLarge) as refused:
        async with here.transaction() as tx:
            await outbox.record(tx, [begun(BAD, 1, words)], actor=CLOCK)

    assert refused.value.status == 422
    assert await here.value("SELECT count(*) FROM outbox") == 0


async def judge(tx: Transaction, event: TrialJudged, *, now: Clock) -> None:
    if not await tx.value("SELECT 1 FROM trials WHERE trial_id = $1", event.trial_id):
        raise Early(TrialBegun, event.trial_id)
    await tx.execute("INSERT INTO trial_effects (trial_id) VALUES ($1)", event.trial_id)


async def know(tx: Transaction, event: TrialBegun) -> None:
    await tx.execute("INSERT INTO trials (trial_id) VALUES ($1)", event.trial_id)


async def test_reaction_that_needs_a_fact_unknown_yet_waits_for_it(trial: Trial):
    """bad_input[139]"""
    there = trial.databases["applications"]
    reactions: Reactions = {TrialBegun: project(know), TrialJudged: react(judge)}

    async with trial.worker(reactions):
        await trial.send(**wire(judged(BAD), sequence=1), service="applications")
        await until(lambda: waits(there), lambda rows: rows == [(TrialBegun.type_name(), BAD)])
        await says_that_it_waits_too_long(there)
        assert await effects(there) == []
        await trial.send(**wire(begun(BAD), sequence=1))
        await until(lambda: effects(there), lambda rows: rows == [(BAD, None)])

    assert await waits(there) == []


async def test_event_about_an_erased_person_is_dropped_with_a_note(trial: Trial):
    """bad_input[140]"""
    there = trial.databases["applications"]
    erased, other = uuid4(), uuid4()
    async with there.transaction() as tx:
        await erasure.note(tx, erased)

    async def keep(tx: Transaction, event: TrialOfPerson) -> None:
        await tx.execute("INSERT INTO trial_effects (trial_id) VALUES ($1)", event.trial_id)

    async with trial.worker({TrialOfPerson: project(keep)}):
        for number, person in enumerate((erased, other, erased), start=1):
            told = TrialOfPerson(
                university="oxford", occurred_at=clock.real_now(), trial_id=BAD, person_ref=person
            )
            await trial.send(**wire(told, sequence=number))
        await until(lambda: effects(there), lambda rows: rows == [(BAD, None)])
        notes = "SELECT count(*) FROM audit WHERE act = 'EventDropped'"
        await until(lambda: there.value(notes), lambda count: count == 2)

    assert await there.value("SELECT last_sequence FROM heard WHERE key = $1", BAD) == 3
    assert await set_aside(there) == []
    noted = await there.list_rows("SELECT * FROM audit WHERE act = 'EventDropped'")
    assert not [row for row in noted if str(erased) in str(row)]


@pytest.mark.parametrize("fault", [row("141-a", ZeroDivisionError), row("141-b", OSError)])
async def test_reaction_that_always_raises_is_tried_three_times_and_parked(
    trial: Trial, fault: type[Exception]
):
    there = trial.databases["applications"]
    tried: list[float] = []

    async def faulty(tx: Transaction, event: TrialBegun) -> None:
        await effect(tx, event)
        if event.trial_id == BAD:
            tried.append(time.monotonic())
            raise fault

    async with trial.worker({TrialBegun: project(faulty)}):
        await trial.send(**wire(begun(BAD, 1), sequence=1))
        await neighbours_go_on(trial)
        await until(lambda: set_aside(there), lambda rows: len(rows) == 1)
        await is_at_rest()

    assert await set_aside(there) == [("parked", "handler")]
    assert BAD not in {case for case, _ in await effects(there)}
    assert len(tried) in (3, 4)  # three alone; the first of them may be a batch with others
    assert tried[-1] - tried[-3] <= 1


async def test_postgres_away_while_handling_parks_nothing(trial: Trial):
    """bad_input[142]"""
    here, there = trial.databases["proposals"], trial.databases["applications"]
    at = urlsplit(there.dsn)
    link = await Link.open(at.hostname or "127.0.0.1", at.port or 5432)
    behind = at._replace(netloc=at.netloc.rpartition(":")[0] + f":{link.port}")
    begins = Counter[str]()

    async def count(tx: Transaction, event: TrialBegun) -> None:
        begins[event.trial_id] += 1
        await effect(tx, event)

    away = await Database.open(
        urlunsplit(behind), service="applications", now_sql=there.now_sql, role="worker"
    )
    trial.databases["applications"] = away
    try:
        async with trial.relay(), trial.worker({TrialBegun: project(count)}):
            await record(here, begun("before", 1))
            await until(lambda: effects(there), lambda rows: len(rows) == 1)
            link.set(refuse=True)
            link.cut()
            await record(here, *(begun(case, 1) for case in OTHERS))
            await asyncio.sleep(3)
            await is_at_rest()
            link.heal()
            await until(lambda: effects(there), lambda rows: len(rows) == 1 + len(OTHERS))
    finally:
        trial.databases["applications"] = there
        await away.close()
        await link.close()

    assert await set_aside(there) == []
    assert await waits(there) == []
    assert set(begins.values()) == {1}
