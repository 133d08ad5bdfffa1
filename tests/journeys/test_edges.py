"""What happens at the edges: WeChat's browser, an impatient thumb, an ended session, a pupil who moved."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.gate import Gate
from tests.journeys.people import send, sign_in, sign_in_at_desk
from tests.journeys.school import end_sessions, move_pupil
from tests.journeys.server import Server

TEACHER, OFFICE = "13800000001", "13800000007"
WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; SM-A205G) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/107.0.5304.141 Mobile Safari/537.36 MicroMessenger/8.0.49 Language/zh_CN"
)
SLOW = """(() => {
  const send = window.fetch;
  window.fetch = async (url, ...more) => {
    if (/[/]field([?]|$)/.test(url)) await new Promise((done) => setTimeout(done, 1500));
    return send(url, ...more);
  };
})()"""
"""What a form saves by itself is on its way for long, as on a slow phone."""


def test_in_wechat_a_form_is_filled_online(browser: Callable[..., Browser]) -> None:
    """No worker there: the page says what to do in one picture, and the visit is filled on /fill/."""
    phone = browser("wechat", user_agent=WECHAT, service_workers="block")
    page = phone.open("/app/")
    expect(page.get_by_role("heading", name="请在浏览器里打开")).to_be_visible()
    phone.look("50-wechat")
    page.get_by_role("link", name="在线填写").tap()
    page.get_by_label("手机号").fill(TEACHER)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    phone.look("51-login")
    page.get_by_role("button", name="登录").tap()
    expect(page.get_by_role("heading", name="在线填写")).to_be_visible()
    phone.look("52-fill-home")
    page.get_by_role("link", name="覃佑建").tap()
    form = Filling(page)
    form.section("见面")
    form.choose("走访结果", "未遇")
    expect(page.locator(".skipped")).to_be_visible()
    phone.look("53-fill")
    form.choose("这次为什么去", "常规")
    form.choose("下次什么时候去", "明天")
    form.to_the_end()
    form.choose("有没有担心孩子受到伤害", "否")
    form.go_on()
    expect(page.get_by_role("heading", name="在线填写")).to_be_visible()
    phone.look("54-fill-sent")
    expect(page.locator(".cell", has_text="覃佑建").filter(has_text="已提交")).to_have_count(1)


def test_two_taps_make_one_record(browser: Callable[..., Browser]) -> None:
    """Submit pressed twice in a row: one record on the phone, one at the office."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    page = phone.page
    page.get_by_role("link", name="覃佑建").tap()
    page.get_by_role("link", name="开始家访").tap()
    form = Filling(page)
    form.choose("走访结果", "拒访")
    form.choose("这次为什么去", "常规")
    form.choose("下次什么时候去", "明天")
    form.to_the_end()
    form.choose("有没有担心孩子受到伤害", "否")
    page.evaluate(
        "() => { const main = document.querySelector('.dock .btn.main'); main.click(); main.click() }"
    )
    expect(page).to_have_url(re.compile("/app/records/"))
    send(phone)
    phone.go("/app/records")
    expect(page.locator("#records .cell", has_text="覃佑建")).to_have_count(1)
    desk = browser("office", place="office")
    sign_in_at_desk(desk, OFFICE)
    expect(desk.page.locator(".qi", has_text="覃佑建")).to_have_count(1)


