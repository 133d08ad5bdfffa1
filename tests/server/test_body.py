"""A body is under limits: a bad one holds nothing for long and gets a clear answer."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

from server.body import BODY_LIMIT, NESTING_LIMIT, nesting, patience
from tests.conftest import Client, MakeApp, People

JSON = {"Content-Type": "application/json"}


async def visitor(client: Client) -> None:
    client.csrf = (await client.get("/session")).json()["csrf"]


async def test_too_large_a_body_is_refused_as_sent_and_as_inflated(client: Client) -> None:
    await visitor(client)
    large = b'{"phone": "' + b"1" * BODY_LIMIT + b'"}'
    plain = await client.post("/session", content=large, headers=JSON)
    packed = {**JSON, "Content-Encoding": "gzip"}
    bomb = await client.post("/session", content=gzip.compress(large), headers=packed)
    for reply in (plain, bomb):
        assert reply.status_code == 413
        assert reply.json()["limit"] == BODY_LIMIT


async def test_a_body_that_does_not_say_its_length_is_counted(client: Client) -> None:
    await visitor(client)

    async def endless():
        for _ in range(BODY_LIMIT // 65536 + 2):
            yield b"1" * 65536

    assert (await client.post("/session", content=endless(), headers=JSON)).status_code == 413
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.post("/login", content=endless(), headers=form)).status_code == 413


async def test_a_gzipped_body_is_read_and_a_broken_one_refused(client: Client, school: People) -> None:
    await visitor(client)
    packed = {**JSON, "Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps({"phone": school.phones["office"], "password": "wrong"}).encode())
    assert (await client.post("/session", content=body, headers=packed)).status_code == 401
    for broken in (body[:-4], b"not gzip", body + b"more"):
        assert (await client.post("/session", content=broken, headers=packed)).status_code == 400
    other = {**JSON, "Content-Encoding": "br"}
    assert (await client.post("/session", content=body, headers=other)).status_code == 415


async def test_too_deep_a_body_is_refused(client: Client) -> None:
    await visitor(client)
    deep = b'{"phone":' + b"[" * (NESTING_LIMIT + 1) + b"]" * (NESTING_LIMIT + 1) + b"}"
    reply = await client.post("/session", content=deep, headers=JSON)
    assert reply.status_code == 400
    assert reply.json()["type"].endswith("/too_deep")


def test_brackets_in_texts_are_not_nesting() -> None:
    assert nesting(b'{"a": "[[[[[{{{", "b": ["\\"[", []]}') == 3
    assert nesting(b'"never closed [[[[') == 0
    assert nesting(b'"\\') == 0
    assert nesting(b"[" * 1_000_000) == NESTING_LIMIT + 1
    assert nesting(b'"\\"' * 300_000) == 0, "in one pass, however the quotes fall"


def test_a_slow_phone_is_given_the_time_it_needs_and_a_trickle_is_not() -> None:
    assert patience(20, 0) == 20
    assert patience(20, 1 << 20) > 500, "a full push at the edge of a network"
    assert patience(20, 100) < 21, "a byte a second comes to nothing"


async def test_nobody_uploads_without_being_signed_in(client: Client) -> None:
    await visitor(client)
    token, client.csrf = client.csrf, ""
    reply = await client.post("/login", data={"csrf": token}, files={"file": b"x" * 1000})
    assert reply.status_code == 403


async def test_a_stalled_body_is_given_up(make_app: MakeApp) -> None:
    app = make_app(body_seconds=0.05)
    sent: list[Any] = []
    first = iter([{"type": "http.request", "body": b'{"phone"', "more_body": True}])

    async def receive() -> Any:
        message = next(first, None)
        if message is None:
            await asyncio.Event().wait()  # the rest never comes
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/session",
        "raw_path": b"/session",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"host", b"127.0.0.1")],
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
        "root_path": "",
        "asgi": {"version": "3.0"},
        "extensions": {},
    }
    await asyncio.wait_for(app(scope, receive, send), 5)
    assert sent[0]["status"] == 408
    await app.state.db.close()
