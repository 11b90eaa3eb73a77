"""`replay`: what was told between two instants is copied once more; nothing is done about it again.

For a reader whose copies are new, or were lost in part. Of each case that the stretch touches, every
event from its first there up to where the worker stands is copied again, in one transaction that holds
the worker: so no page sees an old fact in place of a newer one, and none is left so. Cases of which
an event is parked or waits are left out, since what they lack would come before its turn.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis import audit, history, positions
from chassis.actor import Actor
from chassis.database import Database, Transaction, connect
from chassis.intake import Consumer
from chassis.parts import Parts
from chassis.records import Read, read
from chassis.settings import Settings

PUT_ASIDE = """
    SELECT key FROM parked WHERE consumer = $1 AND topic = $2 AND status IN ('parked', 'blocked')
     UNION
    SELECT key FROM waiting WHERE consumer = $1 AND topic = $2
"""


@dataclass(slots=True)
class Replayed:
    """What a replay came to."""

    events: int = 0  # copied once more
    cases: int = 0
    left_out: int = 0  # cases of which something is parked or waits


async def replay(
    parts: Parts,
    settings: Settings,
    database: Database,
    *,
    since: datetime,
    until: datetime,
    actor: Actor | None,
    reason: str = "",
    rate: float | None = None,
    tell: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Replayed:
    """Copy again what a stretch of the topics tells; without an actor only count it."""
    consumer = Consumer.of(parts)
    done, begun = Replayed(), time.monotonic()
    session = await connect(database.dsn, application=f"{parts.name}.operator")
    try:
        tx = Transaction(session, database)
        async with history.opened(settings) as past:
            bounds = await past.bounds(consumer.topics)
            starts = await past.offsets_at(bounds.first, since)
            stops = await past.offsets_at(bounds.first, until)
            for place, start in starts.items():
                if start is None:
                    continue
                stretch = start, bounds.end[place] if stops[place] is None else stops[place]
                async with session.transaction():
                    await _replay(tx, past, consumer, place, stretch, done, is_dry=actor is None)
                tell(done.events, None)
                if rate:
                    await asyncio.sleep(max(0, done.events / rate - (time.monotonic() - begun)))
        if actor is not None and done.events:
            subject = f"{consumer.name} {since.isoformat()} {until.isoformat()}"
            async with session.transaction():
                await audit.done(tx, actor=actor, act="Replay", subject=subject, reason=reason)
        return done
    finally:
        session.terminate()


async def _replay(
    tx: Transaction,
    past: history.History,
    consumer: Consumer,
    place: positions.Place,
    stretch: tuple[int, Any],
    done: Replayed,
    *,
    is_dry: bool,
) -> None:
    """One partition, with the worker held where it stands in it."""
    held = (await positions.lock(tx, consumer.name, [place])).get(place)
    end = held.next_position if held else 0
    aside = {row["key"] for row in await tx.list_rows(PUT_ASIDE, consumer.name, place[0])}
    touched = set[bytes]()
    left_out = set[bytes]()
    async for records in past.read({place: stretch[0]}, {place: end}):
        for record in records:
            key = record.key
            if key is None or (record.position >= stretch[1] and key not in touched):
                continue
            if key in aside:
                left_out.add(key)
                continue
            reading = read(record, known=consumer.known)
            if reading.event is None:
                continue
            touched.add(key)
            done.events += await _copy(tx, consumer, reading, is_dry=is_dry)
    done.cases += len(touched)
    done.left_out += len(left_out)


async def _copy(tx: Transaction, consumer: Consumer, reading: Read, *, is_dry: bool) -> bool:
    """Copy one event again; False where nothing here copies its kind."""
    event = reading.event
    copies = [r for r in consumer.reactions_to(type(event)) if r.is_copy] if event else []
    if not is_dry:
        for reaction in copies:
            await reaction.handle(tx, event)
    return bool(copies)