@pytest.mark.parametrize("online", [False, True], ids=["phone", "online"])
def test_a_thumb_is_faster_than_the_saving(online: bool, browser: Callable[..., Browser]) -> None:
    """Answered and gone on at once: the next section and the check know what was answered last."""
    phone = browser("teacher", **({"user_agent": WECHAT, "service_workers": "block"} if online else {}))
    if online:
        sign_in_at_desk(phone, TEACHER, "/fill/")
    else:
        sign_in(phone, TEACHER)
    phone.context.add_init_script(SLOW)
    page = phone.page
    page.get_by_role("link", name="覃佑建").tap()
    if not online:
        page.get_by_role("link", name="开始家访").tap()
    form = Filling(page)
    form.section("见面")
    form.choose("走访结果", "见到监护人")
    form.on_to("情况")
    form.write("上学单程几分钟", "7.5")
    page.wait_for_timeout(100)  # the save has begun, and has not ended
    form.go_on()
    expect(form.question("上学单程几分钟")).to_contain_text("填的不对")  # told, and kept
    form.write("上学单程几分钟", "")
    page.locator(".dock .prev").tap()
    form.section("见面")
    form.choose("走访结果", "拒访")
    form.choose("这次为什么去", "常规")
    form.choose("下次什么时候去", "明天")
    page.wait_for_timeout(100)  # the save has begun, and has not ended
    form.to_the_end()
    form.choose("有没有担心孩子受到伤害", "否")
    page.wait_for_timeout(100)
    form.go_on()
    if online:
        expect(page.locator(".cell", has_text="覃佑建").filter(has_text="已提交")).to_have_count(1)
    else:
        expect(page).to_have_url(re.compile("/app/records/"))


def test_an_ended_session_loses_nothing(browser: Callable[..., Browser], server: Server) -> None:
    """A session runs out; the work waits, the phone says so, and all arrives after the next sign-in."""
    phone, desk = browser("teacher"), browser("office", place="office")
    sign_in(phone, TEACHER)
    sign_in_at_desk(desk, OFFICE, "/office/people")
    desk.look("55-people")
    desk.page.get_by_role("row", name=re.compile("王芳")).get_by_role("link").first.click()
    expect(desk.page.get_by_role("heading", name="王芳")).to_be_visible()
    desk.look("56-devices")
    end_sessions(server.folder, TEACHER)
    page = phone.page
    phone.go("/app/")
    page.get_by_role("link", name="覃佑建").tap()
    page.get_by_role("link", name="开始家访").tap()
    form = Filling(page)
    form.choose("走访结果", "已搬迁")
    form.saved()
    phone.go("/app/sync")
    page.locator(".dock .btn.main").tap()
    expect(page.get_by_label("手机号")).to_have_value(TEACHER)
    phone.look("57-sign-in-again")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.get_by_role("heading", name="今天", level=1)).to_be_visible()
    send(phone)
    phone.go("/app/records")
    page.locator("#records .cell", has_text="覃佑建").tap()
    expect(form.question("走访结果").get_by_label("已搬迁")).to_be_checked()


def test_a_pupil_who_moves_leaves_the_phone(browser: Callable[..., Browser], server: Server) -> None:
    """After the next sync the old class teacher's phone no longer has the pupil, by list or by address."""
    phone = browser("teacher")
    sign_in(phone, TEACHER)
    page = phone.page
    page.get_by_role("link", name="覃佑建").tap()
    expect(page.get_by_role("heading", name="覃佑建")).to_be_visible()
    known = page.url.removeprefix(phone.url)
    move_pupil(server.folder, "覃佑建", "四(1)班")
    send(phone)
    phone.go("/app/pupils")
    expect(page.get_by_role("link", name="龙䶮")).to_be_visible()
    expect(page.get_by_role("link", name="覃佑建")).to_have_count(0)
    phone.go(known)
    expect(page.get_by_role("heading", name="这部手机里没有这一页")).to_be_visible()
    phone.look("58-gone")


def test_the_first_sync_shows_how_far_it_is(browser: Callable[..., Browser], server: Server) -> None:
    """While the lists come, the phone says so and what is here already; then it leads on by itself."""
    gate = Gate(server.port)
    phone = browser("teacher", url=gate.url)
    page = phone.open("/")
    page.get_by_label("手机号").fill(TEACHER)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    gate.open.clear()
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.get_by_role("heading", name="正在把您的名单放进手机")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    phone.look("59-first-sync")
    gate.open.set()
    expect(page.get_by_role("heading", name="今天", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="覃佑建")).to_be_visible()
    gate.close()
