"""晚点名 online: rooms, who is missing, whom to call, and handing it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from httpx import Response

from tests.conftest import Client
from tests.server.fill.test_fill import follow, press
from tests.server.pages import Page, read, words
from tests.server.village import Village

SignIn = Callable[[str], Awaitable[Client]]


async def tap(browser: Client, page: Page, **button: str) -> Response:
    """Press one of a room's buttons."""
    csrf = page.xpath('//form[@id="room"]//input[@name="csrf"]/@value')[0]
    action = page.xpath('//form[@id="room"]/@action')[0]
    return await browser.post(action, data={"csrf": csrf, **button})


async def test_a_round_room_by_room(sign_in: SignIn, village: Village) -> None:
    browser = await sign_in("dorm")
    home = read((await browser.get("/fill/")).text)
    (link,) = home.xpath('//a[contains(@href, "night_round")]/@href')
    where, page = await follow(browser, await browser.get(link))
    assert "应到 1" in words(page) and "还有1间没点" in words(page)
    (room,) = page.xpath('//a[contains(@class, "room")]/@href')
    page = read((await browser.get(room)).text)
    assert "于杰" in words(page)

    _, page = await follow(browser, await tap(browser, page, bed=village.stranger))
    assert "于杰在哪里" in words(page) and "缺 1" in words(page)
    ident = where.partition("?")[0]
    address, page = await follow(browser, await tap(browser, page, where=f"{village.stranger}:unknown"))
    assert address.startswith("/fill/call") and "于杰不在，去向不明" in words(page)
    assert "tel:110" in page.xpath("//a/@href")
    csrf = page.xpath('//input[@name="csrf"]/@value')[0]

    rounds = read((await browser.get(ident)).text)
    assert "于杰去向未明" in words(rounds)
    noted = await browser.post(f"{ident}/contacted", data={"csrf": csrf, "student": village.stranger})
    assert noted.status_code == 303
    again = await browser.post(f"{ident}/found", data={"csrf": csrf, "student": village.stranger})
    _, page = await follow(browser, again)
    assert "都点完了" in words(page) and "全到" in words(page)

    page = read((await browser.get(f"{ident}?s=end")).text)
    where, page = await press(browser, page, "提交", water="enough")
    assert where == "/fill/?done=submitted"
    office = await sign_in("office")
    assert "晚点名 2号楼" in words(read((await office.get("/office/")).text))


async def test_a_guardians_number_is_only_for_a_missing_pupil(sign_in: SignIn, village: Village) -> None:
    browser = await sign_in("dorm")
    where, _ = await follow(browser, await browser.get(f"/fill/new/night_round?building={village.building}"))
    ident = where.partition("?")[0].removeprefix("/fill/")
    for student in (village.stranger, village.pupil):
        reply = await browser.get(f"/fill/call?back={ident}&student={student}")
        assert reply.status_code == 404
    teacher = await sign_in("class_teacher")
    assert (await teacher.get(where)).status_code == 404
