"""A bad line: what passes between phone and server breaks off after a given number of bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

CHUNK = 65_536


class Cut(NamedTuple):
    """Break a connection when `after` bytes of the request (or of the reply) have passed."""

    reply: bool
    after: int


class Line:
    """Passes everything on to the server. `plan()` says of each new connection where it breaks, or None."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.plan: Callable[[], Cut | None] = lambda: None
        self.cuts = 0
        self._more = asyncio.Event()
        self.passed = [0, 0]  # bytes of requests and of replies on the latest connection

    async def open(self) -> None:
        """Listen on a port of its own."""
        self._listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    async def until(self, cuts: int) -> None:
        """Wait until so many connections have been broken in all."""
        while self.cuts < cuts:
            self._more.clear()
            await self._more.wait()

    async def _connected(self, phone: asyncio.StreamReader, to_phone: asyncio.StreamWriter) -> None:
        cut = self.plan()
        passed = self.passed = [0, 0]
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            to_phone.transport.abort()
            return
        ways = ((phone, to_server, False), (server, to_phone, True))
        running = [asyncio.create_task(self._pass(*way, cut, passed)) for way in ways]
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for end in (to_phone, to_server):  # without a goodbye: both sides see a connection that broke
            end.transport.abort()
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await task

    async def _pass(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        reply: bool,
        cut: Cut | None,
        passed: list[int],
    ) -> None:
        """Pass on until the end, or until the cut."""
        room = cut.after if cut and cut.reply == reply else None
        if room == 0:
            return self._broke()
        while data := await source.read(CHUNK):
            if room is not None:
                data = data[: room - passed[reply]]
            passed[reply] += len(data)
            sink.write(data)
            await sink.drain()
            if room is not None and passed[reply] >= room:
                return self._broke()
        return None

    def _broke(self) -> None:
        self.cuts += 1
        self._more.set()
