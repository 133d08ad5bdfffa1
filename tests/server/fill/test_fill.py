"""A form filled online, by a browser without scripts and by one that saves each change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from httpx import Response

from server.access import load_principal
from server.gateway import read as records
from server.gateway.work import Env
from sync.protocol import Op
from tests.conftest import Client, Clock
from tests.server.pages import Page, form_data, read, words
from tests.server.village import Village

SignIn = Callable[[str], Awaitable[Client]]


@pytest.fixture
async def teacher(sign_in: SignIn, village: Village) -> Client:
    """The class teacher's browser."""
    return await sign_in("class_teacher")


async def follow(browser: Client, reply: Response) -> tuple[str, Page]:
    """Go where a reply leads, to the end: the address and the page there."""
    where = ""
    while reply.status_code in (302, 303):
        where = reply.headers["location"].partition("#")[0]
        reply = await browser.get(where)
    assert reply.status_code in (200, 422), reply.text[:2000]
    return where, read(reply.text)


async def begin(browser: Client, village: Village) -> tuple[str, Page]:
    """Open a new home visit of the pupil alone."""
    return await follow(browser, await browser.get(f"/fill/new/home_visit?student={village.pupil}&chosen=1"))


async def press(browser: Client, page: Page, button: str, **answers: str | list[str]) -> tuple[str, Page]:
    """Fill in answers by their names and press a button, as a browser without scripts does."""
    data: dict[str, list[str]] = {}
    for name, value in form_data(page, "fill"):
        data.setdefault(name, []).append(value)
    for name, value in answers.items():
        data[name] = value if isinstance(value, list) else [value]
    found = page.xpath(f'//form[@id="fill"]//button[contains(., "{button}")]')
    assert found, f"no button {button}: {words(page)}"
    data[found[0].get("name")] = [found[0].get("value")]
    action = page.xpath('//form[@id="fill"]/@action')[0]
    return await follow(browser, await browser.post(action, data=data))


async def fill_all(browser: Client, page: Page, **last: str | list[str]) -> tuple[str, Page]:
    """A whole home visit, section by section, up to and with the submit."""
    _, page = await press(
        browser, page, "情况", result="met_guardian", reason=["routine"], met=["grandparent"]
    )
    _, page = await press(browser, page, "交谈", carer="one_away", difficulty=["study"], commute="45")
    _, page = await press(browser, page, "措施", home_fb="先写作业再喂鸡。")
    _, page = await press(browser, page, "离开以后", actions="周三晚视频一次。")
    return await press(browser, page, "提交", danger="false", **last)


async def visits(village: Village) -> list[records.VisibleDoc]:
    """All visits as the class teacher sees them."""
    state = village.app.state
    env: Env = state.env
    async with state.db.read() as conn:
        who = await load_principal(conn, village.people.ids["class_teacher"], village.people.id)
        assert who
        return await records.many(conn, env, who, kind="visit")


async def test_a_whole_visit_without_scripts(teacher: Client, village: Village, sign_in: SignIn) -> None:
    where, page = await begin(teacher, village)
    assert "家访 杨思源" in words(page, "//header")
    assert await visits(village) == [], "looking leaves nothing behind"
    home, page = await fill_all(teacher, page)
    assert home == "/fill/?done=submitted" and "已提交" in words(page)
    (doc,) = await visits(village)
    assert doc.state == "submitted" and doc.meta["students"] == [village.pupil]
    assert doc.fields["visitors"] == [village.people.ids["class_teacher"]]
    assert doc.fields["occurred_at"].startswith("2026-11-20T12:00") and doc.fields["commute"] == 45
    office = await sign_in("office")
    assert "家访 杨思源" in words(read((await office.get("/office/")).text))
    _, page = await follow(teacher, await teacher.get(where.partition("?")[0]))
    assert "先写作业再喂鸡。" in words(page) and not page.xpath('//form[@id="fill"]')


