"""What opens a vault besides the password, and what closes it by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.browser import Browser
from tests.journeys.people import sign_in, unlock

TEACHER = "13800000001"
PUPIL = "杨思源"
LOCKED = re.compile(r"/app/unlock")


def lock_now(phone: Browser) -> None:
    phone.go("/app/me").get_by_role("button", name="现在锁上").tap()
    expect(phone.page).to_have_url(LOCKED)


def test_a_pin_wakes_it_without_a_signal(browser: Callable[..., Browser]) -> None:
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    page = phone.go("/app/locks")
    phone.look("93-locks")
    page.get_by_label("4到6个数字").fill("12")
    page.get_by_role("button", name="用这个数字").tap()
    expect(page.get_by_role("alert")).to_contain_text("4到6个数字")
    page.get_by_label("4到6个数字").fill("4711")
    page.get_by_role("button", name="用这个数字").tap()
    expect(page.get_by_role("button", name="换成这个，或留空不用数字")).to_be_visible()
    phone.context.set_offline(True)
    lock_now(phone)
    phone.look("94-pin")
    page.get_by_label("解锁数字").fill("0000")
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(page.get_by_role("alert")).to_contain_text("数字不对")
    page.get_by_label("解锁数字").fill("4711")
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(page).not_to_have_url(LOCKED)
    phone.go("/app/pupils")
    expect(page.get_by_role("link", name=PUPIL)).to_be_visible()


def test_left_alone_it_locks_and_leads_back(browser: Callable[..., Browser]) -> None:
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    phone.page.clock.install()
    page = phone.go("/app/pupils")
    page.get_by_role("link", name=PUPIL).tap()
    page.wait_for_url(re.compile(r"/app/pupils/[0-9a-f-]{36}"))
    where = page.url
    page.clock.fast_forward("16:00")
    expect(page).to_have_url(LOCKED)
    expect(page.locator("body")).not_to_contain_text(PUPIL)
    page.go_back()
    expect(page).to_have_url(LOCKED)
    phone.go(where.removeprefix(phone.url))
    unlock(phone)
    expect(page).to_have_url(where)
    expect(page.get_by_role("heading", name=PUPIL)).to_be_visible()


def test_a_fingerprint_opens_it_without_a_signal(browser: Callable[..., Browser]) -> None:
    phone = browser("teacher")
    phone.url = phone.url.replace("127.0.0.1", "localhost")
    sign_in(phone, TEACHER)
    tools = phone.context.new_cdp_session(phone.page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page = phone.go("/app/locks")
    page.get_by_role("button", name="用指纹打开").tap()
    expect(page.get_by_role("button", name="不用指纹")).to_be_visible()
    phone.look("95-print")
    phone.context.set_offline(True)
    lock_now(phone)
    phone.look("96-unlock-print")
    page.get_by_role("button", name="用指纹打开").tap()
    expect(page).not_to_have_url(LOCKED)
