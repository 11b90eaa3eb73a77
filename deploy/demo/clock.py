"""The development clock, and when it may leap: only while nothing is on its way.

The one row of the clock is all that is written to a database behind the services' backs. What is
still on its way is read there too, and from nowhere else could it be: an outbox shows in no page.
"""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

from chassis.database import connect
from deploy.demo.patience import DidNotHappen, until
from deploy.local.services import runnable
from schemas.topics import topic_of

LEAP = "UPDATE development.clock SET shift = $1::timestamptz - clock_timestamp()"
NOW = "SELECT clock_timestamp() + shift FROM development.clock"
UNHEARD = """
    SELECT count(*) FROM {owner}.outbox AS told
     WHERE told.type = ANY($1::text[])
       AND NOT EXISTS (SELECT FROM {service}.inbox AS heard
                        WHERE heard.consumer = $2 AND heard.event_id = told.event_id)
       AND NOT EXISTS (SELECT FROM {service}.parked
                        WHERE parked.consumer = $2 AND parked.topic = told.topic
                          AND convert_from(parked.key, 'UTF8') = told.key)
"""
OF_LETTERS = "SELECT count(*) FROM notifications.deliveries WHERE status IN ('queued', 'sending')"


class Clock:
    """Business time of the whole stack."""

    def __init__(self, dsn: str, *, patience: float = 30) -> None:
        self.in_vain: list[str] = []
        self._dsn = dsn
        self._patience = patience
        self._connection: Any = None

    async def now(self) -> datetime:
        """What business time it is."""
        return await self._value(NOW)

    async def leaps_to(self, at: datetime) -> None:
        """Wait until nothing is on its way; from then on it is this instant, and time goes on."""
        await self.settles()
        await self._value(f"{LEAP} RETURNING 1", at)

    async def settles(self, *, within: float | None = None) -> None:
        """Wait until every outbox is empty, every event was taken in and every letter has left."""

        async def is_quiet() -> bool:
            return not await self.on_its_way()

        within = within or self._patience
        try:
            # Twice: what was taken in a moment ago may have caused what is counted only now.
            await until(is_quiet, what="quiet", within=within, pause=0.05)
            await until(is_quiet, what="quiet", within=within, pause=0.05)
        except DidNotHappen as late:
            raise DidNotHappen(f"Still on its way: {await self.on_its_way()}") from late

    async def on_its_way(self) -> dict[str, int]:
        """How much of what is not done yet; empty when all is."""
        found: dict[str, int] = {}
        for service in runnable():
            name = f"{service}: not published"
            found[name] = await self._value(
                f"SELECT count(*) FROM {service}.outbox WHERE published_at IS NULL"
            )
            found[f"{service}: waiting"] = await self._value(
                f"SELECT count(*) FROM {service}.waiting"
            )
            consumer, heard = listens(service)
            for owner, types in heard.items():
                found[f"{service}: not heard of {owner}"] = await self._value(
                    UNHEARD.format(owner=owner, service=service), types, consumer
                )
        if "notifications" in runnable():
            found["letters"] = await self._value(OF_LETTERS)
        return {name: count for name, count in found.items() if count}

    async def waits_for(self, expected: Mapping[str, int]) -> None:
        """Wait until at least so many events of each type are recorded, and all is quiet.

        It waits only so long: what is missing then, the count at the end shows.
        """
        deadline = time.monotonic() + self._patience

        async def are_recorded() -> bool:
            found = await self.recorded()
            return all(found[name] >= count for name, count in expected.items())

        try:
            await until(are_recorded, what="events", within=self._patience, pause=0.1)
        except DidNotHappen:
            found = await self.recorded()
            late = {n: f"{found[n]} of {c}" for n, c in expected.items() if found[n] < c}
            self.in_vain.append(f"waited in vain for {late}")
            return
        await self.settles(within=max(5.0, deadline - time.monotonic()))

    async def recorded(self) -> Counter[str]:
        """How many events of each type the services have recorded so far."""
        found: Counter[str] = Counter()
        for service in runnable():
            rows = await self._rows(
                f"SELECT type, count(*) AS count FROM {service}.outbox GROUP BY type"
            )
            found.update({row["type"]: row["count"] for row in rows})
        return found

    async def is_recorded(self, service: str, name: str, *, of: str) -> bool:
        """Whether a service has said this of a case: `ApplicationsClosed` of a vacancy."""
        sql = f"SELECT EXISTS (SELECT FROM {service}.outbox WHERE key = $1 AND type LIKE $2)"
        return await self._value(sql, of, f"%.{name}.v_")

    async def parked(self) -> list[str]:
        """Events that could not be applied: there should be none."""
        rows: list[str] = []
        for service in runnable():
            found = await self._rows(
                f"SELECT type, reason, error FROM {service}.parked WHERE status = 'parked'"
            )
            rows += [f"{service}: {row['type']} {row['reason']} {row['error']}" for row in found]
        return rows

    async def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            await self._connection.close()

    async def _value(self, sql: str, *values: Any) -> Any:
        connection = await self._open()
        return await connection.fetchval(sql, *values)

    async def _rows(self, sql: str) -> list[Any]:
        connection = await self._open()
        return await connection.fetch(sql)

    async def _open(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._dsn, application="demo")
        return self._connection


@cache
def listens(service: str) -> tuple[str, dict[str, list[str]]]:
    """A service's consumer, and the types it listens to by the service that tells them."""
    parts = import_module(f"services.{service}.main").SERVICE
    heard: dict[str, list[str]] = {}
    for kind in parts.reactions:
        if not topic_of(kind.service, kind.topic).is_compacted:
            heard.setdefault(kind.service, []).append(kind.type_name())
    return parts.consumer or parts.name, heard
