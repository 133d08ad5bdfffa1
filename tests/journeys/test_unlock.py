"""The lock: by time, PIN and fingerprint; and what leaves a phone that stays locked or has lost its keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.people import lock, sign_in, sign_in_at_desk, synced, unlock
from tests.journeys.server import Server
from tests.journeys.stores import delete_stores
from tests.journeys.test_vault import FIRST, OFFICE, SAID, SECOND, TEACHER, hand_in, until_there, write

PIN = "258013"


def test_it_locks_by_itself_and_a_pin_wakes_it(browser: Callable[..., Browser]) -> None:
    """Nobody there for a while: locked, and the digits are enough to go on; after a kill they are not."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    form = write(phone, FIRST)
    phone.context.clock.install()
    phone.go("/app/me")
    page = phone.page
    page.get_by_role("link", name="解锁方式").tap()
    page.get_by_label("4到6个数字").fill(PIN)
    phone.look("93-locks")
    page.get_by_role("button", name="用这个数字").tap()
    expect(page.get_by_role("button", name=re.compile("换成这个"))).to_be_visible()
    phone.go(form)
    expect(Filling(page).question("在家表现").locator("textarea")).to_have_value(SAID)
    page.clock.fast_forward("16:00")
    pin = page.get_by_label("解锁数字")
    expect(pin).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(FIRST)
    phone.look("94-pin")
    pin.fill("0000")
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(page.get_by_role("alert")).to_contain_text("数字不对")
    pin.fill(PIN)
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(Filling(page).question("在家表现").locator("textarea")).to_have_value(SAID)
    phone.kill()
    page = phone.open(form)
    expect(page.get_by_label("密码", exact=True)).to_be_visible()
    expect(page.get_by_label("解锁数字")).to_have_count(0)


def test_a_fingerprint_opens_it(browser: Callable[..., Browser], server: Server) -> None:
    """Set up once, it opens the vault without a signal; a fingerprint that fails opens nothing."""
    phone = browser("teacher", url=f"http://localhost:{server.port}")
    sign_in(phone, TEACHER)
    page = phone.page
    tools = phone.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    made = tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "ctap2Version": "ctap2_1",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "hasPrf": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    finger = {"authenticatorId": made["authenticatorId"]}
    phone.go("/app/locks")
    page.get_by_role("button", name="用指纹打开").tap()
    expect(page.get_by_role("button", name="不用指纹")).to_be_visible()
    phone.look("95-fingerprint")
    lock(phone)
    phone.context.set_offline(True)
    tools.send("WebAuthn.setUserVerified", {**finger, "isUserVerified": False})
    page.get_by_role("button", name="用指纹打开").tap()
    expect(page.locator("[data-use-print]")).to_contain_text("指纹没有打开，请用密码")
    tools.send("WebAuthn.setUserVerified", {**finger, "isUserVerified": True})
    phone.look("96-unlock-fingerprint")
    page.get_by_role("button", name="用指纹打开").tap()
    expect(page.get_by_role("button", name="解锁", exact=True)).to_have_count(0)
    phone.go("/app/")
    expect(page.get_by_role("link", name=FIRST)).to_be_visible()


def test_a_locked_phones_work_is_carried_as_a_file(
    browser: Callable[..., Browser], server: Server, tmp_path: Path
) -> None:
    """Exported from the lock screen, taken in at the office; what the phone sends later adds nothing."""
    phone, desk = browser("teacher"), browser("office", place="office")
    sign_in(phone, TEACHER)
    phone.context.set_offline(True)
    hand_in(phone, SECOND)
    lock(phone)
    page = phone.page
    page.get_by_role("link", name="导出没传的记录").tap()
    expect(page.locator(".card", has_text="王芳")).to_contain_text("1条没传")
    phone.look("97-export")
    with page.expect_download() as saved:
        page.get_by_role("link", name="存成文件").tap()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    assert file.name.startswith("走访没传的-王芳-")

    sign_in_at_desk(desk, OFFICE, "/office/unsent/")
    desk.page.get_by_label("选手机导出的文件").set_input_files(file)
    desk.page.get_by_role("button", name="先看一眼").click()
    desk.page.get_by_role("button", name="收进来").click()
    expect(desk.page.locator(".said.ok")).to_be_visible()
    desk.look("98-office-file-taken")
    until_there(desk, SECOND)
    phone.context.set_offline(False)
    phone.go("/app/")
    unlock(phone)
    synced(phone)
    phone.go("/app/records")
    expect(page.locator("#records .cell", has_text=SECOND)).to_contain_text("已提交")
    desk.go("/office/")
    expect(desk.page.locator(".qi", has_text=SECOND)).to_have_count(1)


def test_a_phone_that_lost_its_keys_delivers_all_the_same(browser: Callable[..., Browser]) -> None:
    """Only the phone's own store is cleared: nobody can read the shelf; it is sent as it is sealed."""
    phone, desk = browser("teacher"), browser("office", place="office")
    sign_in(phone, TEACHER)
    phone.context.set_offline(True)
    hand_in(phone, SECOND)
    delete_stores(phone, "zoufang")
    phone.context.set_offline(False)
    page = phone.page
    phone.go("/app/")
    expect(page.locator("[data-lost]")).to_contain_text("当时还有1条没传")
    page.get_by_label("手机号").fill(TEACHER)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.get_by_role("link", name=FIRST)).to_be_visible(timeout=30_000)
    sign_in_at_desk(desk, OFFICE)
    until_there(desk, SECOND)
    synced(phone)
    phone.go("/app/records")
    expect(page.locator("#records .cell", has_text=SECOND)).to_contain_text("已提交")
