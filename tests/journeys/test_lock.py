"""What opens a vault besides the password, and what closes it by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.people import sign_in, unlock
from tests.journeys.test_storage import TYPED, Room, a_form_with_something_in_it

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
    expect(page.locator("#pin-stand")).to_contain_text("已设好")
    expect(page.get_by_role("button", name="换成这个数字")).to_be_visible()
    phone.context.set_offline(True)
    lock_now(phone)
    phone.look("94-pin")
    page.get_by_label("数字密码").fill("0000")
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(page.get_by_role("alert")).to_contain_text("数字不对")
    page.get_by_label("数字密码").fill("4711")
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(page).not_to_have_url(LOCKED)
    phone.go("/app/pupils")
    expect(page.get_by_role("link", name=PUPIL)).to_be_visible()


def nobody_comes(phone: Browser) -> None:
    """A quarter of an hour and more goes by, for the worker and for the page in front."""
    worker = phone.context.service_workers[0]
    worker.evaluate("() => { const now = Date.now; Date.now = () => now() + 16 * 60_000; }")
    phone.page.clock.fast_forward("16:00")


def test_who_works_in_one_page_is_not_locked_out_by_another(browser: Callable[..., Browser]) -> None:
    """A page that nobody has seen for long asks first: somebody may be in another one."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    other = phone.context.new_page()
    other.clock.install()
    other.goto(phone.url + "/app/pupils")
    expect(other.get_by_role("link", name=PUPIL)).to_be_visible()
    page = phone.go("/app/pupils")
    other.clock.fast_forward("16:00")
    expect(other.get_by_role("link", name=PUPIL)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/app/pupils$"))
    phone.go("/app/me")
    expect(page).not_to_have_url(LOCKED)
    expect(other).to_have_url(re.compile(r"/app/pupils$"))


def test_left_alone_it_locks_and_leads_back(browser: Callable[..., Browser]) -> None:
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    phone.page.clock.install()
    page = phone.go("/app/pupils")
    page.get_by_role("link", name=PUPIL).tap()
    page.wait_for_url(re.compile(r"/app/pupils/[0-9a-f-]{36}"))
    where = page.url
    nobody_comes(phone)
    expect(page).to_have_url(LOCKED)
    expect(page.locator("body")).not_to_contain_text(PUPIL)
    page.go_back()
    expect(page).to_have_url(LOCKED)
    phone.go(where.removeprefix(phone.url))
    unlock(phone)
    expect(page).to_have_url(where)
    expect(page.get_by_role("heading", name=PUPIL)).to_be_visible()


def test_what_a_full_phone_could_not_store_is_still_there_after_the_lock(
    browser: Callable[..., Browser],
) -> None:
    """Typed on a full phone, left alone, locked, opened again: the words are there and are stored at last."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    here = a_form_with_something_in_it(phone)
    room = Room(phone, None)
    phone.go(here)
    unlock(phone)
    page = phone.page
    page.clock.install()
    phone.go(here)
    said = Filling(page)
    said.write("在家表现", TYPED)
    expect(page.locator("#saved")).to_contain_text("手机空间满了，先别关这一页")
    nobody_comes(phone)
    expect(page.get_by_role("button", name="解锁", exact=True)).to_be_visible()
    expect(page.locator("body")).to_contain_text("刚才写的还没存上，字还在")
    expect(said.question("在家表现")).to_be_hidden()
    phone.look("97-unlock-over")
    page.get_by_label("密码", exact=True).fill("不是这个")
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(page.get_by_role("alert")).to_contain_text("密码不对")
    unlock(phone)
    expect(said.question("在家表现").locator("textarea")).to_have_value(TYPED)
    room.as_it_is()
    page.clock.fast_forward("00:10")
    said.saved()
    phone.go(here)
    expect(Filling(page).question("在家表现").locator("textarea")).to_have_value(TYPED)


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
    expect(page.get_by_label("密码", exact=True)).to_have_count(0)
    phone.look("96-unlock-print")
    page.get_by_role("button", name="用指纹打开").tap()
    expect(page).not_to_have_url(LOCKED)

    lock_now(phone)
    post_to_locked(phone, "/app/locks/pin", "pin", "4711")
    page.get_by_role("button", name="用指纹打开").tap()
    expect(page.locator("#pin-stand")).to_contain_text("已设好")


def post_to_locked(phone: Browser, action: str, name: str, value: str) -> None:
    """Send a form off as a page does that has not heard yet of the lock."""
    with phone.page.expect_navigation():
        phone.page.evaluate(
            """([action, name, value]) => {
              const form = Object.assign(document.createElement("form"), { method: "post", action });
              form.append(Object.assign(document.createElement("input"), { name, value }));
              document.body.append(form);
              form.submit();
            }""",
            [action, name, value],
        )
