"""The office's pages of applying: a cycle at a glance, and releasing by a dry run."""

import re
from collections.abc import Awaitable, Callable

import pytest

from chassis import clock
from chassis.actor import Role
from services.applications.deadlines.rounds import close_rounds
from tests.applications.known import AFTER, TERM, told
from tests.applications.test_applying import submitted
from tests.doors import Doors, events_recorded, travel

DoorsOf = Callable[..., Awaitable[Doors]]
HERE = "/office/applications"


@pytest.fixture
async def doors(doors_of: DoorsOf, database_url: str) -> Doors:
    """Two vacancies after midday: one has an application, nobody applied to the other."""
    doors = await doors_of("applications")
    await travel(database_url, TERM)
    wanted = await told(doors.database, title="Catalogue weather diaries")
    await told(doors.database, title="Map the readers")
    await submitted(doors.student(), wanted)
    await travel(database_url, AFTER)
    await close_rounds(doors.database, now=clock.now)
    return doors


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


async def test_cycle_at_a_glance_says_what_to_do_first(doors: Doors):
    page = await doors.office().get(HERE)

    assert page.status_code == 200
    assert "Hilary 2024" in page.text
    assert page.text.count("Send the applications to the host") >= 2
    assert 'role="img"' in page.text
    assert "These numbers as a table" in page.text


async def test_release_is_shown_before_it_is_done(doors: Doors):
    office = doors.office()

    dry = await office.form(f"{HERE}/releases/check", {"which": "all"})
    assert "Nothing has been done yet." in dry.text
    assert "Nobody applied" in dry.text
    assert await events_recorded(doors.database) == [
        "ApplicationSubmitted", "ApplicationsClosed", "ApplicationsClosed"
    ]  # fmt: skip
    fields = {
        "round": hidden(dry.text, "round"),
        "fingerprint": hidden(dry.text, "fingerprint")[0],
        "reason": "The round is closed",
    }
    done = await office.form(f"{HERE}/releases", fields)
    again = await office.form(f"{HERE}/releases", fields)

    assert "What was done" in done.text
    assert again.status_code == 409
    assert "2 of 2 have changed since" in again.text
    assert (await events_recorded(doors.database))[-2:] == ["ApplicationsReleased"] * 2
    reasons = await doors.database.list_rows(
        "SELECT DISTINCT reason FROM audit WHERE act = 'ApplicationsReleased'"
    )
    assert [row["reason"] for row in reasons] == ["The round is closed"]


async def test_release_asks_for_a_choice_and_a_reason(doors: Doors):
    office = doors.office()
    none = await office.form(f"{HERE}/releases/check", {"which": "ticked"})
    dry = await office.form(f"{HERE}/releases/check", {"which": "all"})
    fields = {
        "round": hidden(dry.text, "round"),
        "fingerprint": hidden(dry.text, "fingerprint")[0],
        "reason": " ",
    }
    unreasoned = await office.form(f"{HERE}/releases", fields)

    assert none.status_code == 422
    assert "Choose at least one vacancy." in none.text
    assert unreasoned.status_code == 422
    assert "Say why, for the record." in unreasoned.text


async def test_who_only_reads_does_not_release(doors: Doors):
    auditor = doors.office(Role.AUDITOR)

    assert (await auditor.get(HERE)).status_code == 200
    assert (await auditor.form(f"{HERE}/releases", {})).status_code == 403
    assert (await doors.student().get(HERE)).status_code == 403
