"""Databases in which people have lived, by the services' own commands, hold no breach."""

from chassis.checking import look, rules_of
from services.applications.main import SERVICE as APPLICATIONS
from services.expenses.main import SERVICE as EXPENSES
from tests.applications import known
from tests.applications.choosing import MONDAY_NOON
from tests.applications.way import API, a_way
from tests.doors import travel
from tests.expenses.claiming import API as CLAIMS
from tests.expenses.claiming import a_museum

WEEKS_AWAY = {"I15"}  # applications planted by the fixture with facts that no rule has judged


async def breaches_of(parts, database, *, but=frozenset()):
    """What is found, every rule judged."""
    judged = await look(database, rules_of(parts), patience="20s")
    assert [each.rule.rule_id for each in judged if each.found is None] == []
    return [
        (breach.rule.rule_id, breach.subject, breach.state)
        for each in judged
        for breach in each.found
        if each.rule.rule_id not in but
    ]


async def test_round_chosen_told_and_answered_holds_no_breach(doors_of, database_url):
    way = await a_way(doors_of, database_url, places=2)
    await way.ranks("ada", "ben", "cleo")
    await travel(database_url, MONDAY_NOON)
    assert (await way.tells()).status_code < 300
    ada, ben = await way.offer_of("ada"), await way.offer_of("ben")
    taken = await way.student("ada").post(
        f"{API}/offers/{ada['offer_id']}/accept", {"conduct_agreed": True}
    )
    declined = await way.student("ben").post(f"{API}/offers/{ben['offer_id']}/decline", {})
    await way.loop()

    assert (taken.status_code, declined.status_code) == (200, 200), (taken.text, declined.text)
    assert await breaches_of(APPLICATIONS, way.doors.database, but=WEEKS_AWAY) == []


async def test_claim_sent_and_decided_holds_no_breach(doors_of, database_url):
    museum = await a_museum(await doors_of("expenses"), database_url)
    claim_id = await museum.sent_claim({"kind": "lunch"}, {"date": "2024-03-12"})
    decided = await museum.host.post(f"{CLAIMS}/claims/{claim_id}/decide", {})

    assert decided.status_code == 200, decided.text
    assert await breaches_of(EXPENSES, museum.doors.database) == []


async def test_vacancy_just_told_holds_no_breach(database_of):
    database = await database_of("applications")
    await known.told(database)

    assert await breaches_of(APPLICATIONS, database) == []
