"""Group commit: work that waits for the writer at the same time shares a transaction and a disk wait.

Each piece has a savepoint of its own, so that one that fails takes nobody with it, and nobody has an answer
before the one commit is durable. What makes the database itself fail (a lock, a full disk, a lost connection)
fails for everyone in the transaction, and nothing of it is kept.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from server.prepared import say

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[Any]]
Writing = Callable[[], AbstractAsyncContextManager[AsyncConnection]]

MOST = 32
"""Pieces in one transaction: those at its end wait for all before them."""


class Piece:
    """A piece of work, and whoever waits for what comes of it."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.outcome: Any = None
        self.error: BaseException | None = None
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def tell(self) -> None:
        """Say what came of it; it is durable, or it failed."""
        if self.answer.done():  # whoever asked has gone away
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.outcome)

    def fail(self, error: BaseException) -> None:
        """Nothing of the transaction was kept. What a piece said of itself may be about work that is undone
        now, such as a gap after a neighbour's op, and is not told."""
        self.error = error
        self.tell()


class Together:
    """Work by group: what is in different groups never shares a transaction."""

    def __init__(self, writing: Writing, is_everybodys: Callable[[BaseException], bool]) -> None:
        """`writing` opens a transaction; `is_everybodys` says which errors end it for all of its work."""
        self._writing, self._is_everybodys = writing, is_everybodys
        self._waiting: dict[str, deque[Piece]] = {}
        self._leaders: dict[str, asyncio.Task[None]] = {}

    async def run(self, group: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do the work in a transaction that may be shared; durable when this returns.

        Raises what the work raises, then nothing of it was kept.
        """
        piece = Piece(work)
        self._waiting.setdefault(group, deque()).append(piece)
        if group not in self._leaders:
            self._leaders[group] = asyncio.create_task(self._lead(group))
        return await piece.answer

    async def _lead(self, group: str) -> None:
        """One transaction after the other, as long as somebody waits."""
        waiting = self._waiting[group]
        try:
            while waiting:
                await self._one(waiting)
        finally:
            del self._leaders[group], self._waiting[group]

    async def _one(self, waiting: deque[Piece]) -> None:
        """Take who waits when the transaction has begun, do their work, commit, tell them."""
        taken: list[Piece] = []
        try:
            async with self._writing() as conn:
                taken = _some(waiting)
                for piece in taken:
                    if not piece.answer.done():
                        await self._try(conn, piece, alone=len(taken) == 1)
        except Exception as error:
            for piece in taken or _some(waiting):
                piece.fail(error)
        except BaseException:
            for piece in (*taken, *waiting):
                piece.fail(ConnectionError("the server stops"))
            raise
        else:
            for piece in taken:
                piece.tell()

    async def _try(self, conn: AsyncConnection, piece: Piece, *, alone: bool) -> None:
        """Do one piece of work. A failure of its own is undone, and kept for whoever waits for it."""
        if alone:  # the transaction is all the savepoint that it needs
            piece.outcome = await piece.work(conn)
            return
        await say(conn, "SAVEPOINT piece")
        try:
            piece.outcome = await piece.work(conn)
        except Exception as error:
            if self._is_everybodys(error):
                raise
            await say(conn, "ROLLBACK TO SAVEPOINT piece")
            piece.error = error
        await say(conn, "RELEASE SAVEPOINT piece")


def _some(waiting: deque[Piece]) -> list[Piece]:
    return [waiting.popleft() for _ in range(min(len(waiting), MOST))]
