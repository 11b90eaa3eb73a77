# asyncpg has no types: nothing of it leaves this file but through `Any`.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
"""One pool a process, one door for every transaction.

Only this file sees asyncpg, which has no type stubs; all else uses `Transaction`. Sessions run in
UTC. Each service signs in with a login of its own, whose `search_path` is its schema.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import structlog

from chassis.failpoints import failpoint

log = structlog.get_logger()

Row = dict[str, Any]


class RowMissing(LookupError):
    """A row that the code relies on is not there: our own fault, not the reader's."""


class CommitUncertain(Exception):
    """The connection broke while the commit was on its way: nobody knows yet whether it happened.

    Answered 503; the same command key finds out (P2).
    """


class ConnectionLost(Exception):
    """The session ended, or stopped answering, while a transaction ran on it."""


FROM_POSTGRES: tuple[type[Exception], ...] = (
    ConnectionLost,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DiskFullError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""What a statement raises that is nobody's fault and passes. An `OSError` of one's own is none."""

TRANSIENT: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    *FROM_POSTGRES,
)
"""The same where a connection is asked for, or held outside a pool: tried again (P6)."""

UNANSWERED = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CrashShutdownError,
)
"""What may come instead of a commit's answer. An administrator's shutdown comes before or after it."""

ROLLED_BACK_FOR_SURE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
UniqueViolation = asyncpg.UniqueViolationError
CheckViolation = asyncpg.CheckViolationError
UndefinedTable = asyncpg.UndefinedTableError


BEGINS_WITHIN = 5.0  # seconds; no lock and no disk is waited for
READS_WITHIN = 8.0  # a little more than Postgres itself gives a statement of ours


class Reader(ABC):
    """Queries that only read. `store` gets a `Transaction`, `views` are happy with either."""

    now_sql: str  # what tells business time here: see chassis/clock.py

    @abstractmethod
    async def find_row(self, sql: str, *args: Any) -> Row | None:
        """The first row, or None."""

    @abstractmethod
    async def list_rows(self, sql: str, *args: Any) -> list[Row]:
        """Every row."""

    @abstractmethod
    async def value(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""

    async def get_row(self, sql: str, *args: Any) -> Row:
        """The first row. Raises `RowMissing` where there is none."""
        row = await self.find_row(sql, *args)
        if row is None:
            raise RowMissing(" ".join(sql.split())[:200])
        return row


class Transaction(Reader):
    """What runs inside one transaction. It has no commit: whoever opened it ends it."""

    def __init__(self, connection: Any, database: "Database") -> None:
        self._connection = connection
        self.database = database
        self.service = database.service
        self.now_sql = database.now_sql
        self.has_recorded = False  # an outbox row was written: wake the relay after the commit

    async def find_row(self, sql: str, *args: Any) -> Row | None:
        with _answering(self._connection):
            row = await self._connection.fetchrow(sql, *args)
        return None if row is None else dict(row)

    async def list_rows(self, sql: str, *args: Any) -> list[Row]:
        with _answering(self._connection):
            rows = await self._connection.fetch(sql, *args)
        return [dict(row) for row in rows]

    async def value(self, sql: str, *args: Any) -> Any:
        with _answering(self._connection):
            return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> int:
        """Run a statement and tell how many rows it touched."""
        with _answering(self._connection):
            status: str = await self._connection.execute(sql, *args)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row, pipelined."""
        with _answering(self._connection):
            await self._connection.executemany(sql, rows)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator["Transaction"]:
        """A part that can fail alone."""
        point = self._connection.transaction()
        with _answering(self._connection):
            await point.start()
        try:
            yield self
        except BaseException:
            with _answering(self._connection):
                await point.rollback()
            raise
        with _answering(self._connection):
            await point.commit()


@contextmanager
def _answering(connection: Any) -> Generator[None]:
    """Tell a session that is lost from a caller's own fault, which asyncpg calls alike."""
    try:
        yield
    except (OSError, TimeoutError) as away:
        raise ConnectionLost from away
    except asyncpg.InternalClientError as torn:
        # The server has said its last word, and the end of the connection is still on its way.
        raise ConnectionLost from torn
    except asyncpg.InterfaceError as error:
        if connection.is_closed():
            raise ConnectionLost from error
        raise


async def _roll_back(connection: Any, running: Any, why: BaseException) -> None:
    """Leave nothing running; whatever had gone wrong is told, not what came of giving up."""
    if isinstance(why, ConnectionLost):  # it would not answer a rollback either
        connection.terminate()
        return
    try:
        async with asyncio.timeout(BEGINS_WITHIN):
            await running.rollback()
    except Exception:
        connection.terminate()


class _Connection(asyncpg.Connection):
    """Keeps no session state, so the pool need not reset it: one round trip less a transaction."""

    def get_reset_query(self) -> str:
        return ""


async def _teach_json(connection: Any) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )


