"""Disagreements: nothing is chosen beforehand, a choice closes what was seen, approval waits for it."""

from __future__ import annotations

import pytest
from httpx import Response

from sync.protocol import Op
from tests.conftest import Client
from tests.server.pages import Page, answers, form_data, read, words
from tests.server.reviews.test_review import FORM, open_record, press
from tests.server.village import Village

MINE, THEIRS = "先写作业再喂鸡。", "周末帮小叔看店。"


@pytest.fixture
async def disputed(village: Village) -> str:
    """A visit for which two people filled in two fields differently."""
    both = {"add": [village.people.ids["class_teacher"], village.people.ids["teacher"]]}
    visit = await village.visit(visitors=both)
    await village.disagree(visit, carer="both_away", home_fb=THEIRS)
    return visit


def claims(page: Page, label: str) -> dict[str, str]:
    """Words of a claim → what choosing it posts."""
    box = page.xpath(f'//fieldset[contains(@class, "dispute")][legend[contains(., "{label}")]]')[0]
    labels = {one.get("for"): " ".join(one.text_content().split()) for one in box.xpath(".//label")}
    return {labels[radio.get("id")]: radio.get("value") for radio in box.xpath(".//input[@type='radio']")}


async def choose(office: Client, visit: str, **more: str) -> Response:
    data: dict[str, list[str]] = {}
    for name, value in form_data(await open_record(office, visit), "settle"):
        data.setdefault(name, []).append(value)
    return await office.post(f"/office/records/{visit}/settle", data={**data, **more})


async def test_both_values_stand_with_who_and_when_and_none_is_chosen(office: Client, disputed: str) -> None:
    page = await open_record(office, disputed)
    cards = list(claims(page, "监护状况"))
    assert any(card.startswith("一方外出") and "王芳" in card and "现在显示" in card for card in cards)
    assert any(card.startswith("双方外出") and "李强，11月19日 16:40" in card for card in cards)
    assert not page.xpath('//form[@id="settle"]//input[@checked]')


async def test_approval_waits_until_it_is_settled(office: Client, village: Village, disputed: str) -> None:
    reply = await press(office, disputed, "approve")
    assert reply.status_code == 422 and "还有2处填得不一样" in words(read(reply.text), "//*[@data-say]")
    page = await open_record(office, disputed)
    theirs = next(v for k, v in claims(page, "监护状况").items() if k.startswith("双方外出"))
    text = {"other.home_fb": MINE + THEIRS, "pick.home_fb": "other"}
    assert (await choose(office, disputed, **{"pick.carer": theirs, **text})).status_code == 303
    page = await open_record(office, disputed)
    assert answers(page)["监护状况"] == "双方外出陈主任填，11月20日 12:00"
    assert answers(page)["在家表现"].startswith(MINE + THEIRS)
    assert not page.xpath('//form[@id="settle"]')
    assert "裁定陈主任" in words(page, "//details")
    assert (await press(office, disputed, "approve")).status_code == 303


async def test_keeping_what_is_shown_closes_the_other(office: Client, disputed: str) -> None:
    reply = await choose(office, disputed, **{"pick.carer": "shown"})
    assert reply.status_code == 303
    page = await open_record(office, disputed)
    assert answers(page)["监护状况"] == "一方外出"
    assert [one.get("value") for one in page.xpath('//input[@name="field"]')] == ["home_fb"]


async def test_choosing_nothing_says_so(office: Client, disputed: str) -> None:
    reply = await choose(office, disputed)
    assert reply.status_code == 422 and "还没有选" in words(read(reply.text))
    empty = await choose(office, disputed, **{"pick.carer": "other"})
    assert empty.status_code == 422 and "请把对的写上" in words(read(empty.text))


async def test_what_arrives_after_the_page_was_opened_stays_open(
    office: Client, village: Village, disputed: str
) -> None:
    data: dict[str, list[str]] = {}
    for name, value in form_data(await open_record(office, disputed), "settle"):
        data.setdefault(name, []).append(value)
    village.ids["late"] = disputed
    village.clients["teacher"] = village.clients["teacher"][:-4] + "beef"
    op = Op(0, "edit", "visit", disputed, **FORM, set={"carer": "single"})
    assert (await village.ops("teacher", op))[0].result == "conflict"
    reply = await office.post(f"/office/records/{disputed}/settle", data={**data, "pick.carer": "shown"})
    assert reply.status_code == 303
    page = await open_record(office, disputed)
    assert any(card.startswith("单亲") for card in claims(page, "监护状况"))
    assert not any(card.startswith("双方外出") for card in claims(page, "监护状况"))


async def test_the_page_of_decisions_lists_it_and_settles_it(
    office: Client, village: Village, disputed: str
) -> None:
    page = read((await office.get("/office/settle")).text)
    assert "家访 杨思源" in words(page) and "监护状况，在家表现" in words(page)
    data: dict[str, list[str]] = {}
    for name, value in form_data(page, "settle"):
        data.setdefault(name, []).append(value)
    data |= {"pick.carer": ["shown"], "pick.home_fb": ["shown"]}
    reply = await office.post(f"/office/records/{disputed}/settle", data=data)
    assert reply.headers["location"].startswith("/office/settle")
    after = read((await office.get(reply.headers["location"])).text)
    assert "没有两个人填得不一样的" in words(after) and "已定下来" in words(after)


async def test_what_could_not_be_taken_is_listed_and_holds_approval_up(
    office: Client, village: Village
) -> None:
    visit = await village.visit()
    broken = Op(0, "edit", "visit", visit, **FORM, set={"commute": "sehr weit"})
    assert (await village.ops("class_teacher", broken))[0].result == "held"
    page = read((await office.get("/office/held")).text)
    assert "王芳" in words(page) and "上学单程" in words(page) and "读不出来" in words(page)
    reply = await press(office, visit, "approve")
    assert reply.status_code == 422 and "没能接收的改动" in words(read(reply.text), "//*[@data-say]")
