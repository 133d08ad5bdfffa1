"""The whole way: three people work with the server dead, phones are killed, and all reaches the office."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.people import send, sign_in, sign_in_at_desk, synced, unlock
from tests.journeys.server import Server

TEACHER, DORM, COMMITTEE, OFFICE = "13800000001", "13800000003", "13800000005", "13800000007"
SAID_AT_HOME = "先写作业再喂鸡，字比以前整齐。"
STEPS = "每周三晚上视频一次，王老师打给爸爸。"


def test_three_people(browser: Callable[..., Browser], server: Server) -> None:
    """Sign in, lose the server, fill three forms, lose the browsers, and have all reviewed at the office."""
    teacher, dorm, committee = browser("teacher"), browser("dorm"), browser("committee")
    sign_in(teacher, TEACHER, picture="01")
    teacher.look("02-today")
    sign_in(dorm, DORM)
    dorm.look("03-today-dorm")
    sign_in(committee, COMMITTEE)
    committee.look("04-today-committee")

    server.kill()
    for phone in (teacher, dorm, committee):
        phone.close()
        phone.open("/app/")
        unlock(phone)
        expect(phone.page.get_by_role("heading", name="今天", level=1)).to_be_visible()
    a_home_visit(teacher)
    a_night_round(dorm)
    a_meal_audit(committee)
    a_killed_browser(teacher)
    for phone in (dorm, committee):
        phone.kill()
        phone.open("/app/records?tab=here")
        unlock(phone)
        expect(phone.page.locator("#records .cell")).to_have_count(1)

    server.start()
    for phone in (teacher, dorm, committee):
        send(phone)
    teacher.look("30-sent")
    desk = browser("office", place="office")
    sign_in_at_desk(desk, OFFICE)
    desk.look("40-office")
    the_office_reads_and_returns(desk)
    the_teacher_corrects(teacher)
    the_office_approves(desk)
    synced(teacher)
    teacher.go("/app/records")
    expect(teacher.page.locator("#records .cell", has_text="杨思源").first).to_contain_text("已审核")
    teacher.look("36-approved")


def a_home_visit(phone: Browser) -> None:
    """Skip logic, a draft left and resumed, submitted."""
    page = phone.page
    expect(page.locator("#stand")).to_contain_text(re.compile("没有信号|没有传完"))
    phone.look("05-today-no-server")
    page.get_by_role("link", name="杨思源").tap()
    expect(page.get_by_role("heading", name="杨思源")).to_be_visible()
    phone.look("06-pupil")
    page.get_by_role("link", name="开始家访").tap()
    form = Filling(page)
    form.section("见面")
    phone.look("07-visit")
    form.choose("走访结果", "未遇")
    expect(page.locator(".skipped")).to_be_visible()
    expect(form.question("见到了谁")).to_have_count(0)
    phone.look("08-visit-skipped")
    form.choose("走访结果", "见到监护人")
    expect(form.question("见到了谁")).to_be_visible()
    form.choose("这次为什么去", "常规", "学业")
    form.choose("见到了谁", "祖辈", "学生")
    form.go_on()
    form.section("情况")
    form.choose("监护状况", "一方外出")
    form.choose("主要困难", "学业")
    form.write("上学单程几分钟", "45")
    form.saved()
    phone.look("09-visit-home")

    phone.go("/app/")
    phone.go("/app/records?tab=here")
    expect(page.locator("#records .cell")).to_contain_text("草稿")
    phone.look("10-draft")
    page.locator("#records .cell").tap()
    form.section("情况")
    expect(form.question("监护状况").get_by_label("一方外出")).to_be_checked()
    form.go_on()
    form.section("交谈")
    form.write("在家表现", SAID_AT_HOME)
    form.choose("讲了哪些政策", "生活补助")
    form.choose("补助到账了吗", "是")
    phone.look("11-visit-talk")
    form.go_on()
    form.section("措施")
    form.go_on()
    expect(form.question("有没有担心孩子受到伤害")).to_be_visible()
    phone.look("12-visit-private")
    form.choose("有没有担心孩子受到伤害", "否")
    form.go_on()
    expect(form.question("答复与措施")).to_have_class(re.compile("bad"))
    phone.look("13-visit-problem")
    form.write("答复与措施", STEPS)
    form.submit()
    phone.look("14-visit-submitted")


def a_night_round(phone: Browser) -> None:
    """All present in one room, one pupil missing and found at the doctor's in the other."""
    page = phone.page
    page.get_by_role("link", name="1号楼").tap()
    expect(page.get_by_role("link", name="从203开始")).to_be_visible()
    phone.look("15-round")
    page.get_by_role("link", name="从203开始").tap()
    expect(page.get_by_role("heading", name="203")).to_be_visible()
    phone.look("16-room")
    page.get_by_role("button", name="全到，下一间").tap()
    expect(page.get_by_role("heading", name="204")).to_be_visible()
    page.get_by_role("button", name="彭雨桐").tap()
    page.get_by_role("button", name="就医").tap()
    expect(page.get_by_role("button", name="就医")).to_have_attribute("aria-pressed", "true")
    phone.look("17-absent")
    page.get_by_role("button", name="收尾").tap()
    form = Filling(page)
    form.section("收尾")
    form.choose("热水饮水", "正常")
    phone.look("18-round-end")
    form.submit()
    phone.look("19-round-submitted")