async def connect(dsn: str, *, application: str, **settings: str) -> Any:
    """One connection outside the pool: the relay's, the listener's. `settings` are of the session."""
    told = {"timezone": "UTC", "application_name": application, **settings}
    connection = await asyncpg.connect(dsn, server_settings=told, timeout=10)
    async with asyncio.timeout(10):
        await _teach_json(connection)
    return connection


class Database(Reader):
    """A service's pool. `now_sql` is the clock's query, chosen once when the process starts."""

    def __init__(self, pool: Any, *, service: str, dsn: str, now_sql: str) -> None:
        self._pool = pool
        self.service = service
        self.dsn = dsn
        self.now_sql = now_sql
        self._nudge: Callable[[], None] = lambda: None

    @classmethod
    async def open(
        cls, dsn: str, *, service: str, now_sql: str, role: str = "web", most: int = 10
    ) -> "Database":
        """Open the pool; statements are cut off after 5 s, a wait for a lock after 10 s."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=most,
            connection_class=_Connection,
            init=_teach_json,
            server_settings={
                "timezone": "UTC",
                "application_name": f"{service}.{role}",
                "statement_timeout": "5000",
                "lock_timeout": "5000",
                "idle_in_transaction_session_timeout": "30000",
            },
            command_timeout=15,
        )
        return cls(pool, service=service, dsn=dsn, now_sql=now_sql)

    async def close(self) -> None:
        """Wait for what is running, then close the pool."""
        try:
            await asyncio.wait_for(self._pool.close(), 10)
        except TimeoutError:
            self._pool.terminate()

    def on_record(self, nudge: Callable[[], None]) -> None:
        """Have this called after each commit that left rows in the outbox; it must return at once."""
        self._nudge = nudge

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Everything inside commits together, or not at all.

        Raises `CommitUncertain` when the connection broke during the commit itself.
        """
        connection, running = await self._begin()
        try:
            tx = Transaction(connection, self)
            failpoint("command.begun")
            try:
                yield tx
            except BaseException as why:
                await _roll_back(connection, running, why)
                raise
            try:
                await running.commit()
            except UNANSWERED as broken:
                connection.terminate()
                raise CommitUncertain from broken
            failpoint("command.committed")
        finally:
            await self._pool.release(connection)
        if tx.has_recorded:
            self._nudge()

    @asynccontextmanager
    async def attempt(self, what: str, **ids: Any) -> AsyncGenerator[Transaction]:
        """A transaction of its own for one of many: a failure is logged and stops no other."""
        failpoint("deadlines.listed")
        try:
            async with self.transaction() as tx:
                yield tx
            failpoint("deadlines.lapsed")
        except asyncio.CancelledError:
            raise
        except Exception as error:
            name = type(error).__name__
            log.warning(
                "attempt.failed", act=what, error=name, **{k: str(v) for k, v in ids.items()}
            )

    async def _begin(self) -> tuple[Any, Any]:
        """A session that has answered, in a transaction; nothing was asked of any before."""
        for is_last in (False, True):
            connection = await self._pool.acquire(timeout=5)
            running = connection.transaction()
            try:
                with _answering(connection):
                    async with asyncio.timeout(BEGINS_WITHIN):
                        await running.start()
            except BaseException as why:
                await self._give_up(connection)
                if is_last or not isinstance(why, ConnectionLost):
                    raise
            else:
                return connection, running
        raise AssertionError  # the second try ends here or there

    async def _read(self, how: str, sql: str, args: Sequence[Any]) -> Any:
        """Ask by a session of the pool; where it is lost, once more by a new one: it only reads."""
        for is_last in (False, True):
            connection = await self._pool.acquire(timeout=5)
            try:
                with _answering(connection):
                    return await getattr(connection, how)(sql, *args, timeout=READS_WITHIN)
            except ConnectionLost:
                await self._give_up(connection)
                if is_last:
                    raise
            finally:
                await self._pool.release(connection)
        raise AssertionError  # the second try ends here or there

    async def _give_up(self, connection: Any) -> None:
        """Close a session that is lost, and use no other that was opened before: it shares its fate."""
        connection.terminate()
        await self._pool.release(connection)
        await self._pool.expire_connections()

    async def find_row(self, sql: str, *args: Any) -> Row | None:
        row = await self._read("fetchrow", sql, args)
        return None if row is None else dict(row)

    async def list_rows(self, sql: str, *args: Any) -> list[Row]:
        return [dict(row) for row in await self._read("fetch", sql, args)]

    async def value(self, sql: str, *args: Any) -> Any:
        return await self._read("fetchval", sql, args)
