"""From the broker to the effect: once, in order per case, and nothing lost by what goes wrong."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from chassis import outbox, parking
from chassis import parked as looks
from chassis.actor import Actor, Role
from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.parts import Early, Reactions, project, react
from chassis.records import Record
from tests.chassis.answering import EFFECTS
from tests.chassis.delivery import (
    Trial,
    TrialBegun,
    TrialJudged,
    begun,
    effect,
    effects,
    forgotten,
    judged,
    record,
    until,
    wire,
)

OPERATOR = Actor(None, "oxford", frozenset({Role.SUPPORT}))


async def seen(database: Database, table: str) -> list[dict[str, Any]]:
    return await database.list_rows(f"SELECT * FROM {table} ORDER BY id")


async def parked(database: Database) -> list[tuple[str, str]]:
    rows = await database.list_rows("SELECT status, reason FROM parked ORDER BY id")
    return [(row["status"], row["reason"]) for row in rows]


async def test_event_recorded_in_one_service_takes_effect_in_another(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]

    async def answer(tx: Transaction, event: TrialBegun, *, now: Clock) -> None:
        assert (await now(tx)).tzinfo is not None
        await effect(tx, event)
        await outbox.record(tx, [judged(event.trial_id)], actor=OPERATOR)

    async with trial.relay(), trial.worker({TrialBegun: react(answer)}):
        await record(here, *(begun("one", number) for number in range(20)), begun("two"))
        await until(lambda: effects(there), lambda rows: len(rows) == 21)

    rows = await effects(there)
    assert [number for trial_id, number in rows if trial_id == "one"] == list(range(20))
    cause = await here.get_row("SELECT headers FROM outbox WHERE key = 'two'")
    told = await there.get_row("SELECT headers FROM outbox WHERE key = 'two'")
    assert told["headers"]["ce_causationid"] == cause["headers"]["ce_id"]
    assert told["headers"]["ce_correlationid"] == cause["headers"]["ce_correlationid"]


async def test_message_twice_has_one_effect(trial: Trial):
    there = trial.databases["applications"]
    message = wire(begun("one"), sequence=1)
    for _ in range(3):
        await trial.send(**message)
    await trial.send(**wire(begun("one", 2), sequence=2))

    async with trial.worker(EFFECTS):
        await until(lambda: effects(there), lambda rows: len(rows) >= 2)

    assert await effects(there) == [("one", 0), ("one", 2)]
    assert await parked(there) == []


async def test_id_used_for_another_body_is_parked(trial: Trial):
    there = trial.databases["applications"]
    message = wire(begun("one"), sequence=1)
    await trial.send(**message)
    await trial.send(**{**message, "value": message["value"] + b" "})

    async with trial.worker(EFFECTS):
        await until(lambda: parked(there), lambda rows: rows == [("parked", "id-conflict")])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ({"value": b"{"}, "undecodable"),
        ({"value": b"[" * 100_000}, "undecodable"),
        ({"value": b"x" * 300_000}, "too-large"),
        ({"value": None}, "tombstone"),
        ({"value": b'{"university": "oxford"}'}, "schema"),
        ({"key": None}, "no-key"),
        ({"key": b"another"}, "key-mismatch"),
        ({"ce_university": b"reading"}, "university"),
        ({"ce_type": b"micro-internships.proposals.TrialBegun.v3"}, "unknown-version"),
        ({"ce_subject": None}, "undecodable"),
        ({"ce_subject": b"\xff"}, "undecodable"),
        ({"ce_id": b"1"}, "undecodable"),
        ({"content-type": b"application/avro"}, "undecodable"),
        ({"content-encoding": b"gzip"}, "undecodable"),
        ({"ce_time": b"2199-01-01T00:00:00.000Z"}, "clock"),
    ],
    ids=lambda given: str(given)[:40],
)
async def test_what_cannot_be_applied_is_parked_and_neighbours_go_on(
    trial: Trial, spoil: dict[str, Any], reason: str
):
    there = trial.databases["applications"]
    message = wire(begun("one", 1), sequence=1)
    for name, value in spoil.items():
        if name in ("key", "value"):
            message[name] = value
        else:
            message["headers"][name] = value
    await trial.send(**message)
    for number in range(2, 5):
        await trial.send(**wire(begun(f"neighbour-{number}", number), sequence=1))

    async with trial.worker(EFFECTS):
        await until(lambda: effects(there), lambda rows: len(rows) == 3)
        await until(lambda: parked(there), lambda rows: len(rows) == 1)

    assert await parked(there) == [("parked", reason)]
    kept = await there.get_row("SELECT value, headers, error FROM parked")
    assert kept["value"] == message["value"]
    assert len(kept["headers"]) == len(message["headers"])
    assert "oxford" not in (kept["error"] or "")


async def test_later_events_of_a_parked_case_are_blocked_until_redriven_in_order(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]
    is_fixed = False

    async def faulty(tx: Transaction, event: TrialBegun) -> None:
        await effect(tx, event)
        if event.words == "breaks" and not is_fixed:
            raise ZeroDivisionError

    reactions: Reactions = {TrialBegun: project(faulty)}
    async with trial.relay(), trial.worker(reactions):
        await record(here, begun("one", 1), begun("one", 2, "breaks"), begun("one", 3))
        await record(here, begun("two", 1), forgotten("one"), begun("one", 4), begun("three", 1))
        await until(lambda: parked(there), lambda rows: len(rows) == 3)
        await until(lambda: effects(there), lambda rows: len(rows) == 3)
        assert await parked(there) == [("parked", "handler"), *[("blocked", "blocked")] * 2]
        first = (await looks.list_parked(there, "applications.trials"))[0]

        still = await parking.redrive(
            there, trial.consumer(reactions), first["id"], actor=OPERATOR, reason="try"
        )
        assert (still.applied, still.stopped_at) == (0, first["id"])

        is_fixed = True
        redriven = await parking.redrive(
            there, trial.consumer(reactions), first["id"], actor=OPERATOR, reason="mended"
        )
        assert redriven == parking.Redriven(applied=3)
        await record(here, begun("one", 5))
        await until(lambda: effects(there), lambda rows: ("one", 5) in rows)

    rows = await effects(there)
    assert [number for trial_id, number in rows if trial_id == "one"] == [1, 2, 3, 4, 5]
    assert await there.value("SELECT count(*) FROM audit WHERE act = 'EventRedriven'") == 3


async def test_discarded_event_has_no_effect_and_frees_its_case(trial: Trial):
    there = trial.databases["applications"]
    spoilt = wire(begun("one", 1), sequence=1)
    await trial.send(**{**spoilt, "headers": {**spoilt["headers"], "ce_id": None}})
    await trial.send(**wire(begun("one", 2), sequence=2))

    async with trial.worker(EFFECTS):
        await until(lambda: parked(there), lambda rows: len(rows) == 2)
        first, second = await looks.list_parked(there, "applications.trials")
        with pytest.raises(parking.ReasonIsMissing):
            await parking.discard(
                there, "applications.trials", first["id"], actor=OPERATOR, reason=" "
            )
        await parking.discard(
            there, "applications.trials", first["id"], actor=OPERATOR, reason="garbage"
        )
        await parking.redrive(
            there, trial.consumer(EFFECTS), second["id"], actor=OPERATOR, reason="first is gone"
        )
        await trial.send(**wire(begun("one", 3), sequence=3))
        await until(lambda: effects(there), lambda rows: rows == [("one", 2), ("one", 3)])


async def know_trial(tx: Transaction, event: TrialBegun) -> None:
    await tx.execute(
        "INSERT INTO trials VALUES ($1, $2) ON CONFLICT DO NOTHING", event.trial_id, event.words
    )


async def judge_trial(tx: Transaction, event: TrialJudged, *, now: Clock) -> None:
    if not await tx.value("SELECT 1 FROM trials WHERE trial_id = $1", event.trial_id):
        raise Early(TrialBegun, event.trial_id)
    await tx.execute("INSERT INTO trial_effects (trial_id) VALUES ($1)", event.trial_id)


async def test_early_event_waits_and_is_released_with_its_followers(trial: Trial):
    there = trial.databases["applications"]
    reactions: Reactions = {TrialBegun: project(know_trial), TrialJudged: react(judge_trial)}
    await trial.send(**wire(judged("one"), sequence=1), service="applications")
    await trial.send(**wire(judged("one"), sequence=2), service="applications")
    await trial.send(**wire(judged("two"), sequence=1), service="applications")

    async with trial.worker(reactions):
        await until(lambda: seen(there, "waiting"), lambda rows: len(rows) == 3)
        assert await effects(there) == []
        await trial.send(**wire(begun("one"), sequence=1))
        await until(lambda: effects(there), lambda rows: len(rows) == 2)

    (still,) = await seen(there, "waiting")
    assert (still["missing_type"], still["missing_id"]) == (TrialBegun.type_name(), "two")
    assert await parked(there) == []


async def test_gap_in_a_sequence_waits_until_it_fills(trial: Trial):
    there = trial.databases["applications"]
    for number in (1, 4, 3):
        await trial.send(**wire(begun("one", number), sequence=number))

    async with trial.worker(EFFECTS):
        await until(lambda: seen(there, "waiting"), lambda rows: len(rows) == 2)
        assert await effects(there) == [("one", 1)]
        await trial.send(**wire(begun("one", 2), sequence=2))
        await until(lambda: effects(there), lambda rows: len(rows) == 4)

    assert await effects(there) == [("one", number) for number in (1, 2, 3, 4)]
    assert await seen(there, "waiting") == []


async def test_type_nobody_listens_to_is_ignored_but_heard(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]
    async with trial.relay(), trial.worker(EFFECTS):
        await record(here, begun("one", 1), forgotten("one"), forgotten("one"), begun("one", 4))
        await until(lambda: effects(there), lambda rows: len(rows) == 2)

    assert await there.value("SELECT last_sequence FROM heard WHERE key = 'one'") == 4
    assert await there.value("SELECT count(*) FROM inbox") == 2
    assert await parked(there) == []


async def test_outage_of_the_database_parks_nothing(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]
    tries = Counter[int]()

    async def cut_off(tx: Transaction, event: TrialBegun) -> None:
        tries[event.number] += 1
        if event.number % 10 == 5 and tries[event.number] <= 3:
            await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        await effect(tx, event)

    async with trial.relay(), trial.worker({TrialBegun: project(cut_off)}):
        await record(here, *(begun(f"case-{number % 7}", number) for number in range(30)))
        await until(lambda: effects(there), lambda rows: len(rows) == 30, within=40)

    assert sorted(number for _, number in await effects(there)) == list(range(30))
    assert await parked(there) == []
    assert await seen(there, "waiting") == []


async def test_reading_goes_on_where_postgres_says_after_a_restart(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]
    async with trial.relay():
        async with trial.worker(EFFECTS):
            await record(here, *(begun("one", number) for number in range(5)))
            await until(lambda: effects(there), lambda rows: len(rows) == 5)
        await record(here, *(begun("one", number) for number in range(5, 8)))
        async with trial.worker(EFFECTS):
            await until(lambda: effects(there), lambda rows: len(rows) == 8)

        # A database restored to before the last three: reading rewinds with it.
        async with there.transaction() as tx:
            await tx.execute("DELETE FROM trial_effects WHERE number >= 5")
            await tx.execute("DELETE FROM inbox WHERE position >= 5")
            await tx.execute("UPDATE heard SET last_sequence = 5")
            await tx.execute(
                """
                UPDATE positions SET next_position = 5, last_event_id = inbox.event_id,
                       last_record_at = $1
                  FROM inbox
                 WHERE inbox.position = 4 AND positions.next_position = 8
                """,
                next(
                    Record.of(entry, prefix="").record_at
                    for entry in await trial.log(count=8)
                    if entry.offset == 4
                ),
            )
        async with trial.worker(EFFECTS):
            await until(lambda: effects(there), lambda rows: len(rows) == 8)

    assert await effects(there) == [("one", number) for number in range(8)]


async def test_another_log_under_the_same_name_is_read_from_its_beginning(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]
    async with trial.relay():
        async with trial.worker(EFFECTS):
            await record(here, *(begun("one", number) for number in range(5)))
            await until(lambda: effects(there), lambda rows: len(rows) == 5)
        async with there.transaction() as tx:  # as if the broker had been wiped and filled again
            await tx.execute("UPDATE positions SET last_record_at = '2020-01-01Z'")
            await tx.execute("DELETE FROM inbox WHERE position = 2")
            await tx.execute("UPDATE heard SET last_sequence = 2")
        await record(here, begun("one", 5))
        async with trial.worker(EFFECTS):
            await until(lambda: effects(there), lambda rows: ("one", 5) in rows)

    # Number 2 was unknown here and is applied; all others were known and are not.
    assert await effects(there) == [
        *(("one", number) for number in range(5)),
        ("one", 2),
        ("one", 5),
    ]


async def test_group_born_on_a_trimmed_log_takes_the_first_it_sees(trial: Trial):
    there = trial.databases["applications"]
    await trial.send(**wire(begun("one", 1), sequence=1))
    await trial.send(**wire(begun("one", 2), sequence=2))
    await trial.send(**wire(begun("one", 3), sequence=3))
    await trial.trim(before=2)

    async with trial.worker(EFFECTS):
        await until(lambda: effects(there), lambda rows: rows == [("one", 3)])


async def test_bad_deploy_parks_twenty_at_most_and_stops(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]

    async def always_raises(tx: Transaction, event: TrialBegun) -> None:
        raise ZeroDivisionError

    await record(here, *(begun(f"case-{number}", number) for number in range(40)))
    async with trial.relay(), trial.worker({TrialBegun: project(always_raises)}):
        await until(lambda: parked(there), lambda rows: len(rows) == 20, within=30)
        await asyncio.sleep(1)
    assert await parked(there) == [("parked", "handler")] * 20

    async with trial.worker(EFFECTS):
        await until(lambda: effects(there), lambda rows: len(rows) == 20)


async def test_two_workers_share_and_hand_over_without_a_second_effect(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]
    async with trial.relay(), trial.worker(EFFECTS):
        for number in range(20):
            await record(here, *(begun(f"case-{case}", number) for case in range(8)))
        async with trial.worker(EFFECTS):
            for number in range(20, 40):
                await record(here, *(begun(f"case-{case}", number) for case in range(8)))
                await asyncio.sleep(0.05)
            await asyncio.sleep(3)
        await until(lambda: effects(there), lambda rows: len(rows) >= 320, within=30)

    rows = await effects(there)
    for case in range(8):
        numbers = [number for trial_id, number in rows if trial_id == f"case-{case}"]
        assert numbers == list(range(40))
    assert await parked(there) == []


async def test_queues_run_row_by_row_without_kafka(trial: Trial):
    there = trial.databases["applications"]
    left = 5
    lease: asyncio.Event = asyncio.Event()

    async def post_letters(database: Database) -> bool:
        nonlocal left
        if left == 0:
            lease.set()
            return False
        left -= 1
        if left == 2:
            raise ZeroDivisionError
        return True

    worker = trial.worker(EFFECTS, bootstrap="127.0.0.1:9", queues=lambda settings: (post_letters,))
    async with worker:
        await asyncio.wait_for(lease.wait(), 5)

    assert left == 0
    assert await effects(there) == []
    assert await seen(there, "waiting") == []


async def test_several_brokers_are_named_and_one_that_is_there_is_enough(trial: Trial):
    there = trial.databases["applications"]
    await trial.send(**wire(begun("one"), sequence=1))

    async with trial.worker(EFFECTS, bootstrap=f"{trial.bootstrap},127.0.0.1:9"):
        await until(lambda: effects(there), lambda rows: len(rows) == 1)