async def test_each_change_is_stored_as_it_is_made(teacher: Client, village: Village) -> None:
    _, page = await begin(teacher, village)
    data = dict(form_data(page, "fill"))
    unit = {k: data[k] for k in ("csrf", "s", "base:result", "was:result")}
    url = page.xpath('//form[@id="fill"]/@data-autosave')[0]
    reply = await teacher.post(url, data={**unit, "result": "nobody_home"})
    assert reply.status_code == 200
    part = read(reply.text)
    assert "已存到学校" in words(part, '//*[@id="saved"]')
    assert "选了“未遇”" in words(part, '//*[@id="skipped"]')
    assert not part.xpath('//*[@id="q-met"]') and part.xpath('//*[@id="q-next_date"]')
    (doc,) = await visits(village)
    assert (doc.state, doc.fields["result"]) == ("draft", "nobody_home")
    again = dict(form_data(read(f"<form id=fill>{reply.text}</form>"), "fill"))
    unit = {"s": "meet", "base:result": again["base:result"], "was:result": "nobody_home"}
    assert (await teacher.post(url, data={**unit, "result": "met_guardian"})).status_code == 200
    (doc,) = await visits(village)
    assert doc.fields["result"] == "met_guardian" and doc.siblings == {}


async def test_what_is_missing_is_shown_where_it_is_missing(teacher: Client, village: Village) -> None:
    _, page = await begin(teacher, village)
    _, page = await press(teacher, page, "情况", result="met_guardian")
    for button in ("交谈", "措施", "离开以后"):
        _, page = await press(teacher, page, button)
    where, page = await press(teacher, page, "提交", danger="false")
    assert "s=meet" in where and "还有" in words(page, '//*[@id="problems"]')
    assert "至少选一样" in words(page, '//*[@id="q-reason"]')
    (doc,) = await visits(village)
    assert doc.state == "draft"


async def test_a_double_tap_makes_one_record(teacher: Client, village: Village) -> None:
    where, page = await begin(teacher, village)
    data = [*form_data(page, "fill"), ("result", "met_guardian"), ("go", "next")]
    posted = {name: [v for n, v in data if n == name] for name, _ in data}
    action = page.xpath('//form[@id="fill"]/@action')[0]
    first, second = await teacher.post(action, data=posted), await teacher.post(action, data=posted)
    assert (first.status_code, second.status_code) == (303, 303)
    assert len(await visits(village)) == 1

    ident = where.partition("?")[0]
    _, page = await follow(teacher, await teacher.get(f"{ident}?s=meet"))
    await fill_all(teacher, page)
    last = {"csrf": dict(data)["csrf"], "s": "private", "go": "submit"}
    assert (await teacher.post(ident, data=last)).status_code == 303
    (doc,) = await visits(village)
    assert doc.state == "submitted"


async def test_a_value_that_cannot_be_read_is_named_and_the_rest_is_kept(
    teacher: Client, village: Village
) -> None:
    _, page = await begin(teacher, village)
    _, page = await press(teacher, page, "情况", result="met_guardian")
    _, page = await press(teacher, page, "交谈", carer="single", commute="很远")
    assert "只能填数字" in words(page, '//*[@id="q-commute"]')
    (doc,) = await visits(village)
    assert doc.fields["carer"] == "single" and "commute" not in doc.fields


async def test_a_returned_record_opens_at_what_is_asked_for(
    teacher: Client, sign_in: SignIn, village: Village
) -> None:
    _, page = await begin(teacher, village)
    await fill_all(teacher, page)
    (doc,) = await visits(village)
    await sign_in("office")
    args = {"reason": "", "fields": {"opinion": "奶奶怎么说？"}, "until": "2026-11-25"}
    op = Op(
        0,
        "event",
        "visit",
        doc.id,
        form="home_visit",
        form_version=1,
        base=doc.rev,
        event="return",
        args=args,
    )
    assert (await village.ops("office", op))[0].result == "applied"
    _, page = await follow(teacher, await teacher.get("/fill/"))
    assert "要补1处，11月25日前补好" in words(page)
    _, page = await follow(teacher, await teacher.get(f"/fill/{doc.id}"))
    assert "陈主任退回，请补1处" in page.text_content()
    assert page.xpath("//*[@data-q]/@id") == ["q-opinion"]
    assert "奶奶怎么说？" in words(page, '//*[@id="q-opinion"]')
    where, page = await press(teacher, page, "补好了", opinion="奶奶说孩子懂事多了")
    assert where == "/fill/?done=submitted"
    (doc,) = await visits(village)
    assert (doc.state, doc.fields["opinion"]) == ("submitted", "奶奶说孩子懂事多了")


async def test_taking_a_record_back_before_it_is_reviewed(teacher: Client, village: Village) -> None:
    visit = await village.visit()
    _, page = await follow(teacher, await teacher.get(f"/fill/{visit}"))
    action = page.xpath('//form[contains(@action, "withdraw")]/@action')[0]
    where, page = await follow(teacher, await teacher.post(action))
    assert where == f"/fill/{visit}" and page.xpath('//form[@id="fill"]')


