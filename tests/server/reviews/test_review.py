"""One record at the office: reading it, approving it, returning it, and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import Response

from sync.protocol import Op
from tests.conftest import Client
from tests.server.pages import Page, answers, form_data, read, words
from tests.server.village import Village

SignIn = Callable[[str], Awaitable[Client]]
FORM: dict[str, Any] = {"form": "home_visit", "form_version": 1}


async def open_record(browser: Client, visit: str) -> Page:
    reply = await browser.get(f"/office/records/{visit}")
    assert reply.status_code == 200, reply.text
    return read(reply.text)


async def press(browser: Client, visit: str, verb: str, *more: tuple[str, str]) -> Response:
    """Post the review form as a browser without scripts does."""
    data = form_data(await open_record(browser, visit), "review")
    kept = [(name, value) for name, value in data if name not in {name for name, _ in more} or name == "mark"]
    pairs: dict[str, list[str]] = {}
    for name, value in [*kept, *more]:
        pairs.setdefault(name, []).append(value)
    return await browser.post(f"/office/records/{visit}/{verb}", data=pairs)


async def test_every_answer_stands_with_its_label_and_last_time_beside_it(
    office: Client, village: Village
) -> None:
    await village.visit(occurred_at="2026-09-18T15:00:00+08:00", carer="both_away", commute=50)
    visit = await village.visit()
    page = await open_record(office, visit)
    shown = answers(page)
    assert shown["走访结果"] == "见到监护人"
    assert shown["监护状况"] == "一方外出和上次不同"
    assert shown["上学单程"] == "45分钟和上次不同"
    assert shown["在家表现"] == "先写作业再喂鸡。"
    assert "双方外出" in words(page, '//*[@id="f-carer"]//p[@class="w"]')
    assert "上次 9月18日" in words(page, '//*[@class="fld head"]')
    head = words(page, "//article/header")
    assert "三(2)班" in head and "老鸦沟村3组" in head and "王芳" in head and "11月19日 17:25" in head


async def test_what_is_sealed_is_not_at_the_office(office: Client, village: Village) -> None:
    visit = await village.visit(danger=True)
    text = (await office.get(f"/office/records/{visit}")).text
    assert "疑似侵害" not in text and "danger" not in read(text).text_content()
    assert 'value="danger"' not in text


async def test_what_another_filled_says_who_and_when(office: Client, village: Village) -> None:
    both = {"add": [village.people.ids["class_teacher"], village.people.ids["teacher"]]}
    visit = await village.visit(visitors=both, commute=None)
    edit = Op(
        0, "edit", "visit", visit, **FORM, base=10**9, set={"commute": 30}, at="2026-11-19T18:00:00+08:00"
    )
    await village.ops("teacher", edit)
    page = await open_record(office, visit)
    assert "李强填，11月19日 18:00" in words(page, '//*[@id="f-commute"]')


async def test_approve(office: Client, village: Village) -> None:
    visit = await village.visit()
    reply = await press(office, visit, "approve")
    assert reply.status_code == 303
    page = read((await office.get(reply.headers["location"])).text)
    assert "已通过" in words(page, "//*[@data-say]")
    assert "已审核" in words(page, "//article/header")
    assert not page.xpath('//button[@name="do"]')
    assert "通过" in words(page, '//details[@class="history"]') and "陈主任" in words(page, "//details")


async def test_return_with_marks_reaches_the_author_and_the_corrected_record_comes_back(
    office: Client, sign_in: SignIn, village: Village
) -> None:
    visit = await village.visit()
    marks = [
        ("mark", "opinion"),
        ("note.opinion", "奶奶怎么说？"),
        ("mark", "actions"),
        ("note.actions", "谁来做？"),
    ]
    reply = await press(office, visit, "return", *marks, ("until", "2026-11-25"), ("reason", "再细一点"))
    assert reply.status_code == 303, reply.text
    teacher = await sign_in("class_teacher")
    pulled = (await teacher.post("/sync", json=pull())).json()["docs"]
    doc = next(doc for doc in pulled if doc["id"] == visit)
    assert doc["state"] == "returned"
    note = doc["notes"]["returned"]
    assert note["fields"] == {"opinion": "奶奶怎么说？", "actions": "谁来做？"}
    assert (note["reason"], note["until"], note["by"]) == (
        "再细一点",
        "2026-11-25",
        village.people.ids["office"],
    )

    rev = doc["rev"]
    await village.ops(
        "class_teacher",
        Op(
            0,
            "edit",
            "visit",
            visit,
            **FORM,
            base=rev,
            set={"opinion": "奶奶说孩子懂事多了"},
            was={"opinion": ""},
        ),
        Op(0, "event", "visit", visit, **FORM, base=rev, event="submit", from_="returned"),
    )
    page = await open_record(office, visit)
    assert answers(page)["家长意见"] == "奶奶说孩子懂事多了"
    assert "退回后补好又交来了" in words(page, "//article")
    assert "奶奶怎么说？" in words(page, '//*[@id="f-opinion"]')
    assert (await press(office, visit, "approve")).status_code == 303
    assert "已审核" in words(await open_record(office, visit), "//article/header")


def pull() -> dict[str, object]:
    return {
        "protocol": 1,
        "epoch": None,
        "client": "0193aaaa-0000-7000-8000-000000000001",
        "pull": {"cursor": None},
    }


async def test_a_return_needs_marks_or_a_reason_notes_and_a_day(office: Client, village: Village) -> None:
    visit = await village.visit()
    bare = await press(office, visit, "return")
    assert bare.status_code == 422 and "请先标出要补的地方" in words(read(bare.text))

    silent = await press(office, visit, "return", ("mark", "carer"), ("reason", "看一下"))
    page = read(silent.text)
    assert silent.status_code == 422 and "每一处都要写清补什么" in words(page)
    assert page.xpath('//input[@name="mark" and @value="carer" and @checked]')
    assert page.xpath('//input[@name="reason"]/@value') == ["看一下"]
    assert page.xpath("//*[@data-first-problem]/@name") == ["note.carer"]

    past = await press(office, visit, "return", ("reason", "看一下"), ("until", "2026-11-01"))
    assert past.status_code == 422 and "已经过了" in words(read(past.text))
    assert "已提交" in words(await open_record(office, visit), "//article/header")


async def test_nobody_approves_what_changed_meanwhile(office: Client, village: Village) -> None:
    visit = await village.visit()
    data = dict(form_data(await open_record(office, visit), "review"))
    edit = Op(0, "edit", "visit", visit, **FORM, base=10**9, set={"commute": 30})
    await village.ops("class_teacher", edit)
    reply = await office.post(f"/office/records/{visit}/approve", data=data)
    assert reply.status_code == 422 and "刚刚有改动" in words(read(reply.text))
    assert (await press(office, visit, "approve")).status_code == 303


async def test_a_second_tap_on_approve_changes_nothing(office: Client, village: Village) -> None:
    visit = await village.visit()
    data = dict(form_data(await open_record(office, visit), "review"))
    assert (await office.post(f"/office/records/{visit}/approve", data=data)).status_code == 303
    again = await office.post(f"/office/records/{visit}/approve", data=data)
    assert again.status_code == 422 and "已经不在待审里" in words(read(again.text))
    assert "没能接收" not in words(read((await office.get("/office/settle")).text), "//article")


async def test_a_post_without_the_token_is_refused(office: Client, village: Village) -> None:
    visit = await village.visit()
    office.csrf = ""
    assert (await office.post(f"/office/records/{visit}/approve", data={"rev": "1"})).status_code == 403
