"""Two phones, one record, both without a signal: nothing is lost, people settle what they disagree about."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.people import lock, send, sign_in, sign_in_at_desk, unlock
from tests.journeys.school import pair
from tests.journeys.server import Server

TEACHER, COLLEAGUE, OFFICE = "13800000001", "13800000002", "13800000007"
PUPIL = "覃佑建"
FIRST = "先写作业再喂鸡。"
HERS, HIS, AGREED = "先写作业，后喂鸡。", "先喂鸡，再写作业。", "先写作业，再喂鸡，喂完再玩。"
SHE_HEARD, HE_HEARD, SETTLED = "盼多发补助。", "盼开晚自习。", "盼多发补助，也盼开晚自习。"


def test_5_two_phones_one_record(browser: Callable[..., Browser], server: Server) -> None:
    """The same and different fields of one visit, on two phones without a signal (scenario 5)."""
    pair(server.folder, PUPIL, "李强")
    hers, his = browser("hers"), browser("his")
    sign_in(hers, TEACHER)
    sign_in(his, COLLEAGUE)
    a_visit_of_two(hers)
    send(his)
    for phone in (hers, his):
        phone.context.set_offline(True)
    she_goes_on(hers)
    he_goes_on(his)
    for phone in (hers, his, hers):
        phone.context.set_offline(False)
        send(phone)

    for phone in (hers, his):  # what they did not both touch is together on both phones
        record = open_record(phone)
        for text in ("45", "营养餐", "学业", "经济"):
            expect(record.page.locator("body")).to_contain_text(text)
        expect(record.page.locator("body")).to_contain_text("有3处两个人填得不一样")
    she_settles_two(hers)
    she_hands_in(hers)
    send(his)
    settled = open_record(his).page.locator("body")
    for text in ("双方外出", AGREED, "有1处两个人填得不一样"):
        expect(settled).to_contain_text(text)
    the_office_settles_the_third(browser)

    send(hers)
    record = open_record(hers).page
    expect(record.locator("body")).to_contain_text(SETTLED)
    expect(record.locator("body")).not_to_contain_text("两个人填得不一样")
    hers.go("/app/")
    expect(hers.page.locator("#stand")).to_contain_text(re.compile("0\\s*要处理"))
    for value in ("one_away", "both_away", HERS, HIS, AGREED, SHE_HEARD, HE_HEARD, SETTLED):
        assert value in everything_entered(server.folder), f"{value} is nowhere any more"


def a_visit_of_two(phone: Browser) -> None:
    """She begins the record, names him as the one who came along, and it reaches the school."""
    page = phone.page
    page.get_by_role("link", name=PUPIL).tap()
    page.get_by_role("link", name="开始家访").tap()
    form = Filling(page)
    form.choose("走访结果", "见到监护人")
    form.choose("这次为什么去", "常规")
    form.choose("见到了谁", "祖辈")
    form.choose("谁去的", "李强")
    form.on_to("情况", "交谈")
    form.write("在家表现", FIRST)
    form.saved()
    send(phone)


def she_goes_on(phone: Browser) -> None:
    """Her answers."""
    form = resume(phone, "情况")
    form.choose("监护状况", "一方外出")
    form.choose("主要困难", "学业")
    form.write("上学单程几分钟", "45")
    form.go_on()
    form.section("交谈")
    form.write("在家表现", HERS)
    form.write("家长意见", SHE_HEARD)
    form.saved()


def he_goes_on(phone: Browser) -> None:
    """His: the same question answered differently, the same sentence written differently, others beside."""
    form = resume(phone, "情况")
    form.choose("监护状况", "双方外出")
    form.choose("主要困难", "经济")
    form.go_on()
    form.section("交谈")
    form.write("在家表现", HIS)
    form.choose("讲了哪些政策", "营养餐")
    form.write("家长意见", HE_HEARD)
    form.saved()


def resume(phone: Browser, section: str) -> Filling:
    """The record, opened from the list at that section."""
    phone.go(open_record(phone).page.url.replace("/records/", "/fill/").removeprefix(phone.url))
    form = Filling(phone.page)
    titles = ["见面", "情况", "交谈", "措施"]
    here = phone.page.locator(".trail .here")
    while section not in here.inner_text():
        back = titles.index(here.inner_text().split()[0]) > titles.index(section)
        before = phone.page.url
        phone.page.locator(".dock button[value=previous]" if back else ".dock .btn.main").tap()
        expect(phone.page).not_to_have_url(before)
    return form


def open_record(phone: Browser) -> Filling:
    """The record as it is read."""
    phone.go("/app/records")
    href = phone.page.locator("#records .cell", has_text=PUPIL).first.get_attribute("href") or ""
    phone.go(href.partition("?")[0].replace("/fill/", "/records/"))
    expect(phone.page.get_by_role("heading", name=re.compile(PUPIL))).to_be_visible()
    return Filling(phone.page)


def she_settles_two(phone: Browser) -> None:
    """What waits for her is on 今天 and in a list; a tap takes his value, then she writes a third."""
    page = phone.page
    phone.go("/app/")
    expect(page.locator("#stand")).to_contain_text("要您定")
    phone.look("70-today-to-decide")
    page.locator("#stand").get_by_role("link", name=re.compile("要处理")).tap()
    expect(page.locator("#records .cell", has_text=PUPIL)).to_contain_text("两个人填得不一样，请您定")
    phone.look("71-to-decide")
    open_record(phone)
    phone.look("72-record-to-decide")
    page.get_by_role("link", name=re.compile("有3处两个人填得不一样")).tap()
    expect(page.get_by_role("heading", name="监护状况，两个人填得不一样")).to_be_visible()
    for claim, who in (("一方外出", "王芳"), ("双方外出", "李强")):
        card = page.locator("label.claim", has_text=claim)
        expect(card).to_contain_text(who)
        expect(card).to_contain_text(re.compile("\\d+月\\d+日 \\d\\d:\\d\\d"))
    expect(page.locator("input[name=keep]:checked")).to_have_count(0)
    page.locator("label.claim", has_text="双方外出").tap()
    phone.look("73-decide")
    page.get_by_role("button", name="就用“双方外出”").tap()
    expect(page.locator("main")).to_contain_text("已定：双方外出。还有2处")

    expect(page.get_by_role("heading", name="在家表现，两个人填得不一样")).to_be_visible()
    for text, who in ((HERS, "王芳"), (HIS, "李强")):
        expect(page.locator("label.claim", has_text=text)).to_contain_text(who)
    page.locator("label.claim", has_text="都不对，我来写").tap()
    page.locator("[data-third] textarea").fill(AGREED)
    phone.look("74-decide-third")
    here = page.url.removeprefix(phone.url)
    lock(phone)  # what she typed and has not said yet is there again
    phone.go(here)
    unlock(phone)
    expect(page.locator("[data-third] textarea")).to_have_value(AGREED)
    page.get_by_role("button", name="就用我填的").tap()
    expect(page.get_by_role("heading", name="家长意见，两个人填得不一样")).to_be_visible()
    page.get_by_role("link", name="以后再说").tap()
    expect(page.get_by_role("link", name=re.compile("有1处两个人填得不一样"))).to_be_visible()


def she_hands_in(phone: Browser) -> None:
    """The rest of the form; what nobody settled yet does not keep her from handing in."""
    form = resume(phone, "措施")
    form.write("答复与措施", "每周三晚上视频一次。")
    form.go_on()
    form.choose("有没有担心孩子受到伤害", "否")
    form.submit()
    send(phone)


def the_office_settles_the_third(browser: Callable[..., Browser]) -> None:
    """The office has the same two values and settles them with a third."""
    desk = browser("office", place="office")
    sign_in_at_desk(desk, OFFICE, "/office/settle")
    page = desk.page
    expect(page.locator("article.rec")).to_contain_text(PUPIL)
    dispute = page.locator("fieldset.dispute", has_text="家长意见")
    for text, who in ((SHE_HEARD, "王芳"), (HE_HEARD, "李强")):
        expect(dispute.locator("label.claim", has_text=text)).to_contain_text(who)
    dispute.locator("label.claim.other").click()
    dispute.locator("textarea").fill(SETTLED)
    desk.look("75-office-settle")
    page.get_by_role("button", name="就这样定").click()
    expect(page.locator(".said")).to_be_visible()
    desk.look("76-office-settled")


def everything_entered(folder: Path) -> str:
    """All that the school has ever been sent: the log that a record's history is read from."""
    with sqlite3.connect(f"file:{folder}/zoufang.db?mode=ro", uri=True) as db:
        bodies = [json.loads(body) for (body,) in db.execute("SELECT body FROM ops")]
    return json.dumps(bodies, ensure_ascii=False)
