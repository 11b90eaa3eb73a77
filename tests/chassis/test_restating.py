"""Facts told anew are copied by readers and followed by nothing, and no change overtakes them."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from chassis import outbox, restating
from chassis.database import Database, Transaction
from chassis.inbox import take_in
from chassis.parts import Ended, Parts, Restatement
from chassis.positions import Position
from chassis.records import Record
from schemas.envelope import Event, new_id
from tests.chassis.answering import KNOWS_AND_ACTS, OPERATOR
from tests.chassis.delivery import CLOCK, Trial, TrialBegun, begun, effects, record, until
from tests.command_line import CommandLine
from tests.databases import DatabaseOf
from tests.retelling import SERVICES, parts_of

EVERY_CASE = """
    SELECT key::uuid FROM sequences
     WHERE topic = 'proposals.events' AND key::uuid > $1 ORDER BY key::uuid LIMIT $2
"""
ROWAN = {"OPERATOR": "Rowan Quill"}
WORDS = ("restate", "contacts", "--reason", "the topic was lost")


async def as_last_told(tx: Transaction, keys: list[UUID]) -> list[Event | Ended]:
    """What is so of a case: what it was last told to be, by whoever has committed."""
    rows = await tx.list_rows(
        """
        SELECT DISTINCT ON (key) key, value FROM outbox
         WHERE key = ANY ($1::text[]) ORDER BY key, sequence DESC
        """,
        [str(key) for key in keys],
    )
    found = [TrialBegun.model_validate_json(row["value"]) for row in rows]
    return [begun(one.trial_id, one.number, one.words) for one in found]


KIND = {"trials": Restatement(EVERY_CASE, lambda _: as_last_told)}


async def restate(trial: Trial) -> list[tuple[int, int]]:
    parts: Parts = trial.parts("proposals", restatements=KIND)
    steps = restating.restate(
        parts,
        trial.settings("proposals"),
        trial.databases["proposals"],
        "trials",
        actor=OPERATOR,
        reason="a copy was lost",
    )
    return [step async for step in steps]


async def copied(database: Database) -> dict[str, str]:
    rows = await database.list_rows("SELECT trial_id, words FROM trials")
    return {row["trial_id"]: row["words"] for row in rows}


async def test_readers_copy_what_is_told_anew_and_do_nothing_else(trial: Trial):
    front, reader = trial.databases["proposals"], trial.databases["applications"]
    cases = [str(new_id()) for _ in range(3)]
    async with trial.relay(), trial.worker(KNOWS_AND_ACTS):
        await record(front, *(begun(case, 1, "so it is") for case in cases))
        await until(lambda: effects(reader), lambda seen: len(seen) == 3, within=40)
        await reader.value(
            "WITH lost AS (DELETE FROM trials RETURNING 1) SELECT count(*) FROM lost"
        )

        assert await restate(trial) == [(3, 3)]
        await until(lambda: copied(reader), lambda seen: len(seen) == 3, within=40)
        await record(front, begun(cases[0], 2, "and now so"))
        await until(lambda: effects(reader), lambda seen: len(seen) > 3, within=40)

    assert await copied(reader) == dict.fromkeys(cases, "so it is") | {cases[0]: "and now so"}
    assert len(await effects(reader)) == 4  # the three first, and the one that is news
    acts = await front.list_rows("SELECT act, subject, reason, operator FROM audit ORDER BY id")
    assert [row for row in acts if row["act"] != "TrialBegun"] == [
        {"act": "Restate", "subject": "trials", "reason": "a copy was lost", "operator": "Ada"}
    ]
    assert len(acts) == 5


async def test_a_change_that_is_not_committed_yet_is_waited_for(trial: Trial):
    front, case = trial.databases["proposals"], str(new_id())
    await record(front, begun(case, 1, "old"))

    async with front.transaction() as tx:
        await outbox.record(tx, [begun(case, 2, "new")], actor=CLOCK)
        telling = asyncio.ensure_future(restate(trial))
        await asyncio.sleep(0.5)
        assert not telling.done()
    await telling

    rows = await front.list_rows(
        "SELECT sequence, headers ? 'ce_restated' AS is_anew, value FROM outbox ORDER BY sequence"
    )
    told = [(row["sequence"], row["is_anew"]) for row in rows]
    assert told == [(1, False), (2, False), (3, True)]
    assert TrialBegun.model_validate_json(rows[-1]["value"]).words == "new"


@pytest.mark.parametrize("is_restated", [True, False])
async def test_what_is_told_anew_stands_for_what_a_log_has_forgotten(
    database_of: DatabaseOf, trial: Trial, is_restated: bool
):
    """On a broker that lost its disk an old case may begin with what its owner tells anew."""
    reader, consumer = trial.databases["applications"], trial.consumer(KNOWS_AND_ACTS)
    _, topic, key, _, headers, value = outbox._row(begun(str(new_id()), 1, "old"))
    more = {"ce_sequence": "7"} | ({"ce_restated": "true"} if is_restated else {})
    encoded = tuple((name, text.encode()) for name, text in (headers | more).items())
    at = begun("any").occurred_at
    seventh = Record(topic, 0, 0, at, key.encode(), encoded, value)

    async with reader.transaction() as tx:
        await tx.execute(
            "INSERT INTO positions (consumer, topic, partition, next_position) VALUES ($1, $2, 0, 0)",
            consumer.name,
            topic,
        )
        taken = await take_in(tx, consumer, [seventh], {seventh.place: Position()})

    [(_, outcome)] = taken.intake.counts
    assert outcome == ("handled" if is_restated else "waiting")
    assert await effects(reader) == []


async def test_a_run_that_was_killed_goes_on_and_one_that_ended_is_repeated_when_asked(
    database_of: DatabaseOf, database_url: str, tmp_path: Path
):
    front = await database_of("proposals")
    async with front.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO accounts (
                university, person_ref, origin, display_name, mail_address, language
            )
            SELECT 'oxford', gen_random_uuid(), 'mail', 'Rosa', n || '@wren-press.example', 'en'
              FROM generate_series(1, 450) AS n
            """
        )
    proposals = CommandLine("proposals", database_url)
    (tmp_path / "restate.half").write_text("kill")

    unknown = await proposals("restate", "weather", "--reason", "why not", **ROWAN)
    nobody = await proposals(*WORDS)
    looked = await proposals("restate", "contacts", "--dry-run")
    killed = await proposals(*WORDS, **ROWAN, FAILPOINTS=str(tmp_path))
    half = await proposals("restate", "contacts", "--dry-run")
    ended = await proposals(*WORDS, **ROWAN)
    idle = await proposals(*WORDS, **ROWAN)

    assert (unknown.code, nobody.code) == (64, 64)
    assert looked.out == "450 contacts to be told anew, 0 facts told so far\n"
    assert killed.code == -9
    assert half.out == "250 contacts to be told anew, 200 facts told so far\n"
    assert (ended.code, ended.out) == (0, "450 told anew\n")
    assert idle.code == 0
    assert "nothing to do" in idle.out
    assert await front.get_row(
        "SELECT count(*) AS cards, count(DISTINCT key) AS people FROM outbox"
    ) == {"cards": 450, "people": 450}
    assert await front.value("SELECT count(*) FROM audit WHERE act = 'Restate'") == 2

    again = await proposals(*WORDS, "--anew", **ROWAN)

    assert (again.code, again.out) == (0, "450 told anew\n")
    assert await front.value("SELECT count(*) FROM outbox") == 900


def test_whatever_is_copied_can_be_told_anew_by_its_owner():
    copied = {
        told for service in SERVICES for kept in parts_of(service).copies for told in kept.told_by
    }
    restated = {(service, kind) for service in SERVICES for kind in parts_of(service).restatements}

    assert copied == restated
