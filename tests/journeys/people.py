"""What people do first: open the app, sign in, see their lists arrive."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from tests.journeys.browser import Browser


def sign_in(browser: Browser, phone: str, *, picture: str = "") -> None:
    """Open the app on a phone that has never seen it and sign in; ends on 今天 with everything there."""
    page = browser.open("/")
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    controlled = "() => navigator.serviceWorker.controller !== null"
    assert page.evaluate(controlled), "the worker has not taken over"
    if picture:
        browser.look(f"{picture}-signin")
    page.get_by_label("手机号").fill(phone)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.get_by_role("heading", name="今天", level=1)).to_be_visible(timeout=30_000)
    expect(page.locator("#stand")).to_contain_text("已和学校对上")


def unlock(browser: Browser, password: str = PASSWORD) -> None:
    """Open the vault of a phone that was closed, with or without a signal; ends where one wanted to go."""
    page = browser.page
    button = page.get_by_role("button", name="解锁", exact=True)
    expect(button).to_be_visible()
    page.get_by_label("密码", exact=True).fill(password)
    button.tap()
    expect(button).to_have_count(0)


def reopen(browser: Browser, path: str = "/app/") -> Page:
    """Start a browser again that was closed or killed, and open the vault; ends on `path`."""
    browser.open(path)
    unlock(browser)
    return browser.page


def lock(browser: Browser) -> None:
    """Press the button that locks the vault."""
    browser.go("/app/me")
    browser.page.get_by_role("button", name="现在锁上").tap()
    expect(browser.page.get_by_role("button", name="解锁")).to_be_visible()


def synced(browser: Browser) -> None:
    """Wait until nothing waits to be sent and the last exchange went well."""
    browser.go("/app/sync")
    expect(browser.page.locator("#sync-h")).to_contain_text("已和学校对上", timeout=30_000)


def send(phone: Browser) -> None:
    """Press the button and wait until the phone says that it is done."""
    phone.go("/app/sync")
    phone.page.get_by_role("button", name="现在同步").tap()
    expect(phone.page.locator("#sync-h")).to_contain_text("已和学校对上", timeout=30_000)


def sign_in_at_desk(browser: Browser, phone: str, path: str = "/office/") -> None:
    """Sign in on the server's own page; ends on `path`."""
    page = browser.open(f"/login?next={path}")
    page.get_by_label("手机号").fill(phone)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile(re.escape(path)))
