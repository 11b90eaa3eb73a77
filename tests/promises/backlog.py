"""What is still on its way: recorded and not published, published and not taken in, unsent.

Asked from outside, of Postgres and of the brokers themselves; while either is away there is no answer,
and whoever waits asks again.
"""

import asyncio
import importlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition  # pyright: ignore[reportMissingTypeStubs]

from chassis.database import connect
from chassis.intake import Consumer
from deploy.local.services import SERVICES
from schemas.topics import PARTITIONS
from tests.promises.stage import Addresses

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is meant to be

ASKED_EVERY = 0.25
ANSWERS_WITHIN = 5.0
AT_REST = 3  # times in a row that nothing is found
LEASE = 90.0  # seconds that a sender may hold a mail
LEASE_OUTLIVED = 20.0  # longer than a sender that lives needs for one, once nothing is broken

UNPUBLISHED = " UNION ALL ".join(
    f"SELECT count(*) AS rows FROM {service}.outbox WHERE published_at IS NULL"
    " AND recorded_at <= coalesce($1, clock_timestamp())"
    for service in SERVICES
)
WAITING = " UNION ALL ".join(
    f"SELECT count(*) AS rows FROM {service}.waiting" for service in SERVICES
)
POSITIONS = " UNION ALL ".join(
    f"SELECT consumer, topic, partition, next_position FROM {service}.positions"
    for service in SERVICES
)
UNSENT = """
    SELECT count(*) FROM notifications.deliveries
     WHERE status = 'sending' OR status = 'queued' AND next_try_at <= clock_timestamp()
"""
OUTLIVED = """
    UPDATE notifications.deliveries
       SET leased_until = clock_timestamp()
     WHERE status = 'sending' AND leased_until > clock_timestamp()
       AND leased_until < clock_timestamp() + $1 * interval '1 second'
"""


@dataclass(frozen=True, slots=True)
class Rest:
    """What has not come to rest; nothing but zeros at the end."""

    unpublished: int
    lag: int
    waiting: int
    unsent: int

    @property
    def is_none(self) -> bool:
        """Whether everything has come to rest."""
        return not any(asdict(self).values())


class NeverCameToRest(Exception):
    """After its time there is still something on its way; the message says what."""


@cache
def readers() -> dict[str, tuple[str, ...]]:
    """Which consumer reads which topics, by the services' own declarations."""
    parts = [importlib.import_module(f"services.{name}.main").SERVICE for name in SERVICES]
    consumers = [Consumer.of(each) for each in parts if each.reactions]
    return {each.name: tuple(topic.name for topic in each.topics) for each in consumers}


class Backlog:
    """Looks at one stage, again and again, over connections it renews."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._session: Any = None
        self._client: Any = None

    async def look(self) -> Rest | None:
        """How much there is now, or None where Postgres or the broker does not answer."""
        return await self._asked(self._look)

    async def is_past(self, instant: float, ends: dict[TopicPartition, int] | None) -> Any:
        """Whether all recorded before an instant is published and taken in.

        Where the logs ended when the last of it was published is told as a second answer, to be given
        again: what comes later does not count.
        """
        return await self._asked(lambda: self._is_past(instant, ends))

    async def comes_to_rest(self, *, within: float) -> Rest:
        """Wait until nothing is on its way any more. Raises `NeverCameToRest`.

        A mail whose sender has died is free again when its lease ends, minutes later: that time is
        let pass at once, for leases that no sender alive can hold any more.
        """
        deadline, since, at_rest = time.monotonic() + within, time.monotonic(), 0
        found: Rest | None = None
        while at_rest < AT_REST:
            found = await self.look()
            at_rest = at_rest + 1 if found is not None and found.is_none else 0
            if time.monotonic() > deadline:
                raise NeverCameToRest(f"after {within:g} s: {found or 'no answer'}")
            if time.monotonic() - since > LEASE_OUTLIVED:
                await self._asked(lambda: self._let_leases_end(LEASE - LEASE_OUTLIVED))
                since = time.monotonic()
            await asyncio.sleep(ASKED_EVERY)
        assert found is not None
        return found

    async def close(self) -> None:
        """Give back both connections."""
        session, self._session = self._session, None
        client, self._client = self._client, None
        if session is not None:
            session.terminate()
        if client is not None:
            await client.stop()

    async def _asked(self, ask: Any) -> Any:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                return await ask()
        except (Exception, asyncio.CancelledError):  # whatever is away: connections are made anew
            _pass_on_if_we_are_cancelled()
            await self._forget()
            return None

    async def _forget(self) -> None:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self.close()
        except (Exception, asyncio.CancelledError):  # it is thrown away
            _pass_on_if_we_are_cancelled()
            self._session = self._client = None

    async def _connections(self) -> tuple[Any, Any]:
        if self._session is None:
            self._session = await connect(self._addresses.dsn, application="backlog")
        if self._client is None:
            client = AIOKafkaConsumer(bootstrap_servers=self._addresses.bootstrap, group_id=None)
            self._client = client
            await client.start()
        return self._session, self._client

    async def _look(self) -> Rest:
        session, client = await self._connections()
        unpublished = sum(row["rows"] for row in await session.fetch(UNPUBLISHED, None))
        ends = await client.end_offsets(self._places())
        return Rest(
            unpublished=unpublished,
            lag=await self._lag(session, ends, are_now=True),
            waiting=sum(row["rows"] for row in await session.fetch(WAITING)),
            unsent=await session.fetchval(UNSENT),
        )

    async def _is_past(
        self, instant: float, ends: dict[TopicPartition, int] | None
    ) -> tuple[bool, dict[TopicPartition, int] | None]:
        session, client = await self._connections()
        if ends is None:
            at = await session.fetchval("SELECT to_timestamp($1)", instant)
            if sum(row["rows"] for row in await session.fetch(UNPUBLISHED, at)):
                return False, None
            ends = await client.end_offsets(self._places())
        assert ends is not None
        return await self._lag(session, ends, are_now=False) == 0, ends

    async def _lag(self, session: Any, ends: dict[TopicPartition, int], *, are_now: bool) -> int:
        """How far readers are from these ends. A reader that is past where a log ends now, read another."""
        rows = await session.fetch(POSITIONS)
        at = {
            (row["consumer"], row["topic"], row["partition"]): row["next_position"] for row in rows
        }
        begins = await self._client.beginning_offsets(self._places())
        behind = 0
        for consumer, topics in readers().items():
            for topic in topics:
                for number in range(PARTITIONS):
                    place, position = (
                        self._place(topic, number),
                        at.get((consumer, topic, number), 0),
                    )
                    is_of_another = are_now and position > ends[place]
                    goes_on = max(0 if is_of_another else position, begins[place])
                    behind += max(0, ends[place] - goes_on)
        return behind

    async def _let_leases_end(self, seconds: float) -> None:
        session, _ = await self._connections()
        await session.execute(OUTLIVED, seconds)

    def _places(self) -> list[TopicPartition]:
        names = {topic for topics in readers().values() for topic in topics}
        return [self._place(name, number) for name in names for number in range(PARTITIONS)]

    def _place(self, topic: str, number: int) -> TopicPartition:
        return TopicPartition(f"{self._addresses.topic_prefix}.{topic}", number)


def _pass_on_if_we_are_cancelled() -> None:
    """The client of a broker that is away raises what looks like our own end, and is none."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@asynccontextmanager
async def watched(addresses: Addresses) -> AsyncIterator[Backlog]:
    """A look at the backlog for as long as this lasts."""
    backlog = Backlog(addresses)
    try:
        yield backlog
    finally:
        await backlog.close()
