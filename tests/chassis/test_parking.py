"""Redriving and discarding while others are at the same case: nothing lost, doubled or forgotten."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from chassis import parked as looks
from chassis import parking, positions
from chassis.actor import Actor, Role
from chassis.clock import real_now
from chassis.database import TRANSIENT, Database, Transaction, connect
from chassis.inbox import take_in
from chassis.intake import Consumer
from chassis.judging import Park
from chassis.metrics import OLDEST_PARKED, PARKED_NOW
from chassis.parked import Chosen
from chassis.parts import Early, Reactions, project
from chassis.records import Reason, Record
from tests.chassis.delivery import TrialBegun, begun, effect, effects, wire
from tests.databases import DatabaseOf

ROWAN = Actor(None, "", frozenset({Role.SUPPORT}), name="Rowan Quill")
TOPIC = "proposals.events"
EFFECTS: Reactions = {TrialBegun: project(effect)}
CONSUMER = Consumer("applications.trials", EFFECTS)


@pytest.fixture
async def database(database_url: str, database_of: DatabaseOf) -> Database:
    admin = await connect(database_url, application="tests")
    await admin.execute(
        """
        CREATE TABLE applications.trial_effects (
            id bigint GENERATED ALWAYS AS IDENTITY, trial_id text, number integer
        );
        GRANT ALL ON applications.trial_effects TO applications;
        """
    )
    await admin.close()
    return await database_of("applications")


def arrived(
    trial_id: str, number: int, *, at: int | None = None, **headers: bytes | None
) -> Record:
    """Event `number` of a case, as it lies in the log."""
    sent = wire(begun(trial_id, number), sequence=number)
    event = begun(trial_id, number)
    return Record(
        topic=TOPIC,
        partition=0,
        position=number if at is None else at,
        record_at=event.occurred_at,
        key=sent["key"],
        headers=tuple({**sent["headers"], **headers}.items()),
        value=sent["value"],
    )


async def take(
    database: Database, consumer: Consumer, *records: Record, parking_first: bool
) -> None:
    """Take records in as a worker does; the first of them may have proved to be a culprit."""
    places = sorted({record.place for record in records})
    at = await positions.load(database, consumer.name, places)
    verdicts = {records[0]: Park(Reason.HANDLER, "planted")} if parking_first else None
    async with database.transaction() as tx:
        await take_in(tx, consumer, records, at, verdicts)


async def park(database: Database, trial_id: str, *numbers: int) -> int:
    """A case whose first event is parked and whose others are blocked; the first one's number."""
    records = [arrived(trial_id, number, at=_free()) for number in numbers]
    await take(database, CONSUMER, *records, parking_first=True)
    return await database.value(
        "SELECT min(id) FROM parked WHERE convert_from(key, 'UTF8') = $1", trial_id
    )


_positions = iter(range(10_000))


def _free() -> int:
    return next(_positions)


async def statuses(database: Database) -> list[tuple[int, str]]:
    rows = await database.list_rows("SELECT sequence, status FROM parked ORDER BY sequence, id")
    return [(row["sequence"], row["status"]) for row in rows]


async def redrive(database: Database, parked_id: int, consumer: Consumer = CONSUMER) -> Any:
    return await parking.redrive(database, consumer, parked_id, actor=ROWAN, reason="mended")


async def test_next_of_a_case_is_parked_once_the_first_is_discarded(database: Database):
    first = await park(database, "one", 1, 2, 3)
    assert await statuses(database) == [(1, "parked"), (2, "blocked"), (3, "blocked")]

    await parking.discard(database, CONSUMER.name, first, actor=ROWAN, reason="garbage")

    assert await statuses(database) == [(1, "discarded"), (2, "parked"), (3, "blocked")]
    kept = await database.get_row("SELECT resolved_by, note FROM parked WHERE id = $1", first)
    assert kept == {"resolved_by": "Rowan Quill", "note": "garbage"}
    audited = await database.get_row("SELECT act, operator, subject, reason FROM audit")
    assert audited == {
        "act": "EventDiscarded",
        "operator": "Rowan Quill",
        "subject": str(first),
        "reason": "garbage",
    }


async def test_redrive_that_fails_in_the_middle_leaves_the_next_one_parked(database: Database):
    async def breaks_at_two(tx: Transaction, event: TrialBegun) -> None:
        await effect(tx, event)
        if event.number == 2:
            raise ZeroDivisionError

    first = await park(database, "one", 1, 2, 3)
    redriven = await redrive(
        database, first, Consumer(CONSUMER.name, {TrialBegun: project(breaks_at_two)})
    )

    assert (redriven.applied, redriven.error) == (1, redriven.error)
    assert redriven.error.startswith("ZeroDivisionError at test_parking.py:")
    assert await statuses(database) == [(1, "redriven"), (2, "parked"), (3, "blocked")]
    assert await effects(database) == [("one", 1)]
    assert await database.value("SELECT attempts FROM parked WHERE sequence = 2") == 2


async def test_event_still_too_early_says_what_it_needs(database: Database):
    async def early(tx: Transaction, event: TrialBegun) -> None:
        raise Early(TrialBegun, "other")

    first = await park(database, "one", 1)
    redriven = await redrive(database, first, Consumer(CONSUMER.name, {TrialBegun: project(early)}))

    assert redriven.error == f"needs {TrialBegun.type_name()} other, which is not known here yet"


