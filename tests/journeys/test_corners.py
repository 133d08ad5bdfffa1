"""Screens that people see seldom, and then alone: each says what is safe and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.browser import SIZES, Browser
from tests.journeys.people import lock, sign_in, sign_in_at_desk
from tests.journeys.school import NAME, dismiss
from tests.journeys.server import Server
from tests.journeys.test_vault import FIRST, OFFICE, SECOND, TEACHER, hand_in

NEW_PASSWORD = "xin-mima-2026"
WHY = "请和新班主任一起补一次。"
LEASE_IS_OVER = """() => new Promise((done) => {
  const request = indexedDB.open("zoufang");
  request.onsuccess = () => {
    const tx = request.result.transaction("locks", "readwrite");
    const locks = tx.objectStore("locks");
    locks.getAll().onsuccess = ({ target }) => {
      for (const one of target.result) locks.put({ ...one, until: Date.now() - 1000 });
    };
    tx.oncomplete = () => { request.result.close(); done(); };
  };
})"""


def test_signing_out_says_what_stays(browser: Callable[..., Browser]) -> None:
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    page = phone.page
    phone.go("/app/signout")
    expect(page.locator("main")).to_contain_text("都已经传上去了")
    phone.look("100-signout")
    phone.context.set_offline(True)
    hand_in(phone, SECOND)
    phone.go("/app/me")
    page.get_by_role("link", name="退出登录").tap()
    expect(page.locator("main")).to_contain_text("还有1条没有传上去")
    phone.look("101-signout-unsent")
    page.get_by_role("button", name="退出，1条留在本机").tap()
    expect(page.locator("body")).to_contain_text("已退出。还有1条没传")
    phone.look("102-signed-out")


def test_nobody_knows_the_old_password(browser: Callable[..., Browser], server: Server) -> None:
    """A new password set by the school, the old one forgotten: what that means is said before it is done."""
    phone, desk = browser("teacher"), browser("office", place="office")
    sign_in(phone, TEACHER)
    phone.context.set_offline(True)
    hand_in(phone, SECOND)
    lock(phone)
    server.zoufang("user", "set-password", TEACHER, "--password-stdin", given=NEW_PASSWORD)
    phone.context.set_offline(False)
    page = phone.page
    page.get_by_label("密码", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(page.get_by_label("旧密码", exact=True)).to_be_visible()
    phone.look("103-old-password")
    page.get_by_label("旧密码", exact=True).fill("不是这个")
    page.get_by_role("button", name="解锁", exact=True).tap()
    expect(page.get_by_role("alert")).to_contain_text("旧密码不对")
    phone.look("104-old-password-wrong")
    page.get_by_role("button", name="想不起旧密码").tap()
    expect(page.get_by_role("button", name="重新放进来")).to_be_visible()
    phone.look("105-afresh")
    page.get_by_role("button", name="重新放进来").tap()
    expect(page.get_by_role("link", name=FIRST)).to_be_visible(timeout=30_000)
    sign_in_at_desk(desk, OFFICE)
    expect(desk.page.locator(".qi", has_text=SECOND)).to_have_count(1)


def test_the_lease_is_spoken_of_before_and_after_its_end(
    browser: Callable[..., Browser], server: Server
) -> None:
    server.zoufang("school", "lease", NAME, "2")
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    page = phone.page
    phone.go("/app/")
    expect(page.locator("#stand")).to_contain_text("要连一次网")
    phone.look("106-lease-soon")
    phone.context.set_offline(True)
    page.evaluate(LEASE_IS_OVER)
    page.evaluate("navigator.serviceWorker.controller.postMessage({ type: 'sync' })")
    lock(phone)
    phone.go("/app/unlock")
    expect(page.locator("main")).to_contain_text("太久没有连网，锁上了")
    phone.look("107-lease-over")


def test_what_was_not_taken_is_read_and_closed_with_a_reason(
    browser: Callable[..., Browser], server: Server
) -> None:
    """Somebody left the school with a visit on the phone: the office reads it and says why not."""
    phone, desk = browser("teacher"), browser("office", place="office")
    sign_in(phone, TEACHER)
    phone.context.set_offline(True)
    hand_in(phone, SECOND)
    dismiss(server.folder, "王芳")
    phone.context.set_offline(False)
    phone.page.evaluate("navigator.serviceWorker.controller.postMessage({ type: 'sync' })")
    sign_in_at_desk(desk, OFFICE, "/office/held")
    page = desk.page

    def is_there() -> bool:
        desk.go("/office/held")
        return page.locator(".qi", has_text=SECOND).count() > 0

    assert any(is_there() for _ in range(60)), "nothing was held"
    page.locator(".qi", has_text=SECOND).first.click()
    expect(page.locator("article.rec")).to_contain_text("未遇")
    desk.look("108-office-held")
    page.get_by_role("button", name="不收，告诉填的人").click()
    expect(page.locator(".said.warn")).to_contain_text("要写明原因")
    desk.look("109-office-held-no-reason")
    page.get_by_label("不收的原因").fill(WHY)
    page.get_by_role("button", name="不收，告诉填的人").click()
    expect(page.locator(".said.ok")).to_be_visible()
    desk.look("110-office-held-closed")
    desk.go("/office/held?state=closed")
    page.locator(".qi", has_text=SECOND).first.click()
    expect(page.locator(".held-steps")).to_contain_text(re.compile(WHY))
    desk.look("111-office-held-reason")
    page.set_viewport_size(SIZES["phone"])
    desk.look("112-office-held-reason-narrow")
    desk.go("/office/unsent/")
    desk.look("113-office-unsent-narrow")
