"""What an operator sees of the way between services."""

from chassis import backlog, retention, topics
from chassis.parts import project
from schemas.topics import PARTITIONS
from tests.chassis.delivery import Trial, TrialBegun, begun, effect, effects, record, until


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
