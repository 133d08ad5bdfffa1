"""SQLite's connections: aiosqlite's, with one trip to their thread for a statement, or none at all.

As it comes, each statement goes to the connection's thread four times (cursor, execute, fetch, close), and
each trip waits for the interpreter's lock while other requests hold it. Here a statement is one trip; and on
a connection for short work it runs where it is asked for, in microseconds, and only what waits for the disk
or for another process (BEGIN IMMEDIATE, COMMIT) goes to the thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

MANY = 500
"""Rows in one statement from which on it is long work, and leaves the event loop alone."""


class Cursor:
    """What SQLAlchemy asks of an async cursor. All rows are fetched with the statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        """Run one statement."""
        waits = sql.startswith(("BEGIN IMMEDIATE", "PRAGMA"))
        await self._run(waits, lambda raw: raw.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> None:
        """Run one statement for each row of parameters."""
        rows = list(parameters)
        await self._run(len(rows) > MANY, lambda raw: raw.executemany(sql, rows))

    async def _run(self, long: bool, work: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> None:
        if long or not self._connection.is_here:
            await self._connection.in_thread(self._keep, work)
        else:
            self._keep(work)

    def _keep(self, work: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> None:
        done = work(self._connection.raw)
        self.description, self.rowcount, self.lastrowid = done.description, done.rowcount, done.lastrowid
        self._rows = done.fetchall() if done.description else []

    async def fetchall(self) -> list[Any]:
        """The rows that the statement found."""
        return self._rows

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next of them, for a result that is streamed (a backup)."""
        count = self.arraysize if size is None else size
        found, self._rows = self._rows[:count], self._rows[count:]
        return found

    async def close(self) -> None:
        """Nothing is left to be closed."""


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own. `short`: statements run in the caller's thread if possible."""

    def __init__(self, path: str | Path, *, short: bool, reads: bool) -> None:
        """`reads`: nothing is written on it, so the end of a transaction waits for nothing."""
        super().__init__(lambda: sqlite3.connect(path, check_same_thread=False), 64)
        self._thread.daemon = True
        self.short = short
        self._reads = reads
        self._asked = 0  # what went to the thread, and what came to its end there, waited for or not
        self._done = 0

    @property
    def raw(self) -> sqlite3.Connection:
        """The driver's connection. Raises ValueError when closed."""
        return self._conn

    @property
    def is_here(self) -> bool:
        """Whether a statement may run in the caller's thread: no abandoned one is still running."""
        return self.short and self._asked == self._done

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """Run a statement here and now; its rows. Raises as SQLAlchemy does, without the values."""
        try:
            return self.raw.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise _wrapped(sql, error) from error

    def ask_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement here and now for each row of parameters. Raises as `ask` does."""
        try:
            self.raw.executemany(sql, rows)
        except sqlite3.Error as error:
            raise _wrapped(sql, error) from error

    async def in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run something in the connection's thread."""

        def run() -> Any:
            try:
                return work(*arguments)
            finally:
                self._done += 1

        self._asked += 1
        return await self._execute(run)

    def cursor(self) -> Any:
        """A cursor that is made without a trip."""
        return Cursor(self)

    async def rollback(self) -> None:
        """Undo the transaction; memory alone, so on a connection for short work it happens here."""
        if self.is_here:
            self.raw.rollback()
        else:
            await self.in_thread(self.raw.rollback)

    async def commit(self) -> None:
        """Commit, which waits for the disk."""
        if self.is_here and self._reads:
            self.raw.commit()
        else:
            await self.in_thread(self.raw.commit)


def driver_of(conn: AsyncConnection) -> Connection | None:
    """The driver's connection, where statements may run in the caller's thread; else None."""
    if conn.dialect.name != "sqlite" or conn.sync_connection is None:
        return None
    driver = conn.sync_connection.connection.driver_connection
    return driver if isinstance(driver, Connection) and driver.is_here else None


def _wrapped(sql: str, error: sqlite3.Error) -> BaseException:
    return DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True)
