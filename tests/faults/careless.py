"""A server that makes one mistake on purpose: a harness that does not catch it proves nothing.

    ZOUFANG_FAULTS_CARELESS=off python -m tests.faults.careless serve

Every argument is the CLI's. The product has no such setting; the mistake is put into its parts here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server import db
from server.cli import main
from server.gateway import take
from tests.faults.ground import CARELESS

LATE = 0.03
"""Seconds between an answer and what it promised, in a server that answers too early."""
_running: set[asyncio.Task[Any]] = set()


def sync_off() -> None:
    """Never wait for the disk: a power cut takes what was acknowledged."""
    db.PRAGMAS["synchronous"] = 0


def sync_normal() -> None:
    """Wait for the disk only at checkpoints: SQLite's own advice for WAL, and too little for an answer."""
    db.PRAGMAS["synchronous"] = 1


def answer_early() -> None:
    """Answer a push first, commit a moment later: a kill in between takes what was acknowledged."""
    honest, write_log = db.Database.write, vars(take)["_log"]
    pushed: set[AsyncConnection] = set()

    async def log(work: Any, *rest: Any) -> None:
        await write_log(work, *rest)
        pushed.add(work.conn)

    async def commit(transaction: AbstractAsyncContextManager[Any]) -> None:
        await asyncio.sleep(LATE)
        await transaction.__aexit__(None, None, None)

    @asynccontextmanager
    async def write(self: db.Database) -> AsyncGenerator[AsyncConnection]:
        transaction = honest(self)
        conn = await transaction.__aenter__()
        try:
            yield conn
        except BaseException as error:
            await transaction.__aexit__(type(error), error, error.__traceback__)
            raise
        if conn not in pushed:
            await transaction.__aexit__(None, None, None)
            return
        pushed.discard(conn)
        task = asyncio.create_task(commit(transaction))
        _running.add(task)
        task.add_done_callback(_running.discard)

    vars(take)["_log"] = log
    setattr(db.Database, "write", write)  # noqa: B010 - a method is replaced on purpose


def log_apart() -> None:
    """The records in one transaction, the log of ops in the next: a kill in between applies ops twice."""
    honest, write_log = db.Database.write, vars(take)["_log"]
    waiting: list[tuple[Any, ...]] = []

    async def later(*args: Any) -> None:
        waiting.append(args)

    @asynccontextmanager
    async def write(self: db.Database) -> AsyncGenerator[AsyncConnection]:
        async with honest(self) as conn:
            yield conn
        if waiting:
            await asyncio.sleep(LATE)
            async with honest(self) as conn:
                while waiting:
                    work, *rest = waiting.pop(0)
                    work.conn = conn
                    await write_log(work, *rest)

    vars(take)["_log"] = later
    setattr(db.Database, "write", write)  # noqa: B010 - a method is replaced on purpose


MISTAKES: dict[str, Callable[[], None]] = {
    "off": sync_off,
    "normal": sync_normal,
    "early": answer_early,
    "apart": log_apart,
}

if __name__ == "__main__":
    MISTAKES[os.environ[CARELESS]]()
    main()
