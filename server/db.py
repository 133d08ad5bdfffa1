"""The one door to SQL: `Database.read()` is a snapshot, `Database.write()` commits when its block ends.

SQLAlchemy Core only. Tables of every feature register themselves on `metadata`.

SQLite needs care: `sqlite3` opens transactions by itself, late, and in a way that commits when a first
savepoint is released, and a read that later writes fails at once with "database is locked". So the driver's
own handling is switched off and each transaction begins with words of ours: a deferred BEGIN for reads, on
connections that can't write at all, and BEGIN IMMEDIATE for writes, one at a time in a process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import uuid_utils
from sqlalchemy import JSON, DateTime, Dialect, MetaData, Table, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from server.sqlite import Connection as SqliteConnection
from server.sqlite import driver_of
from server.together import Together

T = TypeVar("T")
BUSY_SECONDS = 30  # as long as the import of a large school may take in another process
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: what was acknowledged must outlive a power cut
    "busy_timeout": BUSY_SECONDS * 1000,
    "foreign_keys": 1,
}

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """A point in time: aware datetimes go in, aware UTC datetimes come out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody knows which zone they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite returns what it stored without a zone; it is UTC."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


Json = JSON(none_as_null=True)
"""A JSON column that needs no querying inside; None is SQL NULL."""


def utcnow() -> datetime:
    """The real clock. Everything that needs the time is given one, so that tests can give another."""
    return datetime.now(UTC)


def new_id() -> str:
    """A UUIDv7 as lower-case text."""
    return str(uuid_utils.uuid7())


def driver_url(url: str) -> URL:
    """The URL with the async driver's name, from `sqlite:///x`, `postgres://…` or `postgresql://…`."""
    parsed = make_url("postgresql" + url[len("postgres") :] if url.startswith("postgres:") else url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend != "postgresql":
        raise ValueError(f"a database of sort {backend!r} is not supported")
    query = dict(parsed.query)
    if "sslmode" in query:  # libpq's word, which asyncpg calls ssl
        query["ssl"] = query.pop("sslmode")
    return parsed.set(drivername="postgresql+asyncpg", query=query)


class Database:
    """A database and its connections. `dialect` is "sqlite" or "postgresql".

    Errors don't repeat the values of a statement: they end in logs, and the values are about children.
    """

    def __init__(self, url: str) -> None:
        """Nothing is opened until it is used. Raises ValueError for an unsupported or unreadable URL."""
        self.url = driver_url(url)
        self.dialect = self.url.get_backend_name()
        self._writing: asyncio.Lock | None = None
        self._together = Together(self.write, is_unavailable)
        if self.dialect == "sqlite":
            self._open_sqlite()
        else:
            self._writer = create_async_engine(
                self.url, pool_pre_ping=True, pool_size=10, max_overflow=10, hide_parameters=True
            )
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._glancer = self._reader

    def _open_sqlite(self) -> None:
        if not self.url.database or self.url.database == ":memory:":
            raise ValueError(
                "a database in memory is not supported: give a file, as in sqlite:///var/zoufang.db"
            )
        Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self._writing = asyncio.Lock()
        self._writer = self._engine(short=True, reads=False, pool_size=2)
        self._reader = self._engine(short=False, reads=True, pool_size=10, max_overflow=10)
        self._glancer = self._engine(short=True, reads=True, pool_size=10, max_overflow=10)
        _own_transactions(self._writer, "BEGIN IMMEDIATE", PRAGMAS)
        _own_transactions(self._reader, "BEGIN", {**PRAGMAS, "query_only": 1})
        _own_transactions(self._glancer, None, {**PRAGMAS, "query_only": 1})

    def _engine(self, *, short: bool, reads: bool, **pool: int) -> AsyncEngine:
        file = self.url.database or ""

        async def connect() -> Any:
            return await SqliteConnection(file, short=short, reads=reads)

        return create_async_engine(self.url, async_creator=connect, hide_parameters=True, **pool)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """A snapshot: everything read inside is of one moment, and nothing can be written."""
        async with self._reader.connect() as conn, conn.begin():
            yield conn

    @asynccontextmanager
    async def glance(self) -> AsyncGenerator[AsyncConnection]:
        """A snapshot as of `read()`, for statements that take microseconds: everyone waits while they run."""
        async with self._glancer.connect() as conn:  # which rolls back when it is given back
            if (driver := driver_of(conn)) is not None:
                driver.ask("BEGIN", ())  # SQLAlchemy's own way takes longer than what is read
            elif self.dialect == "sqlite":
                await conn.exec_driver_sql("BEGIN")
            yield conn

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction: commits when the block ends, rolls back when it raises.

        On SQLite there is one writer at a time in a process: a queue in front of the file's own lock, for
        which they would have to poll. Don't open a second `write()` inside one, it would wait for itself.
        """
        turn: AbstractAsyncContextManager[Any] = self._writing or nullcontext()
        async with turn, self._writer.connect() as conn, conn.begin():
            yield conn

    async def write_together(self, school: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do a school's work in a transaction that others who wait for the writer just then share.

        Durable when it returns; what it raises undid its own work alone (see server.together). On PostgreSQL
        only those of one school share: two that lock several schools' rows could wait for each other.
        """
        return await self._together.run("" if self.dialect == "sqlite" else school, work)

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self.dialect == "sqlite":
            await self._reader.dispose()
            await self._glancer.dispose()


def _own_transactions(engine: AsyncEngine, begin: str | None, pragmas: dict[str, Any]) -> None:
    """Set the PRAGMAs on each new connection and begin each transaction with `begin`; None: nothing begins
    it but whoever uses the connection."""

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # the driver begins and commits nothing by itself
        cursor = dbapi.cursor()
        # The wait for locks comes first: two processes that start together both ask for WAL.
        for name, value in sorted(pragmas.items(), key=lambda item: item[0] != "busy_timeout"):
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    if begin is None:
        return

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(conn: Connection) -> None:
        conn.exec_driver_sql(begin)


_PASSING_STATES = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE that pass: connection, serialization and deadlock, resources, locks, shutdown."""
_PASSING_SQLITE = ("locked", "busy", "disk is full", "disk i/o", "unable to open")


def is_unavailable(error: BaseException) -> bool:
    """Whether trying again later may help: a lost connection, a lock, a full disk. Anything else is a bug."""
    if isinstance(error, (PoolTimeout, ConnectionError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return state.startswith(_PASSING_STATES)
    text = str(error.orig).lower()
    return isinstance(error, (OperationalError, InterfaceError)) and any(
        word in text for word in _PASSING_SQLITE
    )


def is_unstorable(error: BaseException) -> bool:
    """Whether a text held what PostgreSQL has no room for (a NUL): whoever sent it sent nothing real."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == "22021"


async def insert_or_ignore(conn: AsyncConnection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there. Returns whether it was inserted."""
    insert = inserting(conn.dialect.name, table).values(values).on_conflict_do_nothing()
    return (await conn.execute(insert)).rowcount == 1


def inserting(dialect: str, table: Table) -> Any:
    """A dialect's INSERT, which knows ON CONFLICT. The other dialect is never imported: it would make every
    start of a server longer."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
