"""A phone that runs out of room: it says so in time, and nothing that was stored goes."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.people import sign_in, unlock

TEACHER = "13800000001"
SPARE_IS_HELD = "async () => (await navigator.storage.estimate()).usage > 6e6"
HALF_THE_SPARE = 3_000_000
STORED, MORE, TYPED = "先写作业。", "先写作业再喂鸡。", "先写作业再喂鸡。奶奶听不懂微信。"


class Room:
    """How much the app may store, told to a browser that has just begun: later it asks only now and then."""

    def __init__(self, phone: Browser, left: int | None) -> None:
        """`left`: how many bytes may be added, below 0 so many must go first; None: nothing can be written.

        What is in use goes up and down by itself, as the browser tidies up its files: leave a margin.
        """
        phone.close()
        phone.open("/healthz")
        self.origin = {"origin": phone.url}
        self.tools = phone.context.new_cdp_session(phone.page)
        used = self.tools.send("Storage.getUsageAndQuota", self.origin)["usage"]
        quota = 1 if left is None else int(used) + left
        self.tools.send("Storage.overrideQuotaForOrigin", {**self.origin, "quotaSize": quota})

    def as_it_is(self) -> None:
        """What the machine has."""
        self.tools.send("Storage.overrideQuotaForOrigin", self.origin)


def test_a_full_phone_keeps_what_was_stored(browser: Callable[..., Browser]) -> None:
    """A spare place lets it say so in time; then the last good state stays, and is gone on from by itself."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    phone.page.wait_for_function(SPARE_IS_HELD)
    phone.go("/app/me")
    expect(phone.page.locator("[data-room]")).to_contain_text(re.compile("已用\\d+MB"))
    phone.look("80-me-room")
    here = a_form_with_something_in_it(phone)

    Room(phone, -HALF_THE_SPARE)  # with the spare place given up there is room, but not for the place again
    phone.go(here)
    unlock(phone)
    said = Filling(phone.page)
    with phone.page.expect_response(re.compile("/field")):
        said.write("在家表现", MORE)
    said.saved()
    phone.go("/app/")
    expect(phone.page.locator("#stand")).to_contain_text("手机空间满了，正用备用的一点。记录都存上了")
    phone.look("81-today-full")
    phone.go("/app/sync")
    expect(phone.page.locator("#sync")).to_contain_text("手机空间满了，正用备用的一点")
    phone.look("82-sync-full")

    room = Room(phone, None)
    phone.go(here)
    unlock(phone)
    said = Filling(phone.page)
    expect(said.question("在家表现").locator("textarea")).to_have_value(MORE)
    said.write("在家表现", TYPED)
    expect(phone.page.locator("#saved")).to_contain_text("手机空间满了，先别关这一页。字还在")
    phone.look("83-full")
    room.as_it_is()
    said.saved()
    phone.kill()
    phone.open(here)
    unlock(phone)
    expect(Filling(phone.page).question("在家表现").locator("textarea")).to_have_value(TYPED)
    phone.go("/app/sync")
    phone.page.get_by_role("button", name="现在同步").tap()
    expect(phone.page.locator("#sync")).not_to_contain_text("手机空间满了")


def a_form_with_something_in_it(phone: Browser) -> str:
    """A visit that was begun; the address of the page where it is."""
    phone.go("/app/")
    phone.page.get_by_role("link", name="覃佑建").tap()
    phone.page.get_by_role("link", name="开始家访").tap()
    form = Filling(phone.page)
    form.choose("走访结果", "见到监护人")
    form.on_to("情况", "交谈")
    form.write("在家表现", STORED)
    form.saved()
    return phone.page.url.removeprefix(phone.url)
