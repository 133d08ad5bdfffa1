"""Staff and pupils at the office: buildings, devices, arranging a visit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.conftest import Client
from tests.server.pages import Page, read, words
from tests.server.village import Village

SignIn = Callable[[str], Awaitable[Client]]


def rows(page: Page) -> list[str]:
    """A table's rows as text."""
    return [" ".join(row.text_content().split()) for row in page.xpath("//tbody/tr")]


async def test_a_supervisors_building_is_set(office: Client, sign_in: SignIn, village: Village) -> None:
    other = await village.make("building", {"name": "1号楼"})
    dorm = village.people.ids["dorm"]
    assert any(
        "罗军" in row and "宿管" in row for row in rows(read((await office.get("/office/people")).text))
    )
    supervisor = await sign_in("dorm")
    assert len(read((await supervisor.get("/fill/")).text).xpath('//a[contains(@href, "night_round")]')) == 2
    reply = await office.post(f"/office/people/{dorm}/buildings", data={"building": other})
    page = read((await office.get(reply.headers["location"])).text)
    assert "楼栋已定" in words(page)
    assert page.xpath('//input[@name="building" and @checked]/@value') == [other]
    (link,) = read((await supervisor.get("/fill/")).text).xpath('//a[contains(@href, "night_round")]/@href')
    assert other in link
    await office.post(f"/office/people/{dorm}/buildings", data={})
    assert len(read((await supervisor.get("/fill/")).text).xpath('//a[contains(@href, "night_round")]')) == 2


async def test_a_device_is_signed_out_from_the_office(
    office: Client, sign_in: SignIn, village: Village
) -> None:
    teacher = await sign_in("class_teacher")
    address = f"/office/people/{village.people.ids['class_teacher']}"
    page = read((await office.get(address)).text)
    (session,) = page.xpath('//input[@name="session"]/@value')
    assert (await office.post(f"{address}/revoke", data={"session": session})).status_code == 303
    assert (await teacher.get("/fill/", headers={"accept": "application/json"})).status_code == 401
    elsewhere = f"/office/people/{village.people.ids['dorm']}/revoke"
    assert (await office.post(elsewhere, data={"session": session})).status_code == 404


async def test_pupils_are_found_by_class_name_and_initials(office: Client, village: Village) -> None:
    async def found(query: str) -> list[str]:
        page = read((await office.get(f"/office/students{query}")).text)
        return [name.text_content() for name in page.xpath("//tbody//b")]

    assert await found("") == ["杨思源", "于杰", "杨思雨"]
    assert await found("?class=三(2)班") == ["杨思源"]
    assert await found("?q=ysy") == ["杨思源", "杨思雨"]
    assert await found("?q=杨思雨") == ["杨思雨"]
    assert await found("?q=yujie") == ["于杰"]
    assert await found("?q=zzz") == []


async def test_arranging_a_visit_reaches_whoever_is_to_go(
    office: Client, sign_in: SignIn, village: Village
) -> None:
    page = read((await office.get(f"/office/duties/new?student={village.pupil}")).text)
    (teacher,) = page.xpath('//select[@name="assignee"]/option[@selected]/@value')
    assert teacher == village.people.ids["class_teacher"]
    ident = page.xpath('//input[@name="id"]/@value')[0]
    asked = {"id": ident, "student": village.pupil, "assignee": teacher, "due": "2026-11-28"}
    for _ in range(2):  # a double tap arranges one visit
        reply = await office.post("/office/duties", data=asked)
        assert reply.status_code == 303
    assert "家访已安排" in words(read((await office.get(reply.headers["location"])).text))
    home = read((await (await sign_in("class_teacher")).get("/fill/")).text)
    assert words(home).count("11月28日前") == 1 and "近期要走访" in words(home)


async def test_what_is_missing_for_a_visit_is_said(office: Client, village: Village) -> None:
    good = {"student": village.pupil, "assignee": village.people.ids["class_teacher"], "due": "2026-11-28"}
    for name, value, why in (
        ("student", "", "请至少选一个学生"),
        ("student", village.building, "请至少选一个学生"),
        ("assignee", "", "请选谁去"),
        ("assignee", village.pupil, "请选谁去"),
        ("assignee", village.people.ids["teacher"], "手机上没有这个学生"),
        ("due", "2026-11-19", "今天或以后"),
        ("due", "gestern", "今天或以后"),
    ):
        reply = await office.post("/office/duties", data={**good, name: value})
        assert reply.status_code == 422 and why in words(read(reply.text)), (name, value)
