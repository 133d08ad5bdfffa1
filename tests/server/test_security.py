"""What every reply carries, and which requests get as far as a handler."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from typing import Any

import pytest
from litestar import Litestar

from server.body import BODY_LIMIT, NESTING_LIMIT, nesting, patience
from server.security import new_csrf
from server.settings import Settings
from tests.conftest import Client, MakeApp, People, browser

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/session", "/login", "/healthz", "/nothing/here", "/static/none.js"])
async def test_every_reply_carries_the_security_headers(client: Client, path: str) -> None:
    reply = await client.get(path)
    csp = reply.headers["content-security-policy"]
    assert "default-src 'self'" in csp
    assert "frame-ancestors 'none'" in csp
    assert "unsafe" not in csp
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"]
    assert reply.headers["permissions-policy"]
    assert "strict-transport-security" not in reply.headers, "not over plain http"


async def test_https_is_remembered_by_browsers(make_app: MakeApp) -> None:
    app = make_app(base_url="https://zoufang.example.cn")
    async with browser(app) as http:
        assert "max-age" in (await http.get("/healthz")).headers["strict-transport-security"]
    await app.state.db.close()


async def test_a_change_without_the_token_is_refused(client: Client, school: People) -> None:
    await client.sign_in(school.phones["office"])
    client.csrf = ""
    reply = await client.delete("/session")
    assert reply.status_code == 403
    assert reply.json()["type"].endswith("/csrf")
    assert (await client.get("/session")).status_code == 200, "and nothing happened"


async def test_somebody_elses_token_is_refused(app: Litestar, client: Client, school: People) -> None:
    await client.sign_in(school.phones["office"])
    for token in (new_csrf(app.state.settings), "x", "é", client.http.cookies["session"]):
        reply = await client.delete("/session", headers={"X-CSRFToken": token.encode()})
        assert reply.status_code == 403, token


async def test_a_cookie_planted_by_a_neighbour_site_does_not_help(client: Client, school: People) -> None:
    forged = new_csrf(Settings(secret_key="a secret that is not this server's"))
    client.http.cookies.set("csrftoken", forged, domain="127.0.0.1")
    body = {"phone": school.phones["office"], "password": "x"}
    assert (await client.post("/session", json=body, headers={"X-CSRFToken": forged})).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_is_refused_even_with_the_token(
    client: Client, school: People, headers: dict[str, str]
) -> None:
    await client.sign_in(school.phones["office"])
    assert (await client.delete("/session", headers=headers)).status_code == 403


async def test_our_own_pages_are_let_through(client: Client, school: People) -> None:
    await client.sign_in(school.phones["office"])
    headers = {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}
    assert (await client.delete("/session", headers=headers)).status_code == 204


async def test_a_form_may_bring_the_token_in_a_field(client: Client, school: People) -> None:
    await client.get("/login")
    token = client.http.cookies["csrftoken"]
    form = {"phone": school.phones["office"], "password": "wrong", "csrf": token}
    assert (await client.post("/login", data=form)).status_code == 422
    assert (await client.post("/login", data={**form, "csrf": "x"})).status_code == 403


async def test_errors_are_problems_and_tell_nothing_of_the_inside(
    app: Litestar, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(app.state.db, "read", broken)
    with caplog.at_level(logging.ERROR, "zoufang"):
        reply = await client.get("/healthz")
    assert reply.status_code == 500
    problem = reply.json()
    assert "secret" not in reply.text
    assert problem["id"] in problem["title"]
    assert problem["id"] in caplog.text, "the log can be found by what the person was told"


async def test_a_busy_database_is_503_with_a_time_to_come_back(
    app: Litestar, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(app.state.db, "read", locked)
    reply = await client.get("/healthz")
    assert reply.status_code == 503
    assert int(reply.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/none", 404), ("PUT", "/healthz", 405), ("GET", "/static/", 404)]
)
async def test_the_frameworks_own_errors_are_problems_too(
    client: Client, method: str, path: str, status: int
) -> None:
    reply = await client.request(method, path)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    page = await client.request(method, path, headers={"Accept": "text/html"})
    assert page.status_code == status
    assert "<html" in page.text


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
