"""txoutbox as its page recommends it with Postgres and Kafka; runs in the peers' environment.

`python txoutbox_relay.py schema` prints its table; without a word it relays until told to stop.
"""

import os
import sys
from datetime import timedelta

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer
from txoutbox import OutboxMessage, Relay, RelayConfig
from txoutbox.adapters.postgres import PostgresStorage


def storage(pool: "asyncpg.Pool | None") -> PostgresStorage:
    """Its table in a schema of its own; a trigger rings its bell."""
    return PostgresStorage(pool, schema="peers", table="txoutbox", notify_channel="txoutbox")


async def main() -> None:
    """Relay until SIGTERM; the round in hand is finished."""
    pool = await asyncpg.create_pool(os.environ["PEER_DSN"])
    producer = AIOKafkaProducer(
        bootstrap_servers=os.environ["PEER_BOOTSTRAP"], enable_idempotence=True, acks="all"
    )
    await producer.start()

    async def publish(message: OutboxMessage) -> None:
        headers = [(name, text.encode()) for name, text in message.headers.items()]
        key = message.key.encode() if message.key else None
        await producer.send_and_wait(message.topic, message.payload, key=key, headers=headers)

    outbox = storage(pool)
    # Sized as its page says: the lease exceeds ceil(batch / concurrency) x publish_timeout.
    config = RelayConfig(batch_size=1000, concurrency=500, lease=timedelta(seconds=60))
    relay = Relay(outbox, publish, config=config)
    listener = await outbox.listen(relay.wake)
    print("ready", flush=True)
    try:
        await relay.run(handle_signals=True)
    finally:
        await listener.close()
        await producer.stop()
        await pool.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["schema"]:
        print(storage(None).schema_sql())
    else:
        uvloop.run(main())
