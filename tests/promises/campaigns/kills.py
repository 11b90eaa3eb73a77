"""P1, P2, P24, P28, P29, P33: whatever is killed, nothing is lost, doubled, half done or stuck.

Web, relay, worker, broker and Postgres are killed, told to end, or frozen, one every two to eight
seconds, while clients go on living the programme. With three brokers each record is on three of them,
and the house goes on without any one.
"""

from pathlib import Path
from typing import Any

from tests.promises.gates import AtLeast, AtMost
from tests.promises.scheduler import Played, drawn, play
from tests.promises.siege import CLEAN, COMES_TO_REST, siege
from tests.promises.stage import stage

PROMISES = "P1, P2, P24, P28, P29, P33"
COMMANDS = {"smoke": 500, "full": 3_000, "release": 20_000}
KILLS = {"smoke": 8, "full": 40, "release": 150}
SECONDS = {"smoke": 240.0, "full": 720.0, "release": 2.5 * 3600}


def gates(profile: str) -> dict[str, Any]:
    """Nothing amiss, all that was to be tried was tried, and everything came back in time."""
    return {
        **CLEAN,
        "commands": AtLeast(COMMANDS[profile]),
        "faults": AtLeast(KILLS[profile]),
        "recovery_service_lag_p99": AtMost(30),
        "recovery_service_accepted_p99": AtMost(30),
        "recovery_server_lag_p99": AtMost(60),
        "recovery_server_accepted_p99": AtMost(60),
    }


async def run(profile: str, seed: int, folder: Path, *, brokers: int = 1) -> dict[str, Any]:
    """Play one schedule of faults, and tell what was left of it."""
    commands = COMMANDS[profile]
    async with (
        stage(folder / "stage", brokers=brokers) as on,
        siege(on, seed=seed, commands=commands) as under,
    ):
        schedule = drawn(seed, KILLS[profile])
        seconds = sum(fault.after for fault in schedule)
        played: list[Played] = await under.load(
            commands,
            lambda: play(schedule, on, under.history, when_healed=under.recoveries.begin),
            rate=commands / seconds,
        )
        await under.recoveries.are_over(within=120)
        await under.rests(within=COMES_TO_REST[profile])
        figures = await under.judged()
    return {**figures, **counted(played), "brokers": brokers}


def counted(played: list[Played]) -> dict[str, Any]:
    """How many faults there were, of which kind, of whom."""
    kinds = ("kill", "term", "freeze")
    roles = sorted({one.fault.role for one in played})
    hits = [(one.fault.role, one.fault.kind) for one in played]
    table = [{"role": role, **{kind: hits.count((role, kind)) for kind in kinds}} for role in roles]
    return {"faults": len(played), "faults_by_role": table}
