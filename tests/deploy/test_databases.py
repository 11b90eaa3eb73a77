"""Each test has a database of its own, made from the migrations of all four services."""

import asyncio

import pytest

from chassis.database import connect
from deploy.local.postgres import as_login
from tests import databases

SERVICES = ("proposals", "applications", "notifications", "expenses")


@pytest.mark.parametrize("service", SERVICES)
async def test_database_of_a_service_has_the_tables_of_delivery(database_of, service):
    database = await database_of(service)

    assert await database.value("SELECT current_user") == service
    assert await database.value("SELECT count(*) FROM outbox") == 0


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_what_a_test_writes_no_other_test_sees(database_of, turn):
    database = await database_of("expenses")
    assert await database.value("SELECT count(*) FROM sequences") == 0

    async with database.transaction() as tx:
        await tx.execute("INSERT INTO sequences VALUES ('t', 'k', 1)")

    assert await database.value("SELECT count(*) FROM sequences") == 1


async def test_services_of_one_test_share_the_shifted_clock(database_of, database_url):
    admin = await connect(database_url, application="test")
    await admin.execute("UPDATE development.clock SET shift = '1 day'")
    await admin.close()

    shifts = [
        await (await database_of(service)).value("SELECT shift::text FROM development.clock")
        for service in SERVICES
    ]

    assert shifts == ["1 day"] * 4


async def test_template_is_made_once_when_several_ask_at_once(postgres_url):
    names = await asyncio.gather(*(databases.template_in(postgres_url) for _ in range(4)))

    assert len(set(names)) == 1


async def test_database_of_a_test_is_gone_afterwards(postgres_url):
    async with databases.cloned(postgres_url) as dsn:
        name = dsn.rsplit("/", 1)[1]
        assert await _exists(postgres_url, name)

    assert not await _exists(postgres_url, name)


async def _exists(admin: str, name: str) -> bool:
    connection = await connect(admin, application="test")
    found = await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name)
    await connection.close()
    return found == 1


def test_login_of_a_service_keeps_the_servers_address_and_password():
    admin = "postgres://postgres:secret@db.test:5433/postgres?sslmode=require"

    assert as_login(admin, "expenses", database="mine") == (
        "postgres://expenses:secret@db.test:5433/mine?sslmode=require"
    )
