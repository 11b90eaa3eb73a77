"""A database for one test: cloned from a template in which every migration has been applied."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit, urlunsplit

from chassis import clock
from chassis.database import Database, connect
from chassis.migrate import folders, migrate
from deploy.local.postgres import as_login, lay_out
from schemas.envelope import Service

LOCK = 4_117_301  # ours alone: whoever makes the template makes the others wait
DEPLOYED = Path(__file__).resolve().parent.parent / "deploy" / "postgres"
SERVICES: tuple[str, ...] = get_args(Service)

DatabaseOf = Callable[[str], Awaitable[Database]]


@asynccontextmanager
async def cloned(admin: str) -> AsyncIterator[str]:
    """The administrator's address of a fresh database, which is dropped afterwards."""
    template = await template_in(admin)
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    await _command(admin, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield _in(admin, name)
    finally:
        await _command(admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@asynccontextmanager
async def empty(admin: str) -> AsyncIterator[str]:
    """The administrator's address of a database in which nothing was migrated, dropped afterwards."""
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    await _command(admin, f'CREATE DATABASE "{name}"')
    try:
        yield _in(admin, name)
    finally:
        await _command(admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[DatabaseOf]:
    """Open pools by service name in one database; all are closed at the end."""
    pools: dict[str, Database] = {}

    async def database_of(service: str) -> Database:
        if service not in pools:
            pools[service] = await Database.open(
                as_login(dsn, service),
                service=service,
                now_sql=clock.sql(production=False),
                role="test",
            )
        return pools[service]

    try:
        yield database_of
    finally:
        for pool in pools.values():
            await pool.close()


async def template_in(admin: str) -> str:
    """The template's name, made if these migrations have none on this server yet.

    It is built under another name and renamed when it is whole, so that a run which was cut off
    leaves no half of one; several runs may share a server.
    """
    name = f"template_{_fingerprint()}"
    connection = await connect(admin, application="tests")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        found = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name)
        if not found:
            building = f"building_{name}"
            await connection.execute(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{building}"')
            await _build(_in(admin, building))
            await connection.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    finally:
        await connection.close()  # which gives the lock back
    return name


async def _build(dsn: str) -> None:
    await lay_out(dsn)
    for service in SERVICES:
        await asyncio.to_thread(migrate, service, as_login(dsn, f"{service}_owner"))


def _fingerprint() -> str:
    """One hash over everything the template is made from."""
    files = {
        file for service in SERVICES for folder in folders(service) for file in folder.glob("*.sql")
    }
    content = hashlib.sha256()
    for file in sorted({*files, *DEPLOYED.glob("*.sql")}):
        content.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return content.hexdigest()[:16]


def _in(dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


async def _command(admin: str, sql: str) -> None:
    connection = await connect(admin, application="tests")
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