async def test_children_of_one_household_can_be_visited_together(sign_in: SignIn, village: Village) -> None:
    pupil = village.pupil
    helpers = {"helpers": {"add": [village.people.ids["teacher"]]}}
    for one in (pupil, village.sister):
        await village.ops(
            "server", Op(0, "edit", "student", one, form="student", form_version=1, set=helpers)
        )
    browser = await sign_in("teacher")
    page = read((await browser.get(f"/fill/new/home_visit?student={pupil}")).text)
    assert "杨思雨" in words(page)
    both = f"/fill/new/home_visit?student={pupil}&student={village.sister}&chosen=1"
    _, page = await follow(browser, await browser.get(both))
    assert "杨思源、杨思雨" in words(page, "//header")


async def test_sealed_yes_offers_the_numbers_to_call(teacher: Client, village: Village) -> None:
    _, page = await begin(teacher, village)
    _, page = await press(teacher, page, "情况", result="nobody_home")
    (doc,) = await visits(village)
    page = read((await teacher.get(f"/fill/{doc.id}?s=private")).text)
    _, page = await press(teacher, page, "提交", danger="true")
    page = read((await teacher.get(f"/fill/{doc.id}?s=private")).text)
    (link,) = page.xpath('//*[@id="discreet"]//a/@href')
    numbers = read((await teacher.get(link)).text)
    assert {"tel:110", "tel:120"} <= set(numbers.xpath("//a/@href"))
    assert any("张校长" in one.text_content() for one in numbers.xpath('//*[@class="call"]'))


async def test_a_meal_audit_has_a_line_for_each_dish(sign_in: SignIn, village: Village) -> None:
    browser = await sign_in("committee")
    page = read((await browser.get("/fill/")).text)
    (link,) = page.xpath('//a[contains(@href, "meal_audit_b")]/@href')
    where, page = await follow(browser, await browser.get(link))
    assert "土豆烧鸡块" in words(page)
    _, page = await press(browser, page, "温度", seen_menu="same", escort="present")
    (field,) = page.xpath('//input[contains(@name, ":degrees")]/@name')
    _, page = await press(browser, page, "称量", **{field: "62"})
    page = read((await browser.get(where.partition("?")[0] + "?s=heat")).text)
    assert "请回锅再量" in words(page) and "土豆烧鸡块" in words(page)


@pytest.mark.parametrize("role", ["dorm", "general_affairs", "committee", "parent", "teacher"])
async def test_nobody_fills_in_what_is_not_theirs(sign_in: SignIn, village: Village, role: str) -> None:
    visit = await village.visit(submit=False)
    browser = await sign_in(role)
    assert (await browser.get(f"/fill/{visit}")).status_code == 404
    assert (await browser.post(f"/fill/{visit}", data={"go": "submit"})).status_code == 404
    assert (await browser.post(f"/fill/{visit}/field", data={})).status_code == 404
    assert (await browser.post(f"/fill/{visit}/withdraw")).status_code == 404
    assert (await browser.get(f"/fill/new/home_visit?student={village.pupil}")).status_code == 404
    assert (await browser.get("/fill/")).status_code == 200


async def test_other_classes_pupils_cannot_be_begun_with(teacher: Client, village: Village) -> None:
    fresh = "01930000-0000-7000-8000-000000000001"
    assert (await teacher.get(f"/fill/new/home_visit?student={village.stranger}")).status_code == 404
    assert (await teacher.get(f"/fill/{fresh}?form=home_visit&student={village.stranger}")).status_code == 404
    assert (
        await teacher.get(f"/fill/{fresh}?form=night_round&building={village.building}")
    ).status_code == 404
    assert (await teacher.get(f"/fill/{fresh}?form=x&student={village.pupil}")).status_code == 404
    assert (await teacher.get("/fill/../../etc?form=home_visit")).status_code == 404


async def test_late_in_the_evening_it_is_still_this_day(
    clock: Clock, teacher: Client, village: Village
) -> None:
    clock.tick(hours=10)  # 22:00 in China
    _, page = await begin(teacher, village)
    await press(teacher, page, "情况", result="met_guardian")
    (doc,) = await visits(village)
    assert doc.fields["occurred_at"] == "2026-11-20T22:00:00+08:00"
