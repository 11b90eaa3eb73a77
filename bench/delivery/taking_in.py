"""How fast a worker takes in a backlog: copies of facts, and commands one by one."""

import time

from bench.delivery.run import Run
from chassis.database import connect
from deploy.demo.patience import until

ABOUT = "effects a second while one worker process takes in a backlog"
TABLES = {"copies": "effects", "commands": "obeyed"}
COPIED = ("case_id", "number", "words")

# By the commits: what came before the end of the first one is not known.
RATE = """
    WITH taken AS (
        SELECT pg_xact_commit_timestamp(xmin) AS at, count(*) AS rows
          FROM applications.{table} WHERE id > $1 GROUP BY xmin
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
        SELECT number, lag(number) OVER (PARTITION BY case_id ORDER BY id) AS before
          FROM applications.{table} WHERE id > $1
    )
    SELECT count(*) AS effects,
           count(*) FILTER (WHERE number <> before + 1) AS out_of_order
      FROM ordered
"""


async def measure(run: Run) -> None:
    """One backlog for both kinds of reaction; beside them the same rows by one COPY."""
    for turn in range(1, run.size.rounds + 1):
        await run.ours.fill(run.size.events)
        async with run.ours.running():
            await until(run.ours.empty, what="an empty outbox", within=300)
        for role in TABLES:
            await _take_in(run, turn, role)
        run.note("worker", turn, "copy", rate=await _copy(run))


async def _take_in(run: Run, turn: int, role: str) -> None:
    """Each kind is a consumer of its own, so each finds the whole backlog."""
    table, there = TABLES[role], run.trial.there
    before = await there.value(f"SELECT coalesce(max(id), 0) FROM {table}")
    whole = await run.ours.reader().count()  # the pgbench of other subjects has told some too
    count = whole - await taken_in(run, role)

    async def is_taken_in() -> bool:
        return await taken_in(run, role) >= whole

    async with run.trial.running(role) as running:
        await until(is_taken_in, what="every effect", within=300, pause=0.25)
        used = running.cpu_seconds
    rate = await there.get_row(RATE.format(table=table), before)
    judged = await there.get_row(JUDGED.format(table=table), before)
    parked = await there.value("SELECT count(*) FROM parked")
    run.note(
        "worker", turn, role,
        rate=rate["rows"] / rate["seconds"],
        cpu_ms_per_event=1000 * used / count,
        events_per_transaction=judged["effects"] / rate["transactions"],
        lost=max(0, count - judged["effects"]),
        repeated=max(0, judged["effects"] - count),
        out_of_order=judged["out_of_order"],
        parked=parked,
    )  # fmt: skip


async def taken_in(run: Run, role: str) -> int:
    """How many records this consumer has behind it."""
    return await run.trial.there.value(
        "SELECT coalesce(sum(next_position), 0)::bigint FROM positions WHERE consumer = $1",
        f"applications.{role}",
    )


async def _copy(run: Run) -> float:
    """Rows a second into a table of the same shape, emptied afterwards."""
    made = run.trial.maker.made
    events = run.trial.maker.events(run.size.events)
    run.trial.maker.made = made  # nobody is told of these
    rows = [(event.case_id, event.number, event.words) for event in events]
    connection = await connect(run.trial.there.dsn, application="bench")
    try:
        began = time.perf_counter()
        await connection.copy_records_to_table("copied", records=rows, columns=COPIED)
        seconds = time.perf_counter() - began
        await connection.execute("DELETE FROM copied")
    finally:
        await connection.close()
    return len(rows) / seconds
