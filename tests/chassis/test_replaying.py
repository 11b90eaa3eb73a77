"""A replay copies and does nothing else, and leaves no older fact in place of a newer one (P3, P20)."""

import asyncio
import os
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis import replaying
from chassis.clock import real_now
from tests.chassis.answering import KNOWS_AND_ACTS, OPERATOR
from tests.chassis.delivery import Trial, begun, effects, record, until
from tests.proposals.test_proposals_settings import ENVIRON


async def told(trial: Trial) -> tuple[datetime, datetime]:
    """Three cases, each told twice; the instants around the first half."""
    front = trial.databases["proposals"]
    began = real_now() - timedelta(seconds=1)
    async with trial.relay(), trial.worker(KNOWS_AND_ACTS):
        await record(front, *(begun(f"case-{n}", 1, "old") for n in range(3)))
        await until(lambda: effects(trial.databases["applications"]), lambda seen: len(seen) == 3)
        await asyncio.sleep(1)
        between = real_now()
        await asyncio.sleep(1)
        await record(front, *(begun(f"case-{n}", 2, "new") for n in range(3)))
        await until(lambda: effects(trial.databases["applications"]), lambda seen: len(seen) == 6)
    return began, between


async def replay(trial: Trial, since: datetime, until: datetime, **more: Any) -> replaying.Replayed:
    return await replaying.replay(
        trial.parts("applications", KNOWS_AND_ACTS),
        trial.settings("applications"),
        trial.databases["applications"],
        since=since,
        until=until,
        **({"actor": OPERATOR, "reason": "rows were lost"} | more),
    )


async def known(trial: Trial) -> dict[str, str]:
    rows = await trial.databases["applications"].list_rows("SELECT * FROM trials")
    return {row["trial_id"]: row["words"] for row in rows}


async def test_replay_of_an_old_stretch_brings_copies_up_to_now_and_acts_on_nothing(trial: Trial):
    """`bad_input[155]`: run twice, the second run has no effect, and neither sends a mail."""
    back = trial.databases["applications"]
    began, between = await told(trial)
    async with back.transaction() as tx:
        await tx.execute("DELETE FROM trials WHERE trial_id <> 'case-2'")

    counted = await replay(trial, began, between, actor=None)
    untouched = await known(trial)
    first = await replay(trial, began, between)
    second = await replay(trial, began, between)

    assert untouched == {"case-2": "new"}
    assert counted == first == second == replaying.Replayed(events=6, cases=3)
    assert await known(trial) == dict.fromkeys(["case-0", "case-1", "case-2"], "new")
    assert len(await effects(back)) == 6
    assert await back.value("SELECT count(*) FROM outbox") == 0
    assert await back.value("SELECT count(*) FROM audit WHERE act = 'Replay'") == 2


async def test_case_of_which_something_is_parked_is_left_out(trial: Trial):
    back = trial.databases["applications"]
    began, _ = await told(trial)
    async with back.transaction() as tx:
        await tx.execute("DELETE FROM trials")
        await tx.execute(
            """
            INSERT INTO parked (
                consumer, topic, partition, position, record_at, key, headers, status, reason
            ) VALUES ('applications.trials', 'proposals.events', 0, 9, now(), 'case-1', '[]',
                      'parked', 'handler')
            """
        )

    done = await replay(trial, began, real_now())

    assert (done.cases, done.left_out) == (2, 1)
    assert sorted(await known(trial)) == ["case-0", "case-2"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="bad_input[154]"),
        ["--from", "2027-03-01T11:00:00Z"],
        ["--from", "2027-03-01T11:00:00Z", "--to", "2027-03-01T10:00:00Z"],
        ["--from", "yesterday", "--to", "2027-03-01T10:00:00Z"],
        ["--from", "2027-03-01T09:00:00Z", "--to", "2027-03-01T10:00:00Z", "--consumer", "other"],
        ["--from", "2027-03-01T09:00:00Z", "--to", "2027-03-01T10:00:00Z"],  # no reason
    ],
)
async def test_replay_that_was_not_meant_like_this_ends_with_64(words: list[str]):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.proposals", "replay", *words,
        env=os.environ | ENVIRON, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()

    assert process.returncode == 64
    assert said.decode().count("\n") == 1
