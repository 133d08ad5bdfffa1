"""A form under a hurried hand: nothing that was typed is lost, and no reply gets in the way of typing."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.people import sign_in, sign_in_at_desk, unlock
from tests.journeys.server import Server

TEACHER = "13800000001"
HOME = "在家表现"


def begin(browser: Browser, pupil: str) -> Filling:
    """A new home visit of that pupil, opened from their page."""
    page = browser.go("/app/pupils")
    page.get_by_text(pupil).first.tap()
    page.get_by_role("link", name="开始家访").tap()
    return Filling(page)


def doc_of(page: Page) -> str:
    """The id in the form's address."""
    found = re.search(r"/fill/([0-9a-f-]{36})", page.url)
    assert found, page.url
    return found[1]


def typed(form: Filling, label: str) -> str:
    return form.question(label).locator("textarea").input_value()


def test_nothing_typed_is_lost(server: Server, browser: Callable[..., Browser]) -> None:
    teacher = browser("teacher")
    sign_in(teacher, TEACHER)
    form = begin(teacher, "孟怡桑")
    page = form.page
    form.choose("走访结果", "见到监护人")
    form.saved()
    doc = doc_of(page)
    server.kill()

    # Back and forth: what stands at the end is what is stored.
    form.choose("走访结果", "未遇")
    expect(page.locator("#skipped")).to_be_visible()
    form.choose("走访结果", "见到监护人")
    expect(page.locator("#skipped")).to_have_count(0)
    form.choose("这次为什么去", "常规", "关怀", "关怀")
    expect(page.locator('input[name="was:reason"]')).to_have_value("routine")
    page.goto(f"{server.url}/app/fill/{doc}?s=meet")
    assert page.locator("input[name=result]:checked").input_value() == "met_guardian"
    chosen = page.locator("input[name=reason]:checked")
    expect(chosen).to_have_count(1)
    assert chosen.input_value() == "routine"

    # Replies come while one types on: neither the text nor the cursor is touched.
    page.goto(f"{server.url}/app/fill/{doc}?s=talk")
    box = form.question(HOME).locator("textarea")
    box.tap()
    for part in ("先写作业，", "再喂鸡，", "字比以前整齐。"):
        page.keyboard.insert_text(part)
        expect(page.locator(f'input[name="was:home_fb"][value$="{part}"]')).to_have_count(1)
        expect(box).to_be_focused()
    assert typed(form, HOME) == "先写作业，再喂鸡，字比以前整齐。"
    expect(form.question(HOME).locator(".num .num, .num span").first).to_have_text("16")

    # Gone before the pause is over: leaving the page stores what is in the field.
    page.keyboard.insert_text("应用题不敢问人。")
    page.goto(f"{server.url}/app/")
    page.goto(f"{server.url}/app/fill/{doc}")
    expect(page.locator("input[name=s]")).to_have_value("talk")
    assert typed(form, HOME).endswith("应用题不敢问人。")

    # Killed in the middle of a field.
    form.question(HOME).locator("textarea").tap()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("奶奶听不懂微信。")
    expect(page.locator('input[name="was:home_fb"][value$="微信。"]')).to_have_count(1)
    teacher.kill()
    again = Filling(teacher.open(f"/app/fill/{doc}"))
    unlock(teacher)
    assert typed(again, HOME).endswith("奶奶听不懂微信。")
    teacher.look("form-after-kill")


def test_online_the_form_says_when_it_is_not_saved(server: Server, browser: Callable[..., Browser]) -> None:
    teacher = browser("desk")
    sign_in_at_desk(teacher, TEACHER, "/fill/")
    page = teacher.page
    page.get_by_label("学生姓名或拼音首字母").fill("孟怡桑")
    page.get_by_role("button", name="找学生").click()
    page.get_by_role("link", name="孟怡桑").first.click()
    form = Filling(page)
    form.choose("走访结果", "见到监护人")
    form.saved()
    server.kill()
    form.choose("走访结果", "仅见学生")
    expect(page.locator("#saved")).to_contain_text("以后还没存上")
    server.start()
    form.saved()
    page.reload()
    assert page.locator("input[name=result]:checked").input_value() == "pupil_only"
