"""A relay or a worker of the trial in a process of its own: `python -m bench.role relay | worker`."""

import asyncio
import signal
import sys

import uvloop

from bench.trial import PARTS
from chassis import clock, logs, relay, settings, worker
from chassis.database import Database

RUN = {"relay": relay.run, "worker": worker.run}


async def main(role: str) -> None:
    """Run until told to stop."""
    parts = PARTS[role]
    logs.set_up(service=parts.name, role=role)
    told = settings.read(settings.Settings)
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    database = await Database.open(
        told.dsn, service=parts.name, now_sql=clock.sql(production=False), role=role
    )
    try:
        await RUN[role](parts, told, database, stop)
    finally:
        await database.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
