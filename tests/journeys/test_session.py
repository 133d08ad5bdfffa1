"""The browser's session on a phone: what it opens, when it ends, and who may use the app's forms."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.browser import Browser
from tests.journeys.people import lock, sign_in
from tests.journeys.server import Server

TEACHER, MEMBER = "13800000001", "13800000005"
FORM = """<!doctype html><meta charset="utf-8"><meta name="referrer" content="{policy}"><title>x</title>
<form method="post" action="{url}/app/{path}"><input name="phone" value="{phone}">
<input name="password" value="{password}"><button>go</button></form>"""


@pytest.fixture
def elsewhere(server: Server) -> Iterator[str]:
    """The address of another site; `/<policy>/<path>` there has a form that posts into the app."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, policy, path = [*self.path.split("/"), "", ""][:3]
            filled = {"policy": policy, "path": path, "phone": MEMBER, "password": PASSWORD}
            body = FORM.format(url=server.url, **filled).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    site = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://localhost:{site.server_port}"
    site.shutdown()
    site.server_close()


def session_of(phone: Browser) -> int:
    """What the server says of the browser's session: 200 while it lives."""
    return phone.context.request.get(f"{phone.url}/session").status


def test_other_sites_forms_do_nothing(browser: Callable[..., Browser], elsewhere: str) -> None:
    """A page that a link leads to posts a sign-out, or somebody else's sign-in: nothing happens."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    page = phone.page
    for policy, path in (("no-referrer", "signout"), ("unsafe-url", "signin"), ("no-referrer", "signin")):
        page.goto(f"{elsewhere}/{policy}/{path}")
        page.get_by_role("button", name="go").tap()
        expect(page.get_by_role("heading", name="这一步不是在走访里按的").first).to_be_visible()
    phone.look("93-foreign-form")
    phone.go("/app/me")
    expect(page.locator("body")).to_contain_text("王芳")
    assert session_of(phone) == 200


def test_a_locked_phone_opens_no_page_of_the_servers(browser: Callable[..., Browser]) -> None:
    """With a signal, whoever holds it is asked who they are; the app's own session goes on."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    lock(phone)
    for path in ("/fill/", "/account"):
        phone.go(path)
        expect(phone.page).to_have_url(re.compile("/login"))
        expect(phone.page.locator("body")).not_to_contain_text("王芳")
    assert session_of(phone) == 200


def test_signing_out_in_the_field_ends_the_session_later(browser: Callable[..., Browser]) -> None:
    """Without a signal the server can't hear of it; at the next contact it does, with nobody signed in."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    phone.context.set_offline(True)
    phone.go("/app/signout")
    phone.page.get_by_role("button", name=re.compile("退出")).tap()
    expect(phone.page.get_by_role("button", name="登录", exact=True)).to_be_visible()
    assert session_of(phone) == 200, "the control: the server has not heard of it"
    phone.context.set_offline(False)
    phone.page.evaluate("navigator.serviceWorker.controller.postMessage({ type: 'sync' })")
    assert any(phone.page.wait_for_timeout(250) or session_of(phone) == 401 for _ in range(80))
