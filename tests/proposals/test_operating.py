"""The operator's own command of the front desk, on its command line."""

import asyncio
import os
import sys

from chassis import clock
from deploy.local.postgres import as_login
from services.proposals.commands import accounts as commands
from services.proposals.contacts import Contacts
from tests import doors
from tests.proposals.test_accounts import cards_of
from tests.proposals.test_proposals_settings import ENVIRON


async def test_contact_cards_are_restated_from_the_command_line(database_of, database_url):
    database = await database_of("proposals")
    async with database.transaction() as tx:
        await commands.open_account(
            tx,
            university="oxford",
            display_name="Rosa Thistlewood",
            mail_address="rosa@wren-press.example",
            contacts=Contacts(doors.OWN_SETTINGS["contacts_public_key"]),
            now=clock.now,
        )
    environ = ENVIRON | {"DATABASE_URL": as_login(database_url, "proposals")}
    words = ("-m", "services.proposals", "restate", "contacts", "--reason", "the topic was lost")
    words += ("--as", "Rowan Quill")

    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=os.environ | environ, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()

    assert (process.returncode, said.decode()) == (0, "1 told anew\n")
    assert len(await cards_of(database, doors.CONTACTS_KEY)) == 2
    kept = await database.get_row("SELECT role, operator, reason FROM audit WHERE act = 'Restate'")
    assert kept == {
        "role": "support",
        "operator": "Rowan Quill",
        "reason": "the topic was lost",
    }
