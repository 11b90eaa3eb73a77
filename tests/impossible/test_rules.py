"""Every rule finds its planted breach, and nothing else; a schema that forbids it is seen to."""

import asyncio
from importlib import import_module

import pytest

from chassis import clock, impossible
from chassis.checking import ASK, MOST, look, rules_of
from chassis.database import CheckViolation, UniqueViolation
from tests.databases import SERVICES, cloned
from tests.impossible import applications, delivery, expenses, notifications, proposals
from tests.impossible.planting import plant_in, undone

PLANTS = (
    *delivery.PLANTS,
    *proposals.PLANTS,
    *applications.PLANTS,
    *notifications.PLANTS,
    *expenses.PLANTS,
)
LOADED_AT = clock.real_now()
"""When these tables were made: they say how long ago something was, and a run takes its time."""
FORBIDDEN = [one for one in PLANTS if one.loosen]
ACROSS = {"I18", "I21", "I24", "I31"}
EVERY = {f"I{number}" for number in range(1, 33)}


@pytest.fixture(scope="module")
def soil(postgres_url):
    """One migrated database for all of them: each plants in a transaction that is undone."""
    with asyncio.Runner() as runner:
        database = cloned(postgres_url)
        yield runner.run(database.__aenter__())
        runner.run(database.__aexit__(None, None, None))


def parts_of(service):
    return import_module(f"services.{service}.main").SERVICE


async def found(database, service):
    """What each rule of a service finds, by rule; every one of them must be judged."""
    judged = await look(database, rules_of(parts_of(service)), patience="20s")
    assert [each.rule.rule_id for each in judged if each.found is None] == []
    by_rule = {}
    for each in judged:
        by_rule.setdefault(each.rule, set()).update(breach.subject for breach in each.found)
    return by_rule


@pytest.mark.parametrize("planted", PLANTS, ids=str)
async def test_planted_breach_is_found(planted, soil):
    async with undone(soil, planted.service) as connection:
        rows = [*planted.innocent, *planted.rows]
        late = clock.real_now() - LOADED_AT
        await plant_in(connection, planted.service, rows, loosen=planted.loosen, late=late)
        sql = ASK.format(query=planted.rule.query, most=MOST)

        breaches = await connection.fetch(sql, clock.real_now())

    assert {breach["subject"] for breach in breaches} == planted.finds
    assert all(breach["state"] is not None for breach in breaches)


@pytest.mark.parametrize("planted", FORBIDDEN, ids=str)
async def test_breach_is_forbidden_by_the_schema(planted, soil):
    async with undone(soil, planted.service) as connection:
        with pytest.raises((CheckViolation, UniqueViolation)):
            await plant_in(connection, planted.service, [*planted.innocent, *planted.rows])


@pytest.mark.parametrize("service", SERVICES)
async def test_fresh_schema_holds_no_breach(service, database_of):
    by_rule = await found(await database_of(service), service)

    assert {rule: subjects for rule, subjects in by_rule.items() if subjects} == {}


def test_every_rule_is_planted():
    planted = {(one.service, one.rule) for one in PLANTS}
    shared = {("expenses", rule) for rule in impossible.SHARED}
    own = {(name, rule) for name in SERVICES for rule in parts_of(name).impossible}

    assert planted == shared | own


def test_every_rule_of_the_design_is_judged_somewhere():
    judged = {rule.rule_id for name in SERVICES for rule in rules_of(parts_of(name))} | ACROSS

    assert judged == EVERY
    assert {each.rule_id for each in impossible.NOT_YET} <= EVERY
