"""What every reply carries, and which requests get as far as a handler."""

from __future__ import annotations

import logging

import pytest
from litestar import Litestar

from server.security import new_csrf
from server.settings import Settings
from tests.conftest import Client, Clock, MakeApp, People, browser


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


async def test_a_phone_whose_session_is_over_is_told_so(client: Client, school: People, clock: Clock) -> None:
    await client.sign_in(school.phones["class_teacher"])
    body = {"protocol": 1, "epoch": None, "client": "01936b2e-0000-7000-8000-00000000c001", "push": []}
    for token in ("", "x"):
        alive = await client.post("/sync", json=body, headers={"X-CSRFToken": token})
        assert (alive.status_code, alive.json()["type"]) == (403, "/problems/csrf")
    clock.tick(days=400)
    for token in ("", "x", client.csrf):
        over = await client.post("/sync", json=body, headers={"X-CSRFToken": token})
        assert (over.status_code, over.json()["type"]) == (401, "/problems/unauthenticated")
        assert "set-cookie" not in over.headers, "a sign-in at this moment keeps its cookie"
    elsewhere = {"Origin": "https://evil.example", "X-CSRFToken": client.csrf}
    assert (await client.post("/sync", json=body, headers=elsewhere)).status_code == 403
    assert (await client.delete("/session", headers={"X-CSRFToken": "x"})).status_code == 403


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


async def test_behind_a_proxy_that_changes_the_host_the_settings_say_who_we_are(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    signin = {"phone": "13800000000", "password": "x"}
    for base_url, status in (("https://zoufang.example.cn", 401), ("", 403)):
        app = make_app(base_url=base_url)
        async with browser(app) as http:
            reply = await http.get("/session")
            assert ("Secure" in reply.headers["set-cookie"]) == bool(base_url)
            headers = {"Origin": "https://zoufang.example.cn", "X-CSRFToken": reply.json()["csrf"]}
            cookies = f"csrftoken={reply.json()['csrf']}"
            tried = await http.post("/session", json=signin, headers={**headers, "Cookie": cookies})
            assert tried.status_code == status
        await app.state.db.close()
    assert "BASE_URL" in caplog.text


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