def a_meal_audit(phone: Browser) -> None:
    """Part B: a count, temperatures by the keypad, one dish too cold, samples, hygiene, a verdict."""
    page = phone.page
    page.get_by_role("link", name="午餐").tap()
    form = Filling(page)
    form.section("食谱")
    form.choose("和公示的食谱一样吗", "一致")
    form.write("现场点了多少人", "271")
    form.choose("点的是全部还是一部分", "全部")
    form.choose("陪餐在岗", "在")
    phone.look("20-meal")
    form.go_on()
    form.section("温度")
    degrees = form.question("中心温度").locator("[data-keypad]")
    degrees.first.tap()
    for key in ("6", "2"):
        page.locator(f"#kp-sheet [data-key='{key}']").tap()
    expect(page.locator("#kp-verdict")).to_contain_text("低8℃")
    phone.look("21-keypad")
    page.locator("#kp-ok").tap()
    for field, reading in ((1, "82"), (2, "90")):
        form.measure(degrees.nth(field), reading)
    form.saved()
    phone.look("22-temperatures")
    form.go_on()
    form.section("称量")
    form.go_on()
    form.section("留样")
    grams = form.question("留样").locator("[data-keypad]")
    for field, reading in ((0, "150"), (1, "130"), (2, "128")):
        form.measure(grams.nth(field), reading)
    phone.look("23-samples")
    form.go_on()
    form.section("卫生")
    for row in page.locator(".m-row").all():
        row.locator("label.opt", has_text=re.compile("^合格$")).tap()
    form.write("有几个人腹痛或呕吐", "0")
    phone.look("24-hygiene")
    form.go_on()
    form.section("结论")
    for question in page.locator(".q[role=radiogroup][aria-required=true]").all():
        question.locator("label.opt").first.tap()
    phone.look("25-meal-end")
    form.submit()
    phone.look("26-meal-submitted")


def a_killed_browser(phone: Browser) -> None:
    """What was typed up to a second before SIGKILL is there afterwards."""
    phone.go("/app/pupils").get_by_label("查找学生").fill("ly")
    expect(phone.page.locator("#found .cell")).to_have_count(1)
    phone.look("27-found")
    phone.page.get_by_role("link", name="龙䶮").tap()
    phone.page.get_by_role("link", name="开始家访").tap()
    form = Filling(phone.page)
    form.choose("走访结果", "见到监护人")
    form.on_to("情况", "交谈")
    box = form.question("在校反馈").locator("textarea")
    with phone.page.expect_response(re.compile("/field")):
        box.press_sequentially("应用题常空着")
    phone.kill()
    phone.open("/app/records?tab=here")
    unlock(phone)
    phone.look("28-after-kill")
    phone.page.locator("#records .cell", has_text="龙䶮").tap()
    form = Filling(phone.page)
    form.section("交谈")
    expect(form.question("在校反馈").locator("textarea")).to_have_value("应用题常空着")


def the_office_reads_and_returns(desk: Browser) -> None:
    """Every answer is there, beside last time's; the visit goes back with a reason at one field."""
    page = desk.page
    page.locator(".qi", has_text="杨思源").first.click()
    record = page.locator("article.rec")
    for text in (
        "见到监护人",
        "祖辈",
        "学生",
        "一方外出",
        "学业",
        "45",
        SAID_AT_HOME,
        STEPS,
        "生活补助",
        "双方外出",
    ):
        expect(record).to_contain_text(text)
    expect(record).to_contain_text("和上次不同")
    desk.look("41-office-record")
    row = page.locator("#f-actions")
    row.locator("label", has_text="标出").click()
    row.get_by_label("要补").fill("写清哪天开始。")
    desk.look("42-office-marked")
    page.locator("[data-return]").click()
    expect(page.locator(".said")).to_contain_text("已退回")
    page.locator(".qi", has_text="营养餐审核").first.click()
    for text in ("271", "62", "150"):
        expect(record).to_contain_text(text)
    desk.look("43-office-meal")
    page.locator(".qi", has_text="晚点名").first.click()
    expect(record).to_contain_text("彭雨桐")
    desk.look("44-office-round")


def the_teacher_corrects(phone: Browser) -> None:
    """The phone shows why and where; she mends that one answer and sends it back."""
    send(phone)
    phone.go("/app/")
    expect(phone.page.locator("#stand")).to_contain_text("被退回")
    phone.look("31-today-returned")
    phone.go("/app/records?tab=apart")
    phone.look("32-returned")
    phone.page.locator("#records .cell", has_text="杨思源").tap()
    form = Filling(phone.page)
    expect(form.question("答复与措施")).to_contain_text("写清哪天开始。")
    phone.look("33-returned-field")
    form.write("答复与措施", STEPS + "从11月25日开始。")
    form.saved()
    form.submit()
    phone.look("34-corrected")
    send(phone)


def the_office_approves(desk: Browser) -> None:
    """The corrected record is back; it is approved."""
    desk.go("/office/")
    desk.page.locator(".qi", has_text="杨思源").first.click()
    expect(desk.page.locator("article.rec")).to_contain_text("从11月25日开始。")
    desk.look("45-office-corrected")
    desk.page.locator("[data-approve]").click()
    expect(desk.page.locator(".said")).to_contain_text("通过")
    desk.look("46-office-approved")
