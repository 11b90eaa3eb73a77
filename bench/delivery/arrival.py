"""From the commit in one service to the commit of its effect in another, at three rates."""

from bench.delivery.run import Run, at_a_rate, spread
from bench.delivery.taking_in import taken_in
from bench.delivery.trial import MeasureTaken
from chassis import outbox
from chassis.actor import the_clock
from chassis.database import connect
from deploy.demo.patience import until

ABOUT = "commit in one service to the committed effect in another"
RATES = (50, 200, 500)

# Both times are written by Postgres when it commits; `acts` is never updated, as outbox rows are.
DELAYS = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(effects.xmin)
                            - pg_xact_commit_timestamp(acts.xmin))::float8 AS seconds
      FROM proposals.acts JOIN applications.effects USING (case_id, number)
     WHERE acts.number > 0 AND effects.id > $1
     ORDER BY effects.id
"""


async def measure(run: Run) -> None:
    """Relay and worker run through; rate after rate, round after round."""
    there = run.trial.there
    async with run.trial.running("relay"), run.trial.running("copies"):
        await _caught_up(run)
        for turn in range(1, run.size.rounds + 1):
            for rate in RATES:
                await at_a_rate([_act(run, one) for one in _warm_up(run)], run.size.rate)
                await _caught_up(run)
                before = await there.value("SELECT coalesce(max(id), 0) FROM effects")
                events = run.trial.maker.events(rate * run.size.seconds)
                await at_a_rate([_act(run, event) for event in events], rate)
                await _caught_up(run)
                rows = await _delays(run, before)
                run.note(
                    "arrival", turn, f"{rate}/s",
                    **spread(rows, "effect"), lost=len(events) - len(rows),
                )  # fmt: skip


def _warm_up(run: Run) -> list[MeasureTaken]:
    return run.trial.maker.events(run.size.warm_up)


async def _act(run: Run, event: MeasureTaken) -> None:
    """A small command: one row saved, one event recorded, one commit."""
    async with run.trial.here.transaction() as tx:
        await tx.execute(
            "INSERT INTO acts (case_id, number) VALUES ($1, $2)", event.case_id, event.number
        )
        await outbox.record(tx, [event], actor=the_clock("oxford"))


async def _caught_up(run: Run) -> None:
    async def is_level() -> bool:
        return await taken_in(run, "copies") >= await reader.count()

    reader = run.ours.reader()
    await until(run.ours.empty, what="an empty outbox", within=60)
    await until(is_level, what="every effect", within=300)


async def _delays(run: Run, before: int) -> list[float]:
    """Only an administrator reads both schemas."""
    connection = await connect(run.trial.dsn, application="bench")
    try:
        return [row["seconds"] for row in await connection.fetch(DELAYS, before)]
    finally:
        await connection.close()
