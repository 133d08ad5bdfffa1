"""What came in: the list, its filters, its pages, and who may see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import pytest
from litestar import Litestar

from server.reviews.filters import PAGE, Filter, read_filter
from tests.conftest import Client, People
from tests.server.pages import read, titles, words
from tests.server.village import Village, make_village

SignIn = Callable[[str], Awaitable[Client]]


async def test_a_handed_in_visit_is_in_the_list_and_a_draft_is_not(office: Client, village: Village) -> None:
    await village.visit()
    await village.visit(submit=False)
    page = read((await office.get("/office/")).text)
    assert titles(page) == ["家访 杨思源"]
    assert "三(2)班，王芳" in words(page, '//*[contains(@class, "queue")]')


async def test_each_filter_leaves_what_it_names(office: Client, village: Village) -> None:
    mine = await village.visit()
    early = await village.visit(occurred_at="2026-10-02T10:00:00+08:00")
    teacher = village.people.ids["class_teacher"]

    async def shown(query: str) -> list[str]:
        page = read((await office.get(f"/office/{query}")).text)
        links = page.xpath('//*[contains(@class, "queue")]//a[contains(@class, "qi")]/@href')
        return [link.split("/")[3].partition("?")[0] for link in links]

    assert await shown("") == [mine, early]
    assert await shown("?since=2026-11-01") == [mine]
    assert await shown("?until=2026-11-01") == [early]
    assert await shown("?form=home_visit") == [mine, early]
    assert await shown("?form=night_round") == []
    assert await shown("?class=三(2)班") == [mine, early]
    assert await shown("?class=四(1)班") == []
    assert await shown(f"?person={teacher}") == [mine, early]
    assert await shown(f"?person={village.people.ids['teacher']}") == []
    assert await shown(f"?student={village.pupil}") == [mine, early]
    assert await shown(f"?student={village.stranger}") == []
    assert await shown("?state=approved") == []
    assert await shown("?state=all") == [mine, early]


async def test_a_long_list_comes_in_pages_that_leave_nothing_out(office: Client, village: Village) -> None:
    made = {await village.visit(occurred_at=f"2026-10-{day:02d}T10:00:00+08:00") for day in range(1, 32)}
    assert len(made) == PAGE + 1
    first = read((await office.get("/office/")).text)
    following = first.xpath('//a[@rel="next"]/@href')[0]
    second = read((await office.get(following)).text)
    links = [
        link.split("/")[3].partition("?")[0]
        for page in (first, second)
        for link in page.xpath('//*[contains(@class, "queue")]//a[contains(@class, "qi")]/@href')
    ]
    assert len(links) == PAGE + 1 and set(links) == made
    assert not second.xpath('//a[@rel="next"]')


async def test_an_empty_list_says_so(office: Client) -> None:
    page = read((await office.get("/office/")).text)
    assert "没有等着审核的记录" in words(page)


@pytest.mark.parametrize(
    "role", ["class_teacher", "teacher", "dorm", "general_affairs", "committee", "parent"]
)
async def test_others_have_no_way_into_the_office(sign_in: SignIn, village: Village, role: str) -> None:
    visit = await village.visit()
    browser = await sign_in(role)
    for path in (
        "/office/",
        f"/office/records/{visit}",
        "/office/settle",
        "/office/students",
        "/office/people",
    ):
        assert (await browser.get(path)).status_code == 404, path
    for verb in ("approve", "return", "settle"):
        assert (await browser.post(f"/office/records/{visit}/{verb}", data={"rev": "1"})).status_code == 404


async def test_the_administrator_is_led_to_accounts_and_sees_no_visit(
    sign_in: SignIn, village: Village
) -> None:
    visit = await village.visit()
    browser = await sign_in("admin")
    assert (await browser.get("/office/")).headers["location"] == "/office/people"
    assert (await browser.get(f"/office/records/{visit}")).status_code == 404


async def test_another_schools_office_sees_nothing(
    app: Litestar, clients: Callable[[], Awaitable[Client]], village: Village, other_school: People
) -> None:
    visit = await village.visit()
    await make_village(app, other_school)
    browser = await clients()
    await browser.sign_in(other_school.phones["office"])
    assert titles(read((await browser.get("/office/?state=all")).text)) == []
    assert (await browser.get(f"/office/records/{visit}")).status_code == 404
    assert (await browser.get(f"/office/people/{village.people.ids['dorm']}")).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["state=x", "since=gestern", "page=0", "page=-3", "page=9999999999", "page=x", "class=" + "x" * 500],
)
async def test_an_address_that_makes_no_sense_still_opens_the_list(office: Client, query: str) -> None:
    assert (await office.get(f"/office/?{query}")).status_code == 200


def test_a_filter_survives_its_own_address() -> None:
    asked = Filter("", "home_visit", "三(2)班", "u1", "s1", "2026-11-01", "2026-11-30", 3)
    assert read_filter(dict(parse_qsl(asked.query().removeprefix("?")))) == asked
    assert Filter().query() == ""
