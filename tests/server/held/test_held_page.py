"""The office's page of what was not taken: who, when, what, why; release, close, and nothing for others."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from server.access import server_principal
from server.db import new_id
from server.gateway import read as gateway
from server.gateway import write
from sync.protocol import Op
from tests.conftest import Client, make_school
from tests.server.pages import Page, answers, form_data, read, titles, words
from tests.server.village import Village

FORM: dict[str, Any] = {"form": "home_visit", "form_version": 1, "at": "2026-11-19T16:40:00+08:00"}
SignIn = Callable[[str], Awaitable[Client]]


async def held_edit(village: Village, visit: str, **values: Any) -> str:
    """An edit of a visit with values that can't be taken."""
    op = Op(0, "edit", "visit", visit, **FORM, set=values)
    (result,) = await village.ops("class_teacher", op)
    assert result.result == "held", result
    return f"{village.clients['class_teacher']}:{result.seq}"


async def strange_visit(village: Village) -> str:
    """A visit of a pupil who was never this teacher's, made, filled in and submitted: three held ops."""
    doc = new_id()
    ops = [
        Op(0, "create", "visit", doc, **FORM, set={"carer": "single"}, meta={"students": [village.stranger]}),
        Op(0, "edit", "visit", doc, **FORM, set={"carer": "one_away", "difficulty": {"add": ["study"]}}),
        Op(0, "event", "visit", doc, **FORM, event="submit"),
    ]
    results = await village.ops("class_teacher", *ops)
    assert [r.code for r in results] == ["forbidden", "unknown_doc", "unknown_doc"]
    return doc


def held_id(village: Village, seq: int) -> str:
    return f"{village.clients['class_teacher']}:{seq}"


async def open_held(office: Client, ident: str) -> Page:
    reply = await office.get(f"/office/held/{ident}")
    assert reply.status_code == 200, reply.text
    return read(reply.text)


async def press(office: Client, ident: str, verb: str, **more: str) -> Any:
    """Press a button of the form as a browser without scripts does."""
    data = dict(form_data(await open_held(office, ident), "held")) | more
    return await office.post(f"/office/held/{ident}/{verb}", data=data)


def nav_count(page: Page) -> str:
    return "".join(page.xpath('//nav//a[@href="/office/held"]/em/text()'))


async def test_it_says_who_when_what_and_why(office: Client, village: Village) -> None:
    await strange_visit(village)
    page = read((await office.get("/office/held")).text)
    assert nav_count(page) == "3"
    assert titles(page) == ["家访 于杰"] * 3, "what followed is told by whom the record is about"
    assert "王芳 提交，要改的那条记录这里没有" in words(page)
    page = await open_held(office, held_id(village, 2))
    shown = words(page, "//article")
    assert "王芳，11月20日 12:00传来" in shown
    assert "要改的那条记录这里没有" in shown and "先放行新建的那条" in shown
    assert answers(page)["监护状况"] == "一方外出"
    assert answers(page)["要做的事"].startswith("填写")
    first = await open_held(office, held_id(village, 1))
    assert "当时已经不归这个人填" in words(first, "//article")
    assert "跟着它的2条会一起放行，或一起不收" in words(first, "//article")


async def test_releasing_brings_in_what_followed(office: Client, village: Village) -> None:
    doc = await strange_visit(village)
    reply = await press(office, held_id(village, 1), "release")
    assert reply.status_code == 303
    page = read((await office.get(reply.headers["location"])).text)
    assert "已放行" in words(page, "//*[@data-say]") and "放行陈主任" in words(page, "//article")
    assert nav_count(page) == ""
    assert not page.xpath('//form[@id="held"]')
    record = read((await office.get(f"/office/records/{doc}?state=all")).text)
    assert answers(record)["监护状况"] == "一方外出"
    assert "王芳" in words(record, "//article")
    done = read((await office.get("/office/held?state=released")).text)
    assert len(titles(done)) == 3


async def test_not_taking_a_record_puts_away_what_followed_with_the_same_reason(
    office: Client, village: Village
) -> None:
    await strange_visit(village)
    assert (await press(office, held_id(village, 1), "close", reason="不是这个班的")).status_code == 303
    for seq in (1, 2, 3):
        page = await open_held(office, held_id(village, seq))
        assert "不收陈主任" in words(page, "//article") and "不是这个班的" in words(page, "//article")
    assert nav_count(page) == ""


async def test_what_somebody_without_roles_sent_is_released_as_a_whole(
    app: Any, office: Client, village: Village
) -> None:
    """Each of them is held because its author may write nothing any more: the office decides once."""
    async with app.state.db.write() as conn:
        server = server_principal(village.people.id)
        person = await gateway.one(conn, app.state.env, server, village.people.ids["class_teacher"])
        assert person
        gone = Op(0, "edit", "person", person.id, base=person.rev, form="person", form_version=1)
        gone.set, gone.at = {"roles": {"add": [], "remove": ["class_teacher"]}}, FORM["at"]
        (done,) = await write.submit(conn, app.state.env, server, new_id(), [gone])
    assert done.result == "applied"
    doc = new_id()
    about = {"students": [village.ids["pupil"]]}
    ops = [
        Op(0, "create", "visit", doc, **FORM, set={"carer": "single"}, meta=about),
        Op(0, "edit", "visit", doc, **FORM, set={"carer": "one_away"}),
        Op(0, "event", "visit", doc, **FORM, event="submit"),
    ]
    results = await village.ops("class_teacher", *ops)
    assert [r.code for r in results] == ["forbidden"] * 3
    await press(office, held_id(village, results[0].seq), "release")
    record = read((await office.get(f"/office/records/{doc}?state=all")).text)
    assert answers(record)["监护状况"] == "一方外出"
    assert "已提交" in words(record, "//article")
    assert titles(read((await office.get("/office/held")).text)) == []


