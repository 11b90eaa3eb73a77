"""A database comes back from a dump: what it told since is listed, and nothing it tells next is ignored (P9)."""

import asyncio

import pytest

from chassis import recovering, refilling
from chassis.database import connect
from tests.chassis.answering import JUDGES, NOTES, OPERATOR
from tests.chassis.delivery import (
    Trial,
    begun,
    effects,
    judged,
    record,
    until,
)
from tests.chassis.dumps import dump, restore


@pytest.fixture
async def admin(database_url: str, trial: Trial) -> str:
    """The administrator's address; and a table of effects for the front desk too."""
    session = await connect(database_url, application="tests")
    await session.execute(
        "CREATE TABLE proposals.trial_effects"
        " (id bigint GENERATED ALWAYS AS IDENTITY, trial_id text, number integer);"
        "GRANT ALL ON proposals.trial_effects TO proposals"
    )
    await session.close()
    return database_url


async def recover(trial: Trial) -> recovering.Recovered:
    return await recovering.recover(
        trial.parts("applications"),
        trial.settings("applications"),
        trial.databases["applications"],
        actor=OPERATOR,
        reason="its disk was lost",
    )


async def all_heard(trial: Trial) -> None:
    """The front desk has heard every number that was given out, and nothing waits."""
    front, back = trial.databases["proposals"], trial.databases["applications"]

    async def numbers() -> list[dict[str, int]]:
        given = await back.list_rows("SELECT key, last FROM sequences WHERE key <> 'log'")
        heard = await front.list_rows("SELECT key, last_sequence AS last FROM heard")
        return [{row["key"]: row["last"] for row in rows} for rows in (given, heard)]

    await until(numbers, lambda seen: bool(seen[0]) and seen[0] == seen[1], within=40)
    assert await front.value("SELECT count(*) FROM waiting") == 0


async def some_traffic(trial: Trial, numbers: range) -> None:
    for number in numbers:
        await record(
            trial.databases["proposals"], *(begun(f"case-{case}", number) for case in range(8))
        )


async def test_restored_service_converges_and_lists_what_it_lost(trial: Trial, admin: str):
    front, back = trial.databases["proposals"], trial.databases["applications"]
    async with trial.relay("proposals"), trial.worker(NOTES, "proposals"):
        async with trial.relay("applications"), trial.worker(JUDGES, "applications"):
            traffic = asyncio.ensure_future(some_traffic(trial, range(30)))
            await until(lambda: effects(back), lambda seen: len(seen) >= 60, within=30)
            old = await dump(admin, "applications")
            await traffic
            await until(lambda: effects(back), lambda seen: len(seen) == 240, within=30)
            await all_heard(trial)
        told = {row["event_id"] for row in await back.list_rows("SELECT event_id FROM outbox")}
        await restore(admin, old)
        kept = {row["event_id"] for row in await back.list_rows("SELECT event_id FROM outbox")}
        await some_traffic(trial, range(30, 33))  # peers go on meanwhile

        looked = await recovering.look(
            trial.parts("applications"), trial.settings("applications"), back
        )
        found = await recover(trial)
        again = await recover(trial)
        orphans = await recovering.list_orphans(trial.settings("applications"), back)
        async with trial.relay("applications"), trial.worker(JUDGES, "applications"):
            await until(lambda: effects(back), lambda seen: len(seen) >= 264, within=40)
            await all_heard(trial)
            await asyncio.sleep(1)

    assert looked == found
    assert found.orphans == len(told - kept) > 0
    assert again == recovering.Recovered(0, 0, 0)
    assert {row["event_id"] for row in orphans} == told - kept
    assert {row["read_by"] for row in orphans} == {"proposals.trials"}
    # What others own is as they say: each of their events once.
    assert sorted(await effects(back)) == sorted(
        (f"case-{case}", number) for case in range(8) for number in range(33)
    )
    # In the outbox no case has a hole, nor a number twice.
    assert await back.value(
        "SELECT bool_and(count = last) FROM ("
        " SELECT count(DISTINCT sequence), max(sequence) AS last FROM outbox GROUP BY topic, key"
        ") AS cases"
    )
    assert len(await effects(front)) == 240 + await back.value(
        "SELECT count(*) FROM outbox WHERE event_id <> ALL ($1)", list(told)
    )


async def test_broker_is_not_rebuilt_from_what_knows_less(trial: Trial, admin: str):
    back = trial.databases["applications"]
    old = await dump(admin, "applications")
    await record(back, judged("one"))
    async with trial.relay("applications"):
        await trial.log("applications", count=1)
    await restore(admin, old)
    await record(back, judged("two"))  # opened too early, but under another case
    async with trial.relay("applications"):
        await trial.log("applications", count=2)
    async with back.transaction() as tx:  # as if it had never been sent
        await tx.execute("UPDATE outbox SET event_id = gen_random_uuid()")

    with pytest.raises(refilling.LogKnowsMore):
        async for _ in refilling.refill(
            trial.parts("applications"),
            trial.settings("applications"),
            back,
            actor=OPERATOR,
            reason="a mistake",
        ):
            pass


async def test_service_that_was_opened_too_early_is_told(trial: Trial, admin: str):
    back = trial.databases["applications"]
    old = await dump(admin, "applications")
    await record(back, judged("one"))
    async with trial.relay("applications"):
        await trial.log("applications", count=1)
    await restore(admin, old)
    await record(back, judged("one"))

    with pytest.raises(recovering.NumbersWereUsedTwice):
        await recover(trial)
    assert await back.value("SELECT count(*) FROM orphans") == 0
