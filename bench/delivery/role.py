"""A relay or a worker of the trial in a process of its own: `python -m bench.delivery.role ROLE`."""

import asyncio
import signal
import sys

import uvloop

from bench.delivery.trial import PARTS
from chassis import clock, logs, relay, settings, worker
from chassis.database import Database
from chassis.nudge import Nudger

RUN = {"relay": relay.run, "copies": worker.run, "commands": worker.run}


async def main(role: str) -> None:
    """Run until told to stop."""
    told = settings.read(settings.Settings)
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    if role == "nudge":
        await _nudge(told.dsn, stop)
        return
    parts = PARTS[role]
    logs.set_up(service=parts.name, role=role)
    database = await Database.open(
        told.dsn, service=parts.name, now_sql=clock.sql(production=True), role=role
    )
    print("ready", flush=True)
    try:
        await RUN[role](parts, told, database, stop)
    finally:
        await database.close()


async def _nudge(dsn: str, stop: asyncio.Event) -> None:
    """As a busy web process does for those who write by other means: as often as it ever may."""
    nudger = Nudger(dsn, "proposals")
    nudger.start()
    print("ready", flush=True)
    while not stop.is_set():
        nudger.nudge()
        await asyncio.sleep(0.001)
    await nudger.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
