"""One service's login cannot read another's table: tried with psql's own words, on the running stack."""

import asyncpg
import pytest

from deploy.local.postgres import as_login
from deploy.local.services import SERVICES


@pytest.mark.parametrize("reader", SERVICES)
async def test_no_login_reads_anothers_schema(addresses: dict[str, str], reader: str):
    connection = await asyncpg.connect(as_login(addresses["database"], reader))
    try:
        assert await connection.fetchval(f"SELECT count(*) >= 0 FROM {reader}.outbox")
        for owner in SERVICES:
            if owner != reader:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetchval(f"SELECT count(*) FROM {owner}.outbox")
    finally:
        await connection.close()


async def test_no_login_moves_the_clock(addresses: dict[str, str]):
    connection = await asyncpg.connect(as_login(addresses["database"], "applications"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE development.clock SET shift = '1 day'")
    finally:
        await connection.close()
