"""What brings processes to the boundaries that ordinary load does not pass.

To add one: a coroutine that takes an `Arming` and goes on until its pairs have felled enough, and its
line in `ALONGSIDE` (while the load runs) or `OPERATORS` (commands of an operator, run for it).
"""

import asyncio
import os
import sys
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer  # pyright: ignore[reportMissingTypeStubs]

from chassis.database import connect
from deploy.local import postgres
from deploy.local.services import SERVICES
from deploy.local.settings import ROOT
from schemas.envelope import Service
from tests.promises.arming import Arming, fallen

EVERY = 1.0
OPERATOR_WITHIN = 60.0
REVOKED, PARKED = ("worker.revoked", "worker"), ("worker.parked", "worker")
PARK_AGAIN = """
    INSERT INTO applications.parked
           (consumer, topic, partition, position, record_at, key, type, sequence, headers, value,
            status, reason)
    SELECT 'applications.facts', topic, 0, -id - $2, clock_timestamp(), convert_to(key, 'UTF8'),
           type, sequence,
           (SELECT jsonb_agg(jsonb_build_array(name, encode(convert_to(value, 'UTF8'), 'base64')))
              FROM jsonb_each_text(headers) AS each (name, value)),
           value, CASE WHEN rank = 1 THEN 'parked' ELSE 'blocked' END, 'planted'
      FROM (SELECT *, row_number() OVER (ORDER BY sequence) AS rank
              FROM proposals.outbox
             WHERE topic = 'proposals.events' AND key = $1
             ORDER BY sequence
             LIMIT 2) AS told
"""
A_KEY = """
    SELECT key FROM proposals.outbox
     WHERE topic = 'proposals.events' AND published_at < clock_timestamp() - interval '5 seconds'
     GROUP BY key HAVING count(*) >= 2
     ORDER BY key OFFSET $1 LIMIT 1
"""


async def rebalance(arming: Arming) -> None:
    """A member without a lasting place joins each group, and leaves: partitions are taken away."""
    number = 0
    while arming.open_pairs([REVOKED]):
        number += 1
        service: Service = SERVICES[number % len(SERVICES)]
        name = f"{service}-guest-{number}"
        await arming.on.add_worker(service, name)
        await asyncio.sleep(EVERY)
        await arming.on.end(name)
        await asyncio.sleep(EVERY)


async def poison(arming: Arming) -> None:
    """A record that nobody can read, on a key of its own, so that nothing is kept behind it."""
    addresses = arming.on.addresses
    producer: Any = AIOKafkaProducer(bootstrap_servers=addresses.bootstrap)
    await producer.start()
    try:
        while arming.open_pairs([PARKED]):
            topic = arming.source.choice(("proposals.events", "applications.events"))
            key = f"poison-{uuid.uuid4()}".encode()
            await producer.send_and_wait(f"{addresses.topic_prefix}.{topic}", b"\xff{", key=key)
            await asyncio.sleep(EVERY)
    finally:
        await producer.stop()


ALONGSIDE: Mapping[tuple[str, str], Callable[[Arming], Coroutine[Any, Any, None]]] = {
    REVOKED: rebalance,
    PARKED: poison,
}


# ---- an operator's commands ----


async def redrive(arming: Arming, folder: Path, number: int) -> None:
    """A case of two events that were taken in before; the command dies between them, and is run again."""
    session = await connect(arming.on.addresses.dsn, application="driver")
    try:
        key = await session.fetchval(A_KEY, number)
        await session.execute(PARK_AGAIN, key, number * 1_000_000)
    finally:
        await session.close()
    words = ("parked", "redrive", "--key", key, "--reason", "Planted.", "--who", "harness")
    await _twice(arming, "applications", folder, *words)


async def migrate(arming: Arming, folder: Path, number: int) -> None:
    """A schema brought up in a database of its own; the command dies on the way, and is run again."""
    dsn = arming.on.addresses.dsn
    name = f"migrated_{number}"
    session = await connect(dsn, application="driver")
    try:
        await session.execute(f"CREATE DATABASE {name}")
        there = postgres.as_login(dsn, "postgres", database=name)
        await postgres.lay_out(there)
        owner = {"OWNER_DATABASE_URL": postgres.as_login(dsn, "expenses_owner", database=name)}
        await _twice(arming, "expenses", folder, "migrate", **owner)
        await session.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await session.close()


Operator = Callable[[Arming, Path, int], Awaitable[None]]
OPERATORS: dict[str, Operator] = {"worker.redriving": redrive, "migrate.between": migrate}


async def operate(arming: Arming) -> None:
    """Every command of an operator that is to fall, as often as it is to fall."""
    for name, act in OPERATORS.items():
        pair = (name, "operator")
        number = 0
        while arming.open_pairs([pair]) and number < 3 * arming.wanted[pair]:
            number += 1
            folder = arming.on.failpoints(f"operator-{name}-{number}")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
            await act(arming, folder, number)
            if count := fallen(folder, name):
                arming.note(name, "operator", folder.name, count)


async def _twice(arming: Arming, service: Service, folder: Path, *words: str, **told: str) -> None:
    """Once to fall, once to end."""
    environment = {**os.environ, **arming.on.environment(service), **told}
    environment["FAILPOINTS"] = str(folder)
    code, said = -1, b""
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"services.{service}", *words),
            cwd=ROOT,
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(OPERATOR_WITHIN):
            _, said = await process.communicate()
        code = process.returncode
    if code:
        raise RuntimeError(f"{words[0]} of {service} ended with {code}: {said.decode()}")
