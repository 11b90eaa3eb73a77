"""What two services of a trial do about each other's events, and the operator who sets them right."""

from typing import Any

from chassis import outbox
from chassis.actor import Actor, Role
from chassis.clock import Clock
from chassis.parts import Reactions, project, react
from tests.chassis.delivery import CLOCK, TrialBegun, TrialJudged, begun, effect, judged

OPERATOR = Actor(None, "", frozenset({Role.SUPPORT}), name="Ada")


async def judge(tx: Any, event: TrialBegun, *, now: Clock) -> None:
    """An ordinary command in answer: run twice, it would be told twice."""
    await effect(tx, event)
    await outbox.record(tx, [judged(event.trial_id)], actor=CLOCK)


async def note(tx: Any, event: TrialJudged) -> None:
    await effect(tx, begun(event.trial_id))


async def know(tx: Any, event: TrialBegun) -> None:
    """A copy of the newest words."""
    await tx.execute(
        "INSERT INTO trials (trial_id, words) VALUES ($1, $2)"
        " ON CONFLICT (trial_id) DO UPDATE SET words = excluded.words",
        event.trial_id,
        event.words,
    )


async def act(tx: Any, event: TrialBegun, *, now: Clock) -> None:
    await effect(tx, event)


EFFECTS: Reactions = {TrialBegun: project(effect)}
JUDGES: Reactions = {TrialBegun: react(judge)}
NOTES: Reactions = {TrialJudged: project(note)}
KNOWS_AND_ACTS: Reactions = {TrialBegun: (project(know), react(act))}
