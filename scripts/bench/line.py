"""One kept-alive HTTP connection that works as little as it can: it runs beside what it measures."""

from __future__ import annotations

import asyncio
import json
from typing import Any


class Line:
    """A connection that keeps its cookies, and sends what it is given."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.cookies: dict[str, str] = {}
        self.csrf = self.school = ""

    @classmethod
    async def open(cls, port: int) -> Line:
        """Connect to a server on this machine."""
        line = cls(port)
        await line._connect()
        return line

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)

    def packed(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A whole request, ready to be sent."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Content-Length: {len(body)}"]
        if body:
            lines.append("Content-Type: application/json")
        if self.csrf:
            lines.append(f"X-CSRFToken: {self.csrf}")
        if self.school:
            lines.append(f"X-School: {self.school}")
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send a packed request; status and body of the answer."""
        if self._reader.at_eof():  # the server hangs up on who is silent for some seconds
            await self._connect()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = [line.partition(": ")[::2] for line in head[1:] if line]
        length = 0
        for name, value in headers:
            if name.lower() == "content-length":
                length = int(value)
            elif name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return int(head[0].split()[1]), await self._reader.readexactly(length)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON and read JSON. Raises RuntimeError for an answer that is no success."""
        raw = b"" if body is None else json.dumps(body).encode()
        status, answer = await self.exchange(self.packed(method, path, raw))
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer[:400]!r}")
        return json.loads(answer) if answer else None

    async def sign_in(self, phone: str, password: str, client: str) -> None:
        """Begin a session as a phone does."""
        _, problem = await self.exchange(self.packed("GET", "/session"))
        self.csrf = json.loads(problem)["csrf"]
        body = {"phone": phone, "password": password, "device": "bench", "client": client}
        answer = await self.ask("POST", "/session", body)
        self.csrf, self.school = answer["csrf"], answer["school"]

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()
