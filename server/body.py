"""The limits that every request's body is under."""

from __future__ import annotations

import asyncio
import re
import zlib
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.problems import Problem
from server.security import SAFE_METHODS

BODY_LIMIT = 2 << 20
"""Bytes of a body, as sent and inflated; a handler that takes more says so by `request_max_body_size`."""
NESTING_LIMIT = 64
SLOWEST = 2048
"""Bytes a second that a phone with one bar of signal still gets through."""


class Body(ASGIMiddleware):
    """A body has a pace, a size, a size when inflated, and a depth: a bad one holds nothing for long."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, seconds: float) -> None:
        """`seconds` is how long a body may take to arrive, plus what `patience` adds."""
        self.seconds = seconds

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on a receive that enforces the limits; what must be looked at as a whole is read here."""
        request: Request[Any, Any, Any] = Request(scope)
        limit = request.route_handler.resolve_request_max_body_size() or BODY_LIMIT
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        timed = _timed(receive, self.seconds)
        encoding = request.headers.get("content-encoding", "identity").lower()
        kind = request.content_type[0]
        if encoding == "identity" and kind.startswith(("multipart/", "application/x-www-form-urlencoded")):
            await next_app(scope, _limited(timed, limit), send)
            return
        if request.method in SAFE_METHODS:
            await next_app(scope, timed, send)
            return
        body = await _read(timed, limit)
        if encoding in ("gzip", "x-gzip"):
            body = inflate(body, limit)
        elif encoding != "identity":
            raise Problem(415, "unsupported_encoding", headers={"Accept-Encoding": "gzip"})
        deepest = request.route_handler.opt.get("nesting", NESTING_LIMIT)
        if is_too_deep(body, deepest):
            raise Problem(400, "too_deep", limit=deepest)
        await next_app(scope, _replay(body, receive), send)


def _too_large(limit: int) -> Problem:
    return Problem(413, "too_large", limit=limit, headers={"Connection": "close"})


def patience(seconds: float, received: int) -> float:
    """How many seconds after its beginning a body of which this much has come may go on."""
    return seconds + received / SLOWEST


def _timed(receive: Receive, seconds: float) -> Receive:
    """`receive` that gives up on a body that comes too slowly; after the body it waits for ever."""
    clock = asyncio.get_running_loop().time
    began = clock()
    received = 0
    more = True

    async def timed() -> Any:
        nonlocal more, received
        if not more:
            return await receive()
        try:
            async with asyncio.timeout_at(began + patience(seconds, received)):
                message: Any = await receive()
        except TimeoutError:
            raise Problem(408, "timeout", headers={"Connection": "close"}) from None
        received += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    return timed


def _limited(receive: Receive, limit: int) -> Receive:
    """`receive` that refuses more than `limit` bytes."""
    total = 0

    async def limited() -> Any:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise _too_large(limit)
        return message

    return limited


async def _read(receive: Receive, limit: int) -> bytes:
    """The whole body. A client that went away in the middle is a timeout: nobody will read the answer."""
    limited = _limited(receive, limit)
    parts = []
    while True:
        message: Any = await limited()
        if message["type"] != "http.request":
            raise Problem(408, "timeout")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body once, then whatever comes after it."""
    given = False

    async def replay() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def inflate(body: bytes, limit: int) -> bytes:
    """Undo gzip, making at most `limit` bytes. Raises Problem 413 beyond it, 400 for what is not gzip."""
    decoder = zlib.decompressobj(wbits=31)
    try:
        plain = decoder.decompress(body, limit + 1)
    except zlib.error:
        raise Problem(400, "bad_request") from None
    if len(plain) > limit:
        raise _too_large(limit)
    if not decoder.eof or decoder.unused_data:
        raise Problem(400, "bad_request")
    return plain


# A string without an end counts as one up to the end: the expression never has to try again from inside it.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def is_too_deep(body: bytes, limit: int) -> bool:
    """Whether the arrays and objects of a JSON text go deeper than the limit."""
    opened = body.count(b"{") + body.count(b"[")  # most have too few to be so deep, which is soon counted
    return opened > limit and nesting(body, limit) > limit


def nesting(body: bytes, limit: int = NESTING_LIMIT) -> int:
    """How deep the arrays and objects of a JSON text go, at most one beyond the limit; parses nothing."""
    depth = deepest = 0
    for token in _TOKENS.finditer(body):
        first = body[token.start()]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > limit:
                break
        elif first in b"]}":
            depth -= 1
    return deepest
