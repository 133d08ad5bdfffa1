"""The day the app does not open: /rescue saves what was not sent, and replaces the program, not the data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.gate import Gate
from tests.journeys.people import send, sign_in, sign_in_at_desk, unlock
from tests.journeys.server import Server

TEACHER, OFFICE = "13800000001", "13800000007"
SAID = "奶奶说电费涨了。"
BROKEN = b"""
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => { throw new Error("broken"); });
self.addEventListener("fetch", (event) => event.respondWith(Promise.reject(new Error("broken"))));
self.addEventListener("message", () => { throw new Error("broken"); });
"""
UPDATE = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/app/");
  const taken = new Promise((done) =>
    navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
  await registration.update();
  await taken;
}"""


def test_a_worker_that_throws_on_everything(
    browser: Callable[..., Browser], server: Server, tmp_path: Path
) -> None:
    """What was not sent is saved into a file and taken in at the office; a new program finds it all there."""
    gate = Gate(server.port)
    phone = browser("teacher", url=gate.url)
    sign_in(phone, TEACHER)
    gate.refused = b"POST /sync"  # from now on nothing gets through: the work stays on the phone
    write_something(phone)
    phone.go("/app/me").get_by_role("button", name="更大").tap()
    expect(phone.page.locator("html")).to_have_attribute("data-text", "150")
    gate.worker = BROKEN
    phone.page.evaluate(UPDATE)

    phone.go("/rescue")
    page = phone.page
    card = page.locator("#vaults .card", has_text="王芳")
    expect(card).to_contain_text("1条没传")
    expect(page.locator("html")).to_have_attribute("data-text", "150")  # as large as the app is
    phone.look("84-rescue")
    with page.expect_download() as saved:
        card.get_by_role("button", name="存成文件").tap()
    file = tmp_path / saved.value.suggested_filename
    expect(card).to_contain_text(f"下载”里：{file.name}")
    saved.value.save_as(file)
    text = file.read_text("utf-8")
    assert file.suffix == ".zoufang"
    assert json.loads(text)["ops"], "nothing is in the file"
    assert SAID not in text

    the_office_takes_it_in(browser, file)

    gate.worker = None
    phone.context.set_offline(True)
    page.get_by_role("button", name="换上新的程序").tap()
    expect(page.locator("#away")).to_contain_text("没有网，还没换")
    assert page.evaluate("async () => (await caches.keys()).length"), "offline the program must stay"
    phone.context.set_offline(False)
    gate.refused = None
    page.get_by_role("button", name="换上新的程序").tap()
    expect(page.locator("#renewed")).to_be_visible()
    phone.look("85-rescued")
    page.get_by_role("link", name="打开走访").tap()
    unlock(phone)
    phone.go("/app/records?tab=here")
    page.locator("#records .cell", has_text="覃佑建").tap()
    expect(Filling(page).question("在家表现").locator("textarea")).to_have_value(SAID)
    phone.faults = [fault for fault in phone.faults if "broken" not in fault]  # planted
    send(phone)
    phone.go("/app/records")
    expect(page.locator("#records .cell", has_text="覃佑建")).to_have_count(1)
    gate.close()


def write_something(phone: Browser) -> None:
    """A visit that is begun and not sent."""
    phone.page.get_by_role("link", name="覃佑建").tap()
    phone.page.get_by_role("link", name="开始家访").tap()
    form = Filling(phone.page)
    form.choose("走访结果", "见到监护人")
    form.on_to("情况", "交谈")
    form.write("在家表现", SAID)
    form.saved()


def the_office_takes_it_in(browser: Callable[..., Browser], file: Path) -> None:
    """Looked at first: whose it is and how much; then taken in."""
    desk = browser("office", place="office")
    sign_in_at_desk(desk, OFFICE, "/office/unsent/")
    page = desk.page
    page.get_by_label("选手机导出的文件").set_input_files(file)
    page.get_by_role("button", name="先看一眼").click()
    expect(page.locator("main")).to_contain_text("王芳")
    desk.look("86-office-unsent")
    page.get_by_role("button", name="收进1条").click()
    expect(page.locator(".said.ok")).to_contain_text("收进1条")
    desk.look("87-office-taken")
    desk.go("/office/unsent/")
    page.get_by_label("选手机导出的文件").set_input_files(file)
    page.get_by_role("button", name="先看一眼").click()
    expect(page.locator("main")).to_contain_text("都收过了，不用再收")
    expect(page.get_by_role("button", name="收进")).to_have_count(0)
    desk.look("87-office-nothing-new")
