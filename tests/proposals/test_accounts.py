"""Accounts: opened once for an address, told to notifications alone."""

import json
from uuid import UUID

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from chassis import clock
from chassis.database import Database
from services.proposals.commands import accounts as commands
from services.proposals.contacts import ALGORITHMS, Contacts
from tests.databases import DatabaseOf

NOTIFICATIONS = ECKey.generate_key("P-256", auto_kid=True)
CONTACTS = Contacts(json.dumps(NOTIFICATIONS.as_dict(private=False)))


@pytest.fixture
async def database(database_of: DatabaseOf) -> Database:
    return await database_of("proposals")


async def open_account(database: Database, address: str, *, university: str = "oxford") -> UUID:
    async with database.transaction() as tx:
        return await commands.open_account(
            tx,
            university=university,
            display_name="Rosa Thistlewood",
            mail_address=address,
            contacts=CONTACTS,
            now=clock.now,
        )


async def cards(database: Database) -> list[dict[str, str]]:
    return await cards_of(database, NOTIFICATIONS)


async def cards_of(database: Database, private_key: ECKey) -> list[dict[str, str]]:
    """The contact cards sent so far, as their one reader sees them."""
    rows = await database.list_rows(
        "SELECT key, topic, value FROM outbox WHERE type LIKE '%ContactCard%' ORDER BY id"
    )
    return [
        {"key": row["key"], "topic": row["topic"]}
        | json.loads(
            jwe.decrypt_compact(
                json.loads(row["value"])["sealed"], private_key, ALGORITHMS
            ).plaintext
        )
        for row in rows
    ]


async def test_account_is_opened_with_a_card_that_notifications_alone_can_read(database):
    person = await open_account(database, "rosa@wren-press.example")

    assert person.version == 4
    assert await cards(database) == [
        {
            "key": str(person),
            "topic": "contacts",
            "name": "Rosa Thistlewood",
            "address": "rosa@wren-press.example",
            "language": "en",
            "zone": "Europe/London",
        }
    ]
    raw = await database.value("SELECT value FROM outbox")
    assert b"Rosa" not in raw
    assert b"wren-press" not in raw


async def test_account_of_an_address_is_opened_once(database):
    first = await open_account(database, "rosa@wren-press.example")
    again = await open_account(database, "Rosa@wren-press.example")

    assert again == first
    assert len(await cards(database)) == 1


async def test_accounts_of_two_universities_are_two(database):
    one = await open_account(database, "rosa@wren-press.example")
    other = await open_account(database, "rosa@wren-press.example", university="queen-mary")

    assert one != other
