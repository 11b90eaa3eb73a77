"""`check` on the command line: 0 where nothing is found, 65 where something is, and nothing is changed."""

import json

from tests.command_line import CommandLine
from tests.impossible.applications import made, word
from tests.impossible.planting import ago, ident, plant


async def test_check_lists_breaches_and_ends_with_65(database_url, database_of):
    applications = CommandLine("applications", database_url)
    clean = await applications("check")
    await plant(
        database_url, "applications", [word(), made("forgotten", respond_by_at=ago(minutes=6))]
    )

    said = await applications("check", "--json")

    assert (clean.code, clean.out) == (0, "Nothing.\n"), clean.error
    assert said.code == 65, said.error
    (breach,) = json.loads(said.out)
    assert (breach["rule"], breach["subject"]) == ("I9", f"offer {ident('forgotten')}")
    assert await (await database_of("applications")).value("SELECT count(*) FROM breaches") == 0


async def test_check_across_needs_the_auditors_login(database_url):
    said = await CommandLine("applications", database_url)("check", "--across")

    assert said.code == 78
    assert "AUDITOR_DATABASE_URL" in said.error
