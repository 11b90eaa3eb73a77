"""One command line for each service: `python -m services.<name> ROLE`, and the operator's commands.

What only one role needs is loaded by that role: a `web` process holds no Kafka, a relay no pages.

Exit codes: 0 also when there was nothing to do, 64 usage, 65 data, 75 try later, 78 configuration.
"""

import asyncio
import importlib
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
import typer
import uvloop

from chassis import clock, compatibility, database, liveness, logs, membership, migrate, settings
from chassis.database import Database
from chassis.operating import DATA, TRY_LATER, USAGE, answered
from chassis.parts import Parts

OPERATORS = (
    "chassis.looking",
    "chassis.contracts",
    "chassis.checks",
    "chassis.redriving",
    "chassis.restoring",
)
"""Modules that each bring some of the operator's commands, by `add_commands(app, parts)`.

They are loaded whichever role runs: what brings Kafka is imported inside the command that needs it.
"""

log = structlog.get_logger()

Running = Callable[[Any, Database, asyncio.Event], Awaitable[None]]


def run(parts: Parts) -> None:
    """What a service's `__main__.py` calls."""
    command = typer.main.get_command(commands(parts))
    try:
        code = command.main(prog_name=f"python -m services.{parts.name}", standalone_mode=False)
    except typer.Exit as end:
        code = end.exit_code
    except Exception as error:
        said = getattr(error, "format_message", None)  # the parser's own: an unknown flag
        if said is None:
            raise
        print(said(), file=sys.stderr)
        code = USAGE
    sys.exit(code or 0)


def commands(parts: Parts) -> typer.Typer:
    """A service's whole command line: its roles, and what an operator asks for."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        help=f"The {parts.name} service.",
        pretty_exceptions_enable=False,
    )

    @app.command()
    def web() -> None:
        """Pages and JSON API. Needs Postgres; never Kafka."""
        _serve(parts)

    @app.command()
    def relay() -> None:
        """Outbox to Kafka, and what time does. One is active, others stand by."""
        from chassis import relay

        _keep_running(parts, "relay", lambda s, d, stop: relay.run(parts, s, d, stop))

    @app.command()
    def worker() -> None:
        """Kafka to reactions, and this service's queues."""
        from chassis import worker

        _keep_running(parts, "worker", lambda s, d, stop: worker.run(parts, s, d, stop))

    @app.command("migrate")
    def migrate_schema() -> None:
        """Bring the schema up to this code; a second run waits, then finds nothing to do."""
        read = settings.read(parts.settings)
        owner = read.owner_database_url
        if owner is None:
            print("OWNER_DATABASE_URL: needed by migrate", file=sys.stderr)
            raise typer.Exit(settings.CONFIGURATION_FAULT)
        try:
            print(migrate.migrate(parts.name, str(owner)), end="")
        except migrate.MigrationFailed as failed:
            print(failed, file=sys.stderr)
            is_away = isinstance(failed, migrate.DatabaseAway)
            raise typer.Exit(TRY_LATER if is_away else DATA) from failed

    of_topics = typer.Typer(help="The topics this service owns.", no_args_is_help=True)
    app.add_typer(of_topics, name="topics")

    @of_topics.command()
    def apply() -> None:
        """Create this service's topics on the broker, or bring their settings up to date."""
        from chassis import topics

        read = settings.read(parts.settings)
        with answered():
            lines = asyncio.run(topics.apply(read, parts.name))
        for line in lines:
            print(line)

    @of_topics.command()
    def check() -> None:
        """Compare this service's topics with the broker's; 78 where they differ."""
        from chassis import topics

        read = settings.read(parts.settings)
        with answered():
            faults = asyncio.run(topics.check(read, parts.name))
        for fault in faults:
            print(fault, file=sys.stderr)
        if faults:
            raise typer.Exit(settings.CONFIGURATION_FAULT)

    for name, make in parts.commands.items():
        app.command(name)(make)
    for module in OPERATORS:
        importlib.import_module(module).add_commands(app, parts)
    return app


def _serve(parts: Parts) -> None:
    """One uvicorn process; scale by processes."""
    import uvicorn

    async def serve(read: Any, pool: Database, stop: asyncio.Event) -> None:
        server = uvicorn.Server(
            uvicorn.Config(
                parts.app(read, pool),
                host=read.host,
                port=read.port,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                proxy_headers=True,
                forwarded_allow_ips=read.trusted_proxies,
                timeout_graceful_shutdown=15,
                timeout_keep_alive=65,
            )
        )
        server.capture_signals = _no_signals  # ours are handled below
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving

    _keep_running(parts, "web", serve)


def _no_signals() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def _keep_running(parts: Parts, role: str, running: Running) -> None:
    """Read settings, open the pool, run until told to stop; Postgres merely away is waited for."""
    read = settings.read(parts.settings)
    logs.set_up(service=parts.name, role=role)
    if read.metrics_port:
        liveness.serve(read.host, read.metrics_port)
    uvloop.run(_until_stopped(parts, role, read, running))


async def _until_stopped(parts: Parts, role: str, read: Any, running: Running) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    pool = await _opened(parts, role, read, stop)
    if pool is None:
        return
    log.info("process.started", version=migrate.newest(parts.name))
    try:
        await compatibility.start(pool, parts.name, stop, waits=role != "web")
        await running(read, pool, stop)
    except settings.IsMisconfigured as missing:
        print(missing, file=sys.stderr)
        raise typer.Exit(settings.CONFIGURATION_FAULT) from missing
    except membership.Replaced as replaced:
        print(replaced, file=sys.stderr)
        raise typer.Exit(TRY_LATER) from replaced
    finally:
        await pool.close()
        log.info("process.stopped")


async def _opened(parts: Parts, role: str, read: Any, stop: asyncio.Event) -> Database | None:
    wait = 0.2
    while not stop.is_set():
        try:
            return await Database.open(
                read.dsn,
                service=parts.name,
                now_sql=clock.sql(production=read.is_production),
                role=role,
            )
        except database.TRANSIENT as away:
            log.warning("database.away", error=type(away).__name__)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5)
    return None
