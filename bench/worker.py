"""The worker: effects a second from broker to table, each once and in order of its case."""

import time

from bench.figures import Figure, Result
from bench.stage import Stage
from bench.trial import Trial, installed
from chassis.database import connect
from deploy.demo.patience import until

ABOUT = "effects a second while a backlog is taken in, one worker process"
COPIED = ("case_id", "number", "words")

# From the end of the first transaction on: what came before it is not known.
RATE = """
    WITH taken AS (
        SELECT taken_in, max(at) AS at, count(*) AS rows FROM applications.effects
         WHERE id > $1 GROUP BY taken_in
    ), whole AS (
        SELECT min(at) AS first, max(at) AS last FROM taken
    )
    SELECT extract(epoch FROM last - first)::float8 AS seconds,
           (SELECT sum(rows) FROM taken WHERE at > first)::float8 AS rows,
           (SELECT count(*) FROM taken) AS transactions
      FROM whole
"""
JUDGED = """
    WITH ordered AS (
        SELECT number, lag(number, 1, 0) OVER (PARTITION BY case_id ORDER BY id) AS before
          FROM applications.effects
    )
    SELECT count(*) AS effects, count(*) FILTER (WHERE number <> before + 1) AS out_of_order
      FROM ordered
"""


async def measure(stage: Stage) -> Result:
    """A backlog on the topic, then the worker; beside it the same rows by one COPY."""
    effects = Figure("worker: broker to table, inbox and position with it", "effects/s")
    copied = Figure("bulk COPY of the same rows", "rows/s", is_limit=True)
    figures, transactions = [effects, copied], 0
    async with installed(stage.dsn, stage.bootstrap) as trial:
        for _ in range(stage.size.repetitions):
            for figure in figures:
                figure.begin_repetition()
            copied.add(await _copy(trial, stage.size.events))
            rate, many = await _take_in(trial, stage.size.events)
            effects.add(rate)
            transactions += many
        judged = await _judged(trial)
        judged["events a transaction"] = round(trial.told / max(transactions, 1), 1)
    return Result("worker", ABOUT, figures, counts=judged)


async def _take_in(trial: Trial, count: int) -> tuple[float, int]:
    """Effects a second, and in how many transactions, by the database's clock."""
    before = await trial.there.value("SELECT coalesce(max(id), 0) FROM effects")
    await trial.fill(count)
    async with trial.running("relay"):
        await trial.drained()

    async def is_taken_in() -> bool:
        if await trial.there.value("SELECT coalesce(max(id), 0) FROM effects") < trial.told:
            return False  # cheap to ask while it runs; what was rolled back leaves holes
        return await trial.there.value("SELECT count(*) FROM effects") >= trial.told

    async with trial.running("worker"):
        await until(is_taken_in, what="every effect", within=300, pause=0.25)
    row = await trial.there.get_row(RATE, before)
    return row["rows"] / row["seconds"], row["transactions"]


async def _copy(trial: Trial, count: int) -> float:
    """Rows a second into a table of the same shape, emptied afterwards."""
    told = trial.told
    rows = [(event.case_id, event.number, event.words) for event in trial.events(count)]
    trial.told = told  # nobody is told of these
    connection = await connect(trial.there.dsn, application="bench")
    try:
        began = time.perf_counter()
        await connection.copy_records_to_table("copied", records=rows, columns=COPIED)
        seconds = time.perf_counter() - began
        await connection.execute("DELETE FROM copied")
    finally:
        await connection.close()
    return count / seconds


async def _judged(trial: Trial) -> dict[str, float]:
    row = await trial.there.get_row(JUDGED)
    parked = await trial.there.value("SELECT count(*) FROM parked")
    return {
        "told": trial.told,
        "lost": max(0, trial.told - row["effects"]),
        "twice": max(0, row["effects"] - trial.told),
        "out of order": row["out_of_order"],
        "parked": parked,
    }
