"""What an operator sees of the way between services."""

from chassis import backlog, retention, topics
from chassis.parts import project
from schemas.topics import PARTITIONS
from tests.chassis.delivery import Trial, TrialBegun, begun, effect, effects, record, until, wire


async def test_lag_and_outbox_tell_how_far_behind(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]
    reactions = {TrialBegun: project(effect)}
    parts, settings = trial.parts("applications", reactions), trial.settings("applications")
    await record(here, begun("one", 1), begun("one", 2))
    assert (await backlog.unpublished(here))["unpublished"] == 2

    async with trial.relay():
        await trial.log(count=2)
        behind = await backlog.lag(settings, parts)
        async with trial.worker(reactions):
            await until(lambda: effects(there), lambda rows: len(rows) == 2)
        await until(lambda: backlog.unpublished(here), lambda told: told["unpublished"] == 0)

    assert len(behind) == PARTITIONS
    assert {row["note"] for row in behind} == {"no position yet: reading starts at the beginning"}
    assert 0 <= backlog.total(behind)["oldest_age"] < 60
    assert sum(row["lag"] for row in behind) == 2
    assert sum(row["lag"] for row in await backlog.lag(settings, parts)) == 0


async def test_topics_are_compared_with_what_is_declared(trial: Trial):
    settings = trial.settings("proposals")

    async def differences() -> list[str]:
        return await topics.check(settings, "proposals")

    await until(differences, lambda found: found == [])  # a broker hears of a new topic in a moment

    lines = await topics.apply(settings, "proposals")
    assert [line.rpartition(": ")[2] for line in lines] == ["as declared"] * 3
    faults = await topics.check(settings, "expenses")
    assert faults == [f"{trial.prefix}.expenses.events: missing"]


async def test_rows_are_deleted_after_their_term_and_not_before(trial: Trial):
    here = trial.databases["proposals"]
    await record(here, begun("old"), begun("young"), begun("unpublished"))
    async with here.transaction() as tx:
        await tx.execute(
            "UPDATE outbox SET published_at = clock_timestamp() - interval '36 days'"
            " WHERE key = 'old'"
        )
        await tx.execute(
            "UPDATE outbox SET published_at = clock_timestamp() - interval '34 days'"
            " WHERE key = 'young'"
        )

    await retention.delete_old_rows(trial.settings("proposals"), here)

    rows = await here.list_rows("SELECT key FROM outbox ORDER BY id")
    assert [row["key"] for row in rows] == ["young", "unpublished"]


async def test_lag_tells_a_trimmed_log_and_another_one_from_the_one_it_knew(trial: Trial):
    there = trial.databases["applications"]
    reactions = {TrialBegun: project(effect)}
    parts, settings = trial.parts("applications", reactions), trial.settings("applications")
    for number in range(1, 5):
        await trial.send(**wire(begun("one", number), sequence=number))
    async with trial.worker(reactions):
        await until(lambda: effects(there), lambda rows: len(rows) == 4)
    (place,) = [row for row in await backlog.lag(settings, parts) if row["end"]]
    assert (place["position"], place["lag"], place["note"], place["oldest_age"]) == (4, 0, "", None)

    async def stands_at(position: int) -> tuple[int, str]:
        async with there.transaction() as tx:
            await tx.execute(
                "UPDATE positions SET next_position = $1 WHERE partition = $2",
                position,
                place["partition"],
            )
        row = (await backlog.lag(settings, parts))[place["partition"]]
        return row["lag"], row["note"]

    assert await stands_at(9) == (
        4,
        "position beyond the log's end: another log, read from its beginning",
    )
    await trial.trim(before=3)
    assert await stands_at(1) == (1, "trimmed: 2 records are gone unread")


async def test_outbox_says_whether_a_relay_is_at_it(trial: Trial):
    here = trial.databases["proposals"]
    assert (await backlog.unpublished(here))["relay"] == "none is active"

    async with trial.relay():
        told = await until(
            lambda: backlog.unpublished(here), lambda told: told["relay"].startswith("active for")
        )
    assert told["unpublished"] == 0
