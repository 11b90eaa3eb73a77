"""What a batch does when it may not, cannot, or comes to a log that has lost its beginning."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from chassis import membership, positions
from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.inbox import take_in
from chassis.intake import Consumer, TooManyFaults
from chassis.isolating import Taker
from chassis.membership import Replaced
from chassis.parts import Reactions, copying, project, react
from chassis.positions import Position
from chassis.records import Record
from tests.catalogue import row
from tests.chassis.delivery import (
    Trial,
    TrialBegun,
    TrialForgotten,
    begun,
    effect,
    effects,
    forgotten,
    until,
    wire,
)
from tests.databases import DatabaseOf

NAME = "applications.trials"
EFFECTS: Reactions = {TrialBegun: project(effect)}
PLACE = ("proposals.events", 0)


def a_record(
    event: Any, sequence: int, *, position: int = 0, partition: int = 0, **headers: bytes
) -> Record:
    message = wire(event, sequence=sequence)
    at = event.occurred_at.replace(microsecond=0)
    pairs = tuple((message["headers"] | headers).items())
    return Record(PLACE[0], partition, position, at, message["key"], pairs, message["value"])


@pytest.fixture
async def there(trial: Trial) -> Database:
    return trial.databases["applications"]


async def a_taker(database: Database, reactions: Reactions, *partitions: int) -> Taker:
    taker = Taker(Consumer(NAME, reactions), database)
    places = [(PLACE[0], partition) for partition in partitions or (0,)]
    taker.at |= await positions.load(database, NAME, places)
    return taker


async def parked(database: Database) -> list[tuple[str, str]]:
    rows = await database.list_rows("SELECT status, reason FROM parked ORDER BY id")
    return [(row["status"], row["reason"]) for row in rows]


async def test_zombie_is_refused_and_finds_out(there: Database):
    asleep, awake = await a_taker(there, EFFECTS), await a_taker(there, EFFECTS)
    first, second = begun("one", 1), begun("one", 2)

    await awake.take([a_record(first, 1, position=0)])
    await asleep.take([a_record(first, 1, position=0), a_record(second, 2, position=1)])

    assert await effects(there) == [("one", 1)]
    assert asleep.at == {}
    assert awake.at[PLACE].next_position == 1
    assert await positions.load(there, NAME, [PLACE]) == awake.at


async def test_worker_of_a_log_that_is_gone_moves_no_position_of_the_new_one(there: Database):
    asleep, awake = await a_taker(there, EFFECTS), await a_taker(there, EFFECTS)
    old = [a_record(begun("old", number), number, position=number - 1) for number in (1, 2)]
    await asleep.take(old[:1])
    awake.at |= await positions.load(there, NAME, [PLACE])

    assert await positions.forget(there, NAME, PLACE, awake.at[PLACE])
    awake.at[PLACE] = Position()
    await awake.take(
        [a_record(begun("new", 1), 1, position=0)]
    )  # stands at 1 now, as `asleep` does
    await asleep.take(old[1:])

    assert await effects(there) == [("old", 1), ("new", 1)]
    assert not await positions.forget(there, NAME, PLACE, Position(7))


async def test_breaker_stops_the_partition_that_fails_and_no_other(trial: Trial):
    there = trial.databases["applications"]

    async def faulty(tx: Transaction, event: TrialBegun) -> None:
        if event.words == "breaks":
            raise ZeroDivisionError
        await effect(tx, event)

    for number in range(30):
        await trial.send(**wire(begun(f"bad-{number}", 1, "breaks"), sequence=1), partition=0)
    for number in range(5):
        await trial.send(**wire(begun(f"good-{number}", 1), sequence=1), partition=1)

    async with trial.worker({TrialBegun: project(faulty)}):
        await until(lambda: effects(there), lambda rows: len(rows) == 5, within=25)

    assert len(await parked(there)) <= 20


@pytest.mark.parametrize(
    "fault", [OSError("disk"), TimeoutError(), ValueError(), asyncio.IncompleteReadError(b"", 1)]
)
async def test_reactions_own_fault_is_never_taken_for_an_outage(there: Database, fault: Exception):
    async def faulty(tx: Transaction, event: TrialBegun) -> None:
        raise fault

    taker = await a_taker(there, {TrialBegun: project(faulty)})
    await taker.take([a_record(begun("one"), 1)])

    assert await parked(there) == [("parked", "handler")]


async def test_reaction_that_gives_wrong_arguments_is_parked(there: Database):
    async def faulty(tx: Transaction, event: TrialBegun) -> None:
        await tx.execute("SELECT $1::integer", "no number")

    taker = await a_taker(there, {TrialBegun: project(faulty)})
    await taker.take([a_record(begun("one"), 1), a_record(begun("two"), 1, position=1)])

    assert await parked(there) == [("parked", "handler")] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"ce_sequence": b"99999999999999999999"},
        {"ce_source": b"x" * 3000},
        {"ce_type": b"x" * 3000},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_envelope_that_no_column_could_hold_is_parked(
    there: Database, headers: dict[str, bytes]
):
    taker = await a_taker(there, EFFECTS)
    await taker.take([a_record(begun("one"), 1, **headers), a_record(begun("two"), 1, position=1)])

    assert await parked(there) == [("parked", "undecodable")]
    assert await effects(there) == [("two", 0)]


async def test_key_that_no_index_could_hold_is_parked_and_blocks_nothing(there: Database):
    taker = await a_taker(there, EFFECTS)
    long = "k" * 20_000
    await taker.take([a_record(begun(long), 1), a_record(begun("two"), 1, position=1)])

    assert await parked(there) == [("parked", "undecodable")]
    assert await effects(there) == [("two", 0)]


async def test_copy_of_a_parked_or_blocked_event_is_dropped(there: Database):
    async def faulty(tx: Transaction, event: TrialBegun) -> None:
        raise ZeroDivisionError

    taker = await a_taker(there, {TrialBegun: project(faulty)})
    told = [begun("one", number) for number in (1, 2)]
    for position in range(6):
        number = position % 2
        await taker.take([a_record(told[number], number + 1, position=position)])

    assert await parked(there) == [("parked", "handler"), ("blocked", "blocked")]


async def test_gap_behind_a_parked_event_waits_for_what_is_missing(there: Database):
    is_mended = False

    async def faulty(tx: Transaction, event: TrialBegun) -> None:
        if event.number == 1 and not is_mended:
            raise ZeroDivisionError
        await effect(tx, event)

    taker = await a_taker(there, {TrialBegun: project(faulty)})
    for position, number in enumerate((1, 3, 2)):
        await taker.take([a_record(begun("one", number), number, position=position)])

    rows = await there.list_rows("SELECT sequence FROM parked ORDER BY sequence")
    assert [row["sequence"] for row in rows] == [1, 2, 3]
    assert await there.value("SELECT count(*) FROM waiting") == 0


async def test_first_sight_in_a_log_without_its_beginning_is_taken_as_it_stands(there: Database):
    taker = await a_taker(there, EFFECTS, 0, 1)

    await taker.take([a_record(begun("kept", 5), 5, position=2)])
    await taker.take([a_record(begun("live", 9), 9, position=3)])  # all before it was too old
    await taker.take([a_record(begun("gap", 2), 2, partition=1)])  # this partition is whole

    assert await effects(there) == [("kept", 5), ("live", 9)]
    waits = await there.list_rows("SELECT missing_id FROM waiting")
    assert [row["missing_id"] for row in waits] == ["gap"]


async def test_copies_keep_the_order_of_their_case(there: Database):
    @copying("INSERT INTO trials VALUES ($1, $2) ON CONFLICT (trial_id) DO UPDATE SET words = $2")
    def know(event: TrialBegun) -> Any:
        yield event.trial_id, event.words

    @copying("DELETE FROM trials WHERE trial_id = $1")
    def forget(event: TrialForgotten) -> Any:
        yield (event.trial_id,)

    taker = await a_taker(there, {TrialBegun: project(know), TrialForgotten: project(forget)})
    told = [
        *(begun("kept", words=words) for words in ("old", "new")),
        begun("gone", words="x"),
        forgotten("gone"),
        begun("back", words="x"),
        forgotten("back"),
        begun("back", words="again"),
    ]
    numbers = (1, 2, 1, 2, 1, 2, 3)
    await taker.take([a_record(event, numbers[at], position=at) for at, event in enumerate(told)])

    rows = await there.list_rows("SELECT * FROM trials ORDER BY trial_id")
    assert [(row["trial_id"], row["words"]) for row in rows] == [("back", "again"), ("kept", "new")]


async def test_reaction_finds_every_copy_that_came_before_it(there: Database):
    @copying("INSERT INTO trials VALUES ($1, $2)")
    def know(event: TrialBegun) -> Any:
        yield event.trial_id, event.words

    async def follow(tx: Transaction, event: TrialBegun, *, now: Clock) -> None:
        assert await tx.value("SELECT words FROM trials WHERE trial_id = $1", event.trial_id) == "x"
        await effect(tx, event)

    taker = await a_taker(there, {TrialBegun: (project(know), react(follow))})
    await taker.take([a_record(begun(f"case-{n}", n, "x"), 1, position=n) for n in range(5)])

    assert len(await effects(there)) == 5


@pytest.mark.parametrize("bad", [0, 7, 19])
async def test_one_bad_copy_among_many_is_found(there: Database, bad: int):
    @copying("INSERT INTO trial_effects (trial_id, number) VALUES ($1, 100 / $2::integer)")
    def know(event: TrialBegun) -> Any:
        yield event.trial_id, event.number

    taker = await a_taker(there, {TrialBegun: project(know)})
    await taker.take(
        [a_record(begun(f"case-{n}", int(n != bad)), 1, position=n) for n in range(20)]
    )

    assert {case for case, _ in await effects(there)} == {
        f"case-{n}" for n in range(20) if n != bad
    }
    key = await there.value("SELECT convert_from(key, 'UTF8') FROM parked")
    assert (key, await parked(there)) == (f"case-{bad}", [("parked", "handler")])


async def test_more_faults_than_the_breaker_allows_are_raised_and_nothing_is_parked(
    there: Database,
):
    async def faulty(tx: Transaction, event: TrialBegun) -> None:
        raise ZeroDivisionError

    taker = await a_taker(there, {TrialBegun: project(faulty)})
    records = [a_record(begun(f"case-{n}"), 1, position=n) for n in range(25)]
    with pytest.raises(TooManyFaults):
        await taker.take(records)

    assert len(await parked(there)) == 20
    assert taker.left(records) == records[20:]


@pytest.mark.parametrize("member", [row("151", "applications-worker-0")])
async def test_earlier_of_two_with_one_membership_ends(database_of: DatabaseOf, member: str):
    database = await database_of("applications")
    stop = asyncio.Event()
    earlier = asyncio.ensure_future(membership.keep(member, database, stop))
    await until(lambda: database.value("SELECT count(*) FROM memberships"), bool)
    later = asyncio.ensure_future(membership.keep(member, database, stop))

    with pytest.raises(Replaced):
        await asyncio.wait_for(earlier, 10)
    await asyncio.sleep(1.5)
    assert not later.done()
    stop.set()
    await later


async def test_batch_is_refused_whole_where_the_row_says_otherwise(there: Database):
    await positions.load(there, NAME, [PLACE])
    believed = {PLACE: Position(3, uuid4(), begun("one").occurred_at)}

    async with there.transaction() as tx:
        taken = await take_in(
            tx, Consumer(NAME, EFFECTS), [a_record(begun("one"), 1, position=3)], believed
        )

    assert (taken.refused, taken.moved) == ({PLACE: 1}, {})
    assert await effects(there) == []
