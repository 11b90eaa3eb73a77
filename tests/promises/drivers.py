"""What brings processes to the boundaries that ordinary load does not pass.

To add one: a coroutine that takes an `Arming` and goes on until its pairs have felled enough, and its
line in `ALONGSIDE` (while the load runs) or `OPERATORS` (commands of an operator, run for it).
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer  # pyright: ignore[reportMissingTypeStubs]
from aiokafka.admin import AIOKafkaAdminClient  # pyright: ignore[reportMissingTypeStubs]

from chassis.database import connect
from deploy.local import postgres
from deploy.local.services import SERVICES
from schemas.envelope import Service
from tests.promises.arming import Arming, fallen
from tests.promises.operating import SIGNED, runs, tried

EVERY = 1.0
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
            key = f"poison-{uuid.uuid4()}"
            arming.history.planted(key)
            name = f"{addresses.topic_prefix}.{topic}"
            await producer.send_and_wait(name, b"\xff{", key=key.encode())
            await asyncio.sleep(EVERY)
    finally:
        await producer.stop()


ALONGSIDE: Mapping[tuple[str, str], Callable[[Arming], Coroutine[Any, Any, None]]] = {
    REVOKED: rebalance,
    PARKED: poison,
}


# ---- an operator's commands ----


async def redrive(arming: Arming) -> None:
    """Cases of two events that were taken in before; the command dies between them, and is run again."""
    name = "worker.redriving"
    for number in _tries(arming, name):
        session = await connect(arming.on.addresses.dsn, application="driver")
        try:
            key = await session.fetchval(A_KEY, number)
            await session.execute(PARK_AGAIN, key, number * 1_000_000)
        finally:
            await session.close()
        words = ("parked", "redrive", "--key", key, *SIGNED)
        await _fells(arming, "applications", name, *words)
        await runs(arming.on, "applications", *words)


async def migrate(arming: Arming) -> None:
    """A schema brought up in a database of its own; the command dies on the way, and is run again."""
    name = "migrate.between"
    for _ in _tries(arming, name):
        async with _database(arming) as told:
            await _fells(arming, "expenses", name, "migrate", **told)
            await runs(arming.on, "expenses", "migrate", told=told)


async def rebuild(arming: Arming) -> None:
    """A topic is lost; the command that refills it dies on its way, again and again, and then ends."""
    names = ("rebuild.half", "rebuild.unmarked")
    if not arming.open_pairs([(name, "operator") for name in names]):
        return
    relays = [name for name in arming.on.names("relay") if name.startswith("expenses-")]
    words = ("rebuild-broker", *SIGNED)
    for relay in relays:
        await arming.on.end(relay)
    try:
        await _lose(arming, "expenses.events")
        for name in names:
            for _ in _tries(arming, name):
                await _fells(arming, "expenses", name, *words)
        await runs(arming.on, "expenses", *words)
    finally:
        for relay in relays:
            arming.on.begin(relay)


async def recover(arming: Arming) -> None:
    """A database that has lost everything catches up with its log; the command dies before it commits."""
    name = "recover.raised"
    if not arming.open_pairs([(name, "operator")]):
        return
    async with _database(arming) as told:
        await runs(arming.on, "expenses", "migrate", told=told)
        for _ in _tries(arming, name):
            await _fells(arming, "expenses", name, "recover", *SIGNED, **told)
        await runs(arming.on, "expenses", "recover", *SIGNED, told=told)


async def restate(arming: Arming) -> None:
    """An owner tells its facts anew; the command dies behind a batch, and is run again."""
    name = "restate.half"
    words = ("restate", "vacancies", "--anew", *SIGNED)
    for _ in _tries(arming, name):
        await _fells(arming, "proposals", name, *words)
        await runs(arming.on, "proposals", *words)


OPERATORS: Mapping[str, Callable[[Arming], Coroutine[Any, Any, None]]] = {
    "worker.redriving": redrive,
    "migrate.between": migrate,
    "rebuild.half": rebuild,
    "rebuild.unmarked": rebuild,
    "recover.raised": recover,
    "restate.half": restate,
}


async def operate(arming: Arming) -> None:
    """Every command of an operator that is to fall, as often as it is to fall."""
    for name, drive in OPERATORS.items():
        if arming.open_pairs([(name, "operator")]):
            await drive(arming)


def _tries(arming: Arming, name: str) -> Iterator[int]:
    """Numbers, until enough have fallen; three times as many tries at most."""
    pair = (name, "operator")
    for number in range(3 * arming.wanted.get(pair, 0)):
        if not arming.open_pairs([pair]):
            return
        yield number


async def _fells(arming: Arming, service: Service, name: str, *words: str, **told: str) -> None:
    """Run a command that is to fall at this boundary."""
    folder = arming.on.failpoints(f"operator-{uuid.uuid4()}")
    folder.mkdir(parents=True)
    (folder / name).touch()
    await tried(arming.on, service, words, {**told, "FAILPOINTS": str(folder)})
    if count := fallen(folder, name):
        arming.note(name, "operator", f"{service} {words[0]}", count)


@asynccontextmanager
async def _database(arming: Arming) -> AsyncIterator[dict[str, str]]:
    """A database of its own on the stage's server, without a table; how `expenses` is told of it."""
    dsn, name = arming.on.addresses.dsn, f"operated_{uuid.uuid4().hex}"
    session = await connect(dsn, application="driver")
    try:
        await session.execute(f"CREATE DATABASE {name}")
        await postgres.lay_out(postgres.as_login(dsn, "postgres", database=name))
        yield {
            "DATABASE_URL": postgres.as_login(dsn, "expenses", database=name),
            "OWNER_DATABASE_URL": postgres.as_login(dsn, "expenses_owner", database=name),
        }
        await session.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await session.close()


async def _lose(arming: Arming, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=arming.on.addresses.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([f"{arming.on.addresses.topic_prefix}.{topic}"])
    finally:
        await admin.close()
