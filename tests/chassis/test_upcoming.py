"""What time will do next: named by deadline, nearest first, for each service."""

import json
import re
from datetime import timedelta
from typing import get_args

import pytest

from chassis import upcoming
from chassis.clock import real_now
from schemas.envelope import Service
from services.readmes import parts_of
from tests.command_line import CommandLine

HOUSEKEEPING = {"forget_sign_ins", "forget_old_words"}
"""They delete what was kept long enough: nobody waits for that instant."""
A_PROGRAMME = (
    """
    INSERT INTO programmes
    VALUES ('018d2f00-0000-7000-8000-000000000001', 'oxford', 'students', 'Micro', 1, now())
    """,
    "INSERT INTO rule_sets VALUES ('018d2f00-0000-7000-8000-000000000001', 1, '{}', now())",
)
A_CYCLE = """
    INSERT INTO cycles (
        cycle_id, university, programme_id, slug, name, status, rule_set_version, dates,
        proposals_open_at, proposals_close_at, starts_on, ends_on, zone
    ) VALUES (
        $1, 'oxford', '018d2f00-0000-7000-8000-000000000001', $1::uuid::text, 'A cycle',
        'published', 1, '{}', $2, $2::timestamptz + interval '7 days', '2099-01-01', '2099-02-01',
        'Europe/London'
    )
"""


@pytest.mark.parametrize("service", get_args(Service))
async def test_every_deadline_of_a_service_is_asked(service, database_of):
    parts = parts_of(service)
    named = set(re.findall(r"'([a-z]+(?:_[a-z]+)+)'(?: AS deadline|,)", parts.upcoming))

    assert {each.__name__ for each in parts.deadlines} - HOUSEKEEPING <= named
    rows = await upcoming.list_upcoming(
        await database_of(service), parts, within=timedelta(days=365), most=10
    )
    assert rows == []


async def test_instants_are_listed_with_their_ids_nearest_first(database_of, database_url):
    database = await database_of("proposals")
    soon, later = real_now() + timedelta(hours=2, minutes=5, seconds=20), timedelta(days=3)
    async with database.transaction() as tx:
        for statement in A_PROGRAMME:
            await tx.execute(statement)
        for number, at in enumerate((soon, soon + later, soon - timedelta(hours=3))):
            await tx.execute(A_CYCLE, f"018d2f00-0000-7000-8000-00000000000{number}", at)
    proposals = CommandLine("proposals", database_url)

    told = (await proposals("due")).out.splitlines()
    ahead = json.loads((await proposals("due", "--within", "7d", "--json")).out)
    badly = await proposals("due", "--within", "soon")

    assert [re.sub(r" \d+ s", "", line.split("  ")[1]) for line in told] == [
        "when=late by 54 min",
        "when=in 2 h 5 min",
    ]
    assert [row["deadline"] for row in ahead] == ["move_cycles"] * 3
    assert [row["id"][-1] for row in ahead] == ["2", "0", "1"]
    assert badly.code == 64
