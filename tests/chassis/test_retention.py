"""What is no longer needed goes, in small bites; what may still be needed stays, however old."""

from uuid import uuid4

import pytest

from chassis import retention
from chassis.database import Database
from tests.chassis.delivery import Trial, begun, record

PARKED = """
    INSERT INTO parked (
        consumer, topic, partition, position, record_at, key, headers, status, reason,
        first_failed_at, last_failed_at, resolved_at
    )
    SELECT 'proposals.trials', 'a', 0, n, now(), status::bytea, '[]', status, 'schema',
           clock_timestamp() - interval '90 days', clock_timestamp() - interval '90 days',
           clock_timestamp() - ago::interval
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (status, ago, n)
"""


async def heard_days_ago(database: Database, *days: int) -> None:
    for ago in days:
        await database.value(
            """
            INSERT INTO inbox (
                consumer, source, event_id, value_hash, topic, partition, position, processed_at
            )
            VALUES (
                'proposals.trials', 'a', $1, '', 'a', 0, 0,
                clock_timestamp() - make_interval(days => $2)
            )
            """,
            uuid4(),
            ago,
        )


async def test_each_kind_goes_after_its_own_term(trial: Trial):
    here = trial.databases["proposals"]
    await heard_days_ago(here, 59, 61)
    for ago in (6, 8):
        await here.value(
            """
            INSERT INTO commands (
                actor, idempotency_key, request_hash, status, response, created_at
            )
            VALUES ('a', $1, '', 200, '', clock_timestamp() - make_interval(days => $2))
            """,
            f"{ago} days old",
            ago,
        )

    await retention.delete_old_rows(trial.settings("proposals"), here)

    ages = "SELECT extract(day FROM clock_timestamp() - processed_at)::int AS age FROM inbox"
    assert [row["age"] for row in await here.list_rows(ages)] == [59]
    keys = await here.list_rows("SELECT idempotency_key FROM commands")
    assert [row["idempotency_key"] for row in keys] == ["6 days old"]


async def test_what_nobody_has_resolved_stays_however_long_ago_it_failed(trial: Trial):
    here = trial.databases["proposals"]
    given = {
        "parked": None,
        "blocked": None,
        "redriven": "61 days",
        "discarded": "59 days",
    }
    await here.value(PARKED, [*given], [*given.values()])

    await retention.delete_old_rows(trial.settings("proposals"), here)

    left = await here.list_rows("SELECT status FROM parked ORDER BY id")
    assert [row["status"] for row in left] == ["parked", "blocked", "discarded"]


async def test_row_that_was_never_published_stays_whatever_its_age(trial: Trial):
    here = trial.databases["proposals"]
    await record(here, begun("old"))
    async with here.transaction() as tx:
        await tx.execute("UPDATE outbox SET recorded_at = clock_timestamp() - interval '1 year'")

    await retention.delete_old_rows(trial.settings("proposals"), here)

    assert await here.value("SELECT count(*) FROM outbox") == 1


async def test_goes_in_small_bites_a_transaction_each(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
):
    here = trial.databases["proposals"]
    monkeypatch.setattr(retention, "AT_ONCE", 10)
    await heard_days_ago(here, *[70] * 25)
    bites: list[int] = []
    transaction = here.transaction

    def counted():
        bites.append(1)
        return transaction()

    monkeypatch.setattr(here, "transaction", counted)
    await retention.delete_old_rows(trial.settings("proposals"), here)

    assert await here.value("SELECT count(*) FROM inbox") == 0
    assert len(bites) == 3 + 4  # three of the inbox, one look at each other table
