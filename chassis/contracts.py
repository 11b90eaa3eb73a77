"""`contract …`: whether what we told others is what the code says we tell, and the document of it.

The tests hold the code to the released schemas; this holds what was recorded, and what the broker
still has, to the code that runs now.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from typing import Annotated, Any

import typer

from chassis import settings
from chassis.database import Database, Row
from chassis.operating import DATA, AsJson, answered, duration, show, within
from chassis.parts import Parts
from chassis.records import Record, read
from schemas import asyncapi, generate
from schemas.envelope import EVENTS, Service

AT_ONCE = 1000
MOST_TOLD = 100

RECORDED = """
    SELECT id, topic, key, headers, value, recorded_at
      FROM outbox
     WHERE id > $1 AND value IS NOT NULL AND recorded_at > clock_timestamp() - $2::interval
     ORDER BY id
     LIMIT $3
"""

Within = Annotated[str, typer.Option("--within", help="Recorded so lately: 24h, 7d, 35d.")]
WithTopics = Annotated[bool, typer.Option("--topics", help="Also all that the broker holds.")]


def add_commands(app: typer.Typer, parts: Parts) -> None:
    """`contract check|asyncapi`."""
    contract = typer.Typer(help="What this service tells others.", no_args_is_help=True)
    app.add_typer(contract, name="contract")

    @contract.command()
    def check(span: Within = "7d", topics: WithTopics = False, as_json: AsJson = False) -> None:
        """Hold the committed schemas, and every event recorded lately, to the code; 65 if not."""
        told = Told(parts.name)
        lately = duration(span)
        within(parts, lambda database: _check_recorded(database, told, lately))
        if topics:
            with answered():
                asyncio.run(_check_topics(settings.read(parts.settings), told))
        files = _files_that_differ(parts.name)
        faults = [*({"where": "files", "fault": each} for each in files), *told.faults]
        show(faults, as_json=as_json)
        if not as_json:
            print(
                f"{told.count} events read, {told.wrong.total()} wrong; {len(files)} files differ"
            )
        if faults:
            raise typer.Exit(DATA)

    @contract.command("asyncapi")
    def print_asyncapi() -> None:
        """Print the service's AsyncAPI document, as the code says it."""
        print(asyncapi.document(parts.name, generate.events_of(parts.name)), end="")


class Told:
    """What was read of it, and what of that is not as the code says."""

    def __init__(self, service: Service) -> None:
        self.count = 0
        self.wrong = Counter[str]()
        self.faults: list[Row] = []
        self.service: Service = service
        self._known = {name: kind for name, kind in EVENTS.items() if kind.service == service}

    def judge(self, where: str, record: Record) -> None:
        """Read it as a subscriber would who knows every event of ours."""
        reading = read(record, known=self._known)
        self.count += 1
        if reading.event is None and record.value is not None:
            fault = f"{reading.reason}: {reading.error}" if reading.reason else "no such event"
            self.wrong[fault] += 1
            if len(self.faults) < MOST_TOLD:
                what = {"type": reading.type, "event_id": reading.event_id}
                self.faults.append({"where": where, **what, "fault": fault})


def _files_that_differ(service: Service) -> list[str]:
    """Of the committed schemas, examples and documents, those of this service."""
    mine = {
        path: text
        for path, text in generate.generated().items()
        if service in (path.stem, path.parent.name)
    }
    return [each for each in generate.differences(mine) if "belongs to no event" not in each]


async def _check_recorded(database: Database, told: Told, lately: timedelta) -> None:
    last = 0
    while rows := await database.list_rows(RECORDED, last, lately, AT_ONCE):
        for row in rows:
            told.judge("outbox", _as_it_left(row))
        last = rows[-1]["id"]


def _as_it_left(row: Row) -> Record:
    headers: Mapping[str, str] = row["headers"]
    return Record(
        topic=row["topic"],
        partition=0,
        position=row["id"],
        record_at=row["recorded_at"],
        key=row["key"].encode(),
        headers=tuple((name, value.encode()) for name, value in headers.items()),
        value=row["value"],
    )


async def _check_topics(read_settings: Any, told: Told) -> None:
    async for record in _everything(read_settings, told.service):
        told.judge("broker", record)


async def _everything(read_settings: Any, service: Service) -> AsyncGenerator[Record]:
    """Every record of the service's own topics, up to the end as it is now."""
    from aiokafka import (  # pyright: ignore[reportMissingTypeStubs] - `web` does without
        AIOKafkaConsumer,
        TopicPartition,
    )

    from chassis import kafka
    from chassis.topics import owned_by
    from schemas.topics import PARTITIONS

    prefix: str = read_settings.topic_prefix
    places = [
        TopicPartition(topic.under(prefix), n)
        for topic in owned_by(service)
        for n in range(PARTITIONS)
    ]
    reader: Any = AIOKafkaConsumer(**kafka.client_options(read_settings), group_id=None)
    try:
        await reader.start()
        begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
        left = {place for place in places if begins[place] < ends[place]}
        if left:
            reader.assign(list(left))
            await reader.seek_to_beginning(*left)
        while left:
            for records in (await reader.getmany(timeout_ms=500)).values():
                for raw in records:
                    yield Record.of(raw, prefix=prefix)
            left = {place for place in left if await reader.position(place) < ends[place]}
    finally:
        await reader.stop()