async def test_closing_needs_a_reason_that_the_author_reads(office: Client, village: Village) -> None:
    visit = await village.visit()
    ident = await held_edit(village, visit, commute="sehr weit")
    refused = await press(office, ident, "close", reason="  ")
    assert refused.status_code == 422 and "要写明原因" in words(read(refused.text), "//*[@data-say]")
    long = await press(office, ident, "close", reason="长" * 201)
    assert long.status_code == 422
    assert read(long.text).xpath('//input[@name="reason"]')[0].get("value") == "长" * 201
    assert (await press(office, ident, "close", reason="请按分钟重填")).status_code == 303
    page = await open_held(office, ident)
    assert "不收陈主任" in words(page, "//article") and "请按分钟重填" in words(page, "//article")
    again = await office.post(f"/office/held/{ident}/close", data={"csrf": office.csrf, "reason": "x"})
    assert again.status_code == 422 and "已经有人处理" in words(read(again.text))


async def test_what_can_not_be_taken_even_now_stays_and_says_why(office: Client, village: Village) -> None:
    visit = await village.visit()
    ident = await held_edit(village, visit, commute="sehr weit")
    page = await open_held(office, ident)
    assert answers(page)["上学单程"] == "sehr weit读不出来"
    assert "现在 45" in words(page, "//article")
    reply = await press(office, ident, "release")
    assert reply.status_code == 422 and "还是收不了：填的值读不出来" in words(read(reply.text))
    page = await open_held(office, ident)
    assert page.xpath('//form[@id="held"]') and nav_count(page) == "1"


@pytest.mark.parametrize(
    "values",
    [
        {"nonsense": {"a": [1]}, "carer/x/y": 3},
        {"difficulty": {"add": ["study", 7]}},
        {"difficulty": "study"},
        {"carer": {"deep": [None]}, "score/floor": [1]},
        {"problems/p1": "text", "problems": 3},
        {"home_fb": 5, "occurred_at": "never", "place": "here"},
        {"visitors": {"add": ["x"], "remove": [None]}},
        {"carer": "x" * 5000},
        {"sign": {"paths": 3}},
    ],
)
async def test_any_content_is_shown(office: Client, village: Village, values: dict[str, Any]) -> None:
    op = Op(0, "create", "visit", new_id(), **FORM, set=values, meta={"students": [village.stranger]})
    (result,) = await village.ops("class_teacher", op)
    assert result.result == "held"
    page = await open_held(office, held_id(village, result.seq))
    assert len(answers(page)) >= len({path.partition("/")[0] for path in values})


async def test_what_is_sealed_is_not_shown(office: Client, village: Village) -> None:
    doc = new_id()
    values = {"danger": True, "carer": "single"}
    op = Op(0, "create", "visit", doc, **FORM, set=values, meta={"students": [village.stranger]})
    (result,) = await village.ops("class_teacher", op)
    assert result.result == "held"
    page = (await office.get(f"/office/held/{held_id(village, result.seq)}")).text
    assert "单亲" in page
    assert "疑似侵害" not in page


async def test_the_office_decides_nothing_whose_content_it_may_not_see(
    office: Client, village: Village
) -> None:
    op = Op(0, "edit", "visit", new_id(), form="no_such_form", form_version=1, set={"x": "暗号"})
    (result,) = await village.ops("class_teacher", op)
    ident = held_id(village, result.seq)
    page = await open_held(office, ident)
    assert "内容不归这里看" in words(page) and "暗号" not in words(page)
    assert not page.xpath('//form[@id="held"]')
    for verb in ("release", "close"):
        forced = await office.post(f"/office/held/{ident}/{verb}", data={"csrf": office.csrf, "reason": "x"})
        assert forced.status_code == 422
    assert nav_count(await open_held(office, ident)) == "1"


async def test_what_can_not_be_decoded_can_be_closed(office: Client, village: Village) -> None:
    phone = {"protocol": 1, "client": new_id(), "push": [{"seq": 1, "op": 7, "set": {"x": "\ud800"}}]}
    body = json.dumps(phone).encode()  # in escapes, as a phone would send it
    reply = await office.post("/sync", content=body, headers={"Content-Type": "application/json"})
    assert [r["code"] for r in reply.json()["results"]] == ["bad_op"]
    ident = f"{phone['client']}:1"
    page = await open_held(office, ident)
    assert "传来的内容读不出来" in words(page) and not page.xpath("//button[@formaction]")
    assert (await press(office, ident, "close", reason="坏了")).status_code == 303


async def test_nobody_else_finds_it(
    sign_in: SignIn, office: Client, village: Village, app: Any, clients: Any
) -> None:
    visit = await village.visit()
    ident = await held_edit(village, visit, commute="sehr weit")
    await make_school(app, "清江小学", 13900000001)
    other = await clients()
    assert (await other.sign_in("13900000008")).status_code == 201
    assert ident not in (await other.get("/office/held")).text
    visitors = [other, *[await sign_in(role) for role in ("class_teacher", "admin", "teacher")]]
    for browser in visitors:
        assert (await browser.get(f"/office/held/{ident}")).status_code == 404
        for verb in ("release", "close"):
            data = {"csrf": browser.csrf, "reason": "x"}
            reply = await browser.post(f"/office/held/{ident}/{verb}", data=data)
            assert reply.status_code == 404
    for browser in visitors[1:]:
        assert (await browser.get("/office/held")).status_code == 404
    assert (await office.get(f"/office/held/{visit}")).status_code == 404, "a record is no held op"
    assert nav_count(await open_held(office, ident)) == "1"
