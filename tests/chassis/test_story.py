"""One story from end to end: a request's trace and correlation reach every event that came of it."""

import json

from pydantic import SecretStr

from chassis import outbox, web
from chassis.application import application
from chassis.parts import react
from tests.chassis.delivery import CLOCK, Trial, TrialBegun, begun, judged, until
from tests.chassis.things import SECRET, SIGNING, a_sign_in, client_of

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
RECORDED = "SELECT event_id, headers FROM outbox ORDER BY id"


def routes():
    api = web.api("proposals")

    @api.post("/trials", audience=web.APPLICANT)
    async def begin(door: web.TheDoor):
        async def act(tx):
            await outbox.record(tx, [begun("one")], actor=CLOCK)
            return {}

        return await door.answer(act, status=201)

    return [api]


def app_of(trial: Trial):
    """A front desk that begins trials."""
    known = {
        "cookie_secret": SecretStr(SECRET),
        "signing_public_key": json.dumps(SIGNING.as_dict(private=False)),
    }
    settings = trial.settings("proposals").model_copy(update=known)
    database = trial.databases["proposals"]
    return application(service="proposals", settings=settings, database=database, routes=routes())


async def judge(tx, event: TrialBegun, *, now) -> None:
    """What follows from the beginning of a trial."""
    await outbox.record(tx, [judged(event.trial_id)], actor=CLOCK)


async def test_trace_and_correlation_go_from_a_request_to_the_event_after_the_next(trial: Trial):
    here, there = trial.databases["proposals"], trial.databases["applications"]
    app = app_of(trial)
    told = {"traceparent": TRACE, "x-correlation-id": "a-story-1", "idempotency-key": "k1"}

    async with client_of(app, a_sign_in()) as client:
        answer = await client.post("/api/proposals/v1/trials", headers=told)
    async with trial.relay(), trial.worker({TrialBegun: react(judge)}):
        [second] = await until(
            lambda: there.list_rows(RECORDED), lambda rows: len(rows) == 1, within=40
        )
    [first] = await here.list_rows(RECORDED)

    assert answer.status_code == 201
    assert first["headers"]["traceparent"] == second["headers"]["traceparent"] == TRACE
    assert first["headers"]["ce_correlationid"] == "a-story-1"
    assert second["headers"]["ce_correlationid"] == "a-story-1"
    assert "ce_causationid" not in first["headers"]
    assert second["headers"]["ce_causationid"] == str(first["event_id"])


async def test_a_trace_that_is_none_is_not_passed_on(trial: Trial):
    here = trial.databases["proposals"]
    app = app_of(trial)

    async with client_of(app, a_sign_in()) as client:
        await client.post(
            "/api/proposals/v1/trials",
            headers={"traceparent": "<script>", "idempotency-key": "k1"},
        )

    [row] = await here.list_rows(RECORDED)
    assert "traceparent" not in row["headers"]
