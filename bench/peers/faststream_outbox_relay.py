"""faststream-outbox as its relay page recommends it; runs in the peers' environment.

`python faststream_outbox_relay.py schema` prints its table; without a word it relays until told to
stop.
"""

import asyncio
import os
import signal
import sys

import uvloop
from faststream.kafka import KafkaBroker
from faststream.kafka.response import KafkaResponse
from faststream_outbox import OutboxBroker, make_outbox_table, outbox_autovacuum_ddl
from faststream_outbox.annotations import OutboxMessage
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

METADATA = MetaData()
TABLE = make_outbox_table(METADATA, table_name="faststream_outbox")


def schema() -> str:
    """The table, its indexes, and the vacuum settings that its page recommends."""
    dialect = postgresql.dialect()
    made = [CreateTable(TABLE), *(CreateIndex(index) for index in sorted(TABLE.indexes, key=str))]
    statements = [str(one.compile(dialect=dialect)) for one in made]
    return ";\n".join([*statements, outbox_autovacuum_ddl("faststream_outbox")])


async def main() -> None:
    """Relay until SIGTERM."""
    engine = create_async_engine(
        os.environ["PEER_DSN"].replace("postgres://", "postgresql+asyncpg://")
    )
    rows = OutboxBroker(engine, outbox_table=TABLE, logger=None)
    kafka = KafkaBroker(
        os.environ["PEER_BOOTSTRAP"], enable_idempotence=True, acks="all", logger=None
    )

    @kafka.publisher(os.environ["PEER_TOPIC"])
    @rows.subscriber(
        "measures",
        max_workers=1,
        fetch_batch_size=100,
        terminal_flush_batch_size=100,
        min_fetch_interval=0.05,
        max_fetch_interval=1.0,
    )
    async def relay(message: OutboxMessage) -> KafkaResponse:
        key = message.headers["ce_partitionkey"].encode()
        return KafkaResponse(message.body, headers=message.headers, key=key)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await kafka.start()
    await rows.start()
    print("ready", flush=True)
    await stop.wait()
    await rows.stop()
    await kafka.stop()
    await engine.dispose()


if __name__ == "__main__":
    if sys.argv[1:] == ["schema"]:
        print(schema())
    else:
        uvloop.run(main())