async def test_settled_event_is_not_settled_again(database: Database):
    first = await park(database, "one", 1)
    await redrive(database, first)

    with pytest.raises(parking.AlreadySettled):
        await redrive(database, first)
    with pytest.raises(parking.AlreadySettled):
        await parking.discard(database, CONSUMER.name, first, actor=ROWAN, reason="again")
    with pytest.raises(parking.ParkedEventNotFound):
        await redrive(database, first + 1)


async def test_several_operators_at_one_case_apply_each_event_once(database: Database):
    first = await park(database, "one", *range(1, 31))

    done = await asyncio.gather(
        *(redrive(database, first + n) for n in (0, 0, 7, 29)), return_exceptions=True
    )

    assert await effects(database) == [("one", number) for number in range(1, 31)]
    assert {status for _, status in await statuses(database)} == {"redriven"}
    failures = [each for each in done if isinstance(each, BaseException)]
    assert all(isinstance(each, parking.AlreadySettled) for each in failures), failures
    assert sum(each.applied for each in done if isinstance(each, parking.Redriven)) == 30
    assert await database.value("SELECT count(*) FROM audit WHERE act = 'EventRedriven'") == 30


async def test_redrive_beside_a_worker_keeps_the_order_of_the_case(database: Database):
    first = await park(database, "one", *range(1, 11))

    async def go_on_arriving() -> None:
        for number in range(11, 61):
            record = arrived("one", number, at=_free())
            while True:  # as the engine does: what passes is tried again
                try:
                    await take(database, CONSUMER, record, parking_first=False)
                    break
                except TRANSIENT:
                    continue

    async def go_on_redriving() -> None:
        while await looks.list_cases(database, CONSUMER.name, Chosen(key="one")):
            await redrive(database, (await looks.list_parked(database, CONSUMER.name))[0]["id"])

    await asyncio.gather(go_on_arriving(), redrive(database, first), go_on_redriving())
    await go_on_redriving()

    assert await effects(database) == [("one", number) for number in range(1, 61)]
    assert await database.value("SELECT count(*) FROM waiting") == 0


async def test_gap_behind_a_parked_case_still_waits_to_be_filled(database: Database):
    first = await park(database, "one", 1, 2)
    await take(database, CONSUMER, arrived("one", 4, at=_free()), parking_first=False)
    assert await statuses(database) == [(1, "parked"), (2, "blocked")]

    assert (await redrive(database, first)).applied == 2
    assert await effects(database) == [("one", 1), ("one", 2)]
    assert await database.value("SELECT sequence FROM waiting") == 4
    await take(database, CONSUMER, arrived("one", 3, at=_free()), parking_first=False)

    assert await effects(database) == [("one", number) for number in (1, 2, 3, 4)]
    assert await database.value("SELECT count(*) FROM waiting") == 0


async def test_gap_that_fills_while_the_case_is_parked_stays_in_order(database: Database):
    first = await park(database, "one", 1)
    for number in (3, 2):
        await take(database, CONSUMER, arrived("one", number, at=_free()), parking_first=False)
    assert await statuses(database) == [(1, "parked"), (2, "blocked"), (3, "blocked")]

    assert (await redrive(database, first)).applied == 3
    assert await effects(database) == [("one", number) for number in (1, 2, 3)]


async def test_trouble_that_passes_is_tried_again_and_is_no_failure(database: Database):
    tries = 0

    async def deadlocks_once(tx: Transaction, event: TrialBegun) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await tx.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
        await effect(tx, event)

    first = await park(database, "one", 1)
    consumer = Consumer(CONSUMER.name, {TrialBegun: project(deadlocks_once)})

    assert await redrive(database, first, consumer) == parking.Redriven(applied=1)
    assert await database.value("SELECT attempts FROM parked") == 1
    assert await effects(database) == [("one", 1)]


async def test_parked_events_are_measured_with_their_age(database: Database):
    await park(database, "one", 1, 2)
    await database.value(
        "UPDATE parked SET first_failed_at = clock_timestamp() - interval '16 minutes' RETURNING 1"
    )

    await parking.measure(database, CONSUMER.name)

    assert PARKED_NOW.labels(CONSUMER.name)._value.get() == 2
    assert OLDEST_PARKED.labels(CONSUMER.name)._value.get() >= 16 * 60


async def test_cases_are_chosen_by_why_they_are_there(database: Database):
    await park(database, "one", 1, 2)
    await park(database, "two", 1)
    await database.value(
        "UPDATE parked SET reason = 'schema' WHERE convert_from(key, 'UTF8') = 'two' RETURNING 1"
    )

    async def cases(**chosen: Any) -> list[tuple[str, int]]:
        found = await looks.list_cases(database, CONSUMER.name, Chosen(**chosen))
        return [(row["key"], row["events"]) for row in found]

    assert await cases() == [("one", 2), ("two", 1)]
    assert await cases(code="handler") == [("one", 2)]
    assert await cases(key="two") == [("two", 1)]
    assert await cases(type="TrialBegun", code="schema") == [("two", 1)]
    assert await cases(type=TrialBegun.type_name(), key="one") == [("one", 2)]
    assert await cases(since=real_now() + timedelta(hours=1)) == []
