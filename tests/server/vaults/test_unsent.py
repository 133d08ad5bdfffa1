"""`/office/unsent`: a phone's unsent work comes as a file, under its author's name, and only once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import func, select

from server.gateway.models import docs, ops
from server.schools import schools
from server.vaults.file import MAX_BYTES
from server.vaults.models import unsent_files
from sync.protocol import MAX_OPS
from tests.conftest import Client, Clock, People
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import MakePhone
from tests.server.pages import read, words
from tests.server.vaults.conftest import key_of, visit
from tests.server.vaults.sealing import b64, export, seal

Pupils = dict[str, str]
SignIn = Callable[[str], Awaitable[Client]]
MAY = {"office", "principal", "admin"}


async def file_of(phone: Phone, school: str) -> dict[str, Any]:
    """What the phone has not sent, as it exports it."""
    key = await key_of(phone)
    return export(key, school, phone.user["id"], phone.client, phone.delivery, phone.queue)


async def bring(desk: Client, file: dict[str, Any] | bytes) -> httpx.Response:
    """Upload a file, as the page's form does it."""
    data = file if isinstance(file, bytes) else json.dumps(file).encode()
    files = {"file": ("王芳.zoufang", data, "application/octet-stream")}
    return await desk.http.post("/office/unsent/", data={"csrf": desk.csrf}, files=files)


async def take(desk: Client, file: dict[str, Any]) -> str:
    """Upload it and say yes; the result in words."""
    reply = await bring(desk, file)
    assert reply.status_code == 303, words(read(reply.text))
    page = reply.headers["location"]
    assert (await desk.post(f"{page}/take")).status_code == 303
    return words(read((await desk.get(page)).text))


async def standing(app: Litestar) -> list[Any]:
    """Everything that taking in a file could change."""
    async with app.state.db.read() as conn:
        counts = [
            (await conn.execute(select(func.count()).select_from(table))).scalar()
            for table in (ops, docs, unsent_files)
        ]
        return [*counts, *(await conn.execute(select(schools.c.rev).order_by(schools.c.id))).scalars()]


async def test_a_file_is_looked_at_then_taken_in_under_its_authors_name(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    doc = visit(phone, pupils["龙䶮"], carer="single", home_fb="谁也不该在这里看到的话")
    file = await file_of(phone, school.id)
    desk = await sign_in("office")
    before = await standing(app)
    reply = await bring(desk, file)
    assert reply.status_code == 303
    page = reply.headers["location"]
    preview = (await desk.get(page)).text
    text = words(read(preview))
    assert "王芳" in text
    assert "11月19日 21:05" in text
    assert "1条记录（2处改动）" in text, "as the phone counts what it has not sent"
    assert "还没有收的1条" in text
    assert "以前收过的0条" in text
    assert "谁也不该" not in preview
    assert (await standing(app))[:2] == before[:2], "nothing is taken in before somebody says so"

    assert (await desk.post(f"{page}/take")).status_code == 303
    done = (await desk.get(page)).text
    assert "收进1条" in words(read(done))
    assert read(done).xpath(f'//a[@href="/office/records/{doc}"]'), "a way to what was taken in"
    assert "谁也不该" not in done
    office = await phone_of(school.phones["office"])
    await office.sync()
    assert office.docs[doc]["meta"]["author"] == school.ids["class_teacher"]
    assert (office.docs[doc]["state"], office.docs[doc]["fields"]["carer"]) == ("submitted", "single")

    before = await standing(app)
    assert (await desk.post(f"{page}/take")).status_code == 303, "a second press finds it done"
    assert await standing(app) == before
    async with app.state.db.read() as conn:
        assert (await conn.execute(select(unsent_files.c.body))).scalars().all() == [None]


async def test_the_phone_comes_back_later_and_gets_the_stored_results(
    school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    doc = visit(phone, pupils["龙䶮"], carer="single")
    desk = await sign_in("principal")
    file = await file_of(phone, school.id)
    assert "收进1条" in await take(desk, file)
    again = (await desk.get((await bring(desk, file)).headers["location"])).text
    assert "都收过了，不用再收" in words(read(again)), "the same file once more"
    assert not read(again).xpath('//form[contains(@action, "/take")]')
    assert "以前收过1条" in await take(desk, file), "whoever sends it all the same does no harm"

    phone.op("edit", "visit", doc, "home_visit", set={"carer": "both_away"})
    more = await file_of(phone, school.id)
    taken = await take(desk, more)
    assert "收进1条" in taken
    assert "以前收过" not in taken, "of one record some of the changes were here"
    await phone.sync()
    assert [phone.results[n]["result"] for n in (1, 2, 3)] == ["applied"] * 3
    assert phone.docs[doc]["fields"]["carer"] == "both_away"
    assert phone.docs[doc]["siblings"] == {}


async def test_part_of_it_had_been_sent_before(
    school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    visit(phone, pupils["龙䶮"])
    await phone.exchange(phone.queue)  # the reply is lost
    visit(phone, pupils["杨思源"])
    assert "收进1条，以前收过1条" in await take(await sign_in("admin"), await file_of(phone, school.id))


async def test_what_meets_other_peoples_work_is_merged_or_waits_for_a_decision(
    school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn
) -> None:
    author = await phone_of(school.phones["class_teacher"])
    colleague = await phone_of(school.phones["teacher"])
    doc = visit(author, pupils["龙䶮"], carer="single", visitors={"add": [school.ids["teacher"]]})
    await author.sync()
    await colleague.sync()
    author.op("edit", "visit", doc, "home_visit", set={"carer": "both_away"})
    author.op("edit", "visit", doc, "home_visit", set={"commute": 30})
    author.op("edit", "visit", doc, "home_visit", set={"nonsense": 1})
    colleague.op("edit", "visit", doc, "home_visit", set={"carer": "one_away"})
    await colleague.sync()
    text = await take(await sign_in("office"), await file_of(author, school.id))
    assert "和别人的改动合在一起1条，有出入待裁定1条，未接收1条" in text
    assert "去看未接收" in text
    admin = await sign_in("admin")
    page = read((await admin.get("/office/unsent/")).text).xpath("//tbody//a/@href")[0]
    seen = words(read((await admin.get(page)).text))
    assert ("未接收1条" in seen, "去看未接收" in seen) == (True, False), (
        "no link to what is not for that post"
    )


async def test_a_file_of_hundreds_is_taken_in_several_pushes(
    school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    doc = visit(phone, pupils["龙䶮"])
    for n in range(2 * MAX_OPS + 10):
        phone.op("edit", "visit", doc, "home_visit", set={"commute": n})
    for _ in range(40):  # and by their size
        phone.op("edit", "visit", doc, "home_visit", set={"note": "字" * 10000}, was={"note": ""})
    text = await take(await sign_in("office"), await file_of(phone, school.id))
    assert f"1条记录（{2 * MAX_OPS + 12 + 40}处改动）" in text
    for start in range(0, len(phone.queue), 12):
        answer = await phone.exchange(phone.queue[start : start + 12])
        assert {result["result"] for result in answer["results"]} == {"applied"}
    phone.queue = []
    await phone.sync()
    assert phone.docs[doc]["fields"]["commute"] == 2 * MAX_OPS + 9


@pytest.mark.parametrize("why", ["revoked", "late", "role"])
async def test_what_is_not_quite_trusted_is_held(
    why: str,
    app: Litestar,
    school: People,
    pupils: Pupils,
    phone_of: MakePhone,
    sign_in: SignIn,
    clock: Clock,
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    visit(phone, pupils["龙䶮"], carer="single")
    file = await file_of(phone, school.id)
    desk = await sign_in("office")
    person = f"/office/people/{school.ids['class_teacher']}"
    if why == "revoked":
        (session,) = read((await desk.get(person)).text).xpath('//input[@name="session"]/@value')
        await desk.post(f"{person}/revoke", data={"session": session})
    elif why == "late":
        await phone.send("DELETE", "/session", {"X-CSRFToken": phone.csrf}, None)
        clock.tick(days=31)
        desk = await sign_in("office")
    else:
        head = await phone_of(school.phones["principal"])
        await head.sync()
        head.op(
            "edit",
            "person",
            school.ids["class_teacher"],
            "person",
            set={"roles": {"remove": ["class_teacher"]}},
        )
        await head.sync()
    preview = (await desk.get((await bring(desk, file)).headers["location"])).text
    assert "先放在未接收里" in words(read(preview))
    assert "未接收1条" in await take(desk, file)
    office = await phone_of(school.phones["office"])
    await office.sync()
    held = [doc for doc in office.docs.values() if doc["kind"] == "held"]
    assert {doc["fields"]["code"] for doc in held} == {"forbidden"}
    assert held[0]["fields"]["op"]["set"]["carer"] == "single", "whole, for those who may see it"
    (create,) = [doc["id"] for doc in held if doc["fields"]["op"]["op"] == "create"]
    assert (await desk.post(f"/office/held/{create}/release")).status_code == 303


async def test_one_damaged_op_is_held_and_the_rest_goes_on(
    school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    visit(phone, pupils["龙䶮"])
    phone.op("edit", "visit", phone.queue[0]["doc"], "home_visit", set={"commute": 3})
    file = await file_of(phone, school.id)
    file["ops"][1]["sealed"] = b64(bytes(300))
    assert "收进1条，未接收1条" in await take(await sign_in("office"), file)
    assert "以前收过1条" in await take(await sign_in("office"), await file_of(phone, school.id))


Change = Callable[[dict[str, Any], dict[str, str]], dict[str, Any] | bytes]
REFUSED: dict[str, tuple[Change, str]] = {
    "empty": (lambda file, key: b"", "空的"),
    "a picture": (lambda file, key: b"\x89PNG\r\n\x1a\n" + bytes(500), "不是从走访的手机上导出的"),
    "other JSON": (lambda file, key: {"hello": 1}, "不是从走访的手机上导出的"),
    "nested for ever": (lambda file, key: b'{"format":' + b"[" * 90000, "不是从走访的手机上导出的"),
    "cut off": (lambda file, key: json.dumps(file).encode()[:-200], "不完整"),
    "cut off at its ops": (lambda file, key: {**file, "ops": file["ops"][::2] * 2}, "不完整"),
    "one is missing": (
        lambda file, key: {**file, "ops": [file["ops"][0], {"seq": 3, "sealed": ""}]},
        "不完整",
    ),
    "a seq of another sort": (lambda file, key: {**file, "ops": [{"seq": "1", "sealed": ""}]}, "不完整"),
    "nothing in it": (lambda file, key: {**file, "ops": []}, "一条记录也没有"),
    "of a newer release": (lambda file, key: {**file, "version": 2}, "更新的版本"),
    "too large": (lambda file, key: {**file, "proof": "A" * MAX_BYTES}, "太大"),
    "one op too large": (
        lambda file, key: {**file, "ops": [{"seq": 1, "sealed": "A" * 90000}]},
        "有一条太大",
    ),
    "of another school": (lambda file, key: {**file, "school": uuid7()}, "另一所学校"),
    "to another server's key": (lambda file, key: {**file, "key": "0123456789abcdef"}, "不是给这台服务器的"),
    "a proof that can't be opened": (lambda file, key: {**file, "proof": b64(bytes(200))}, "凭证对不上"),
    "a proof that is no base64": (lambda file, key: {**file, "proof": "你好"}, "凭证对不上"),
    "a proof of another client": (lambda file, key: {**file, "client": uuid7()}, "凭证对不上"),
    "another name on it": (lambda file, key: {**file, "user": uuid7()}, "凭证对不上"),
    "a made-up pass": (
        lambda file, key: {**file, "proof": seal(key, file["client"], b"made-up")},
        "认不出是谁的",
    ),
    "bytes in place of a pass": (
        lambda file, key: {**file, "proof": seal(key, file["client"], b"\xff\xfe")},
        "凭证对不上",
    ),
    "the beginning is missing": (lambda file, key: {**file, "ops": file["ops"][1:]}, "前面还缺几条"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_good_is_refused_with_a_reason(
    case: str, app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    visit(phone, pupils["龙䶮"])
    file, desk = await file_of(phone, school.id), await sign_in("office")
    before = await standing(app)
    change, why = REFUSED[case]
    reply = await bring(desk, change(file, await key_of(phone)))
    assert reply.status_code == 422
    assert why in words(read(reply.text), "//body")
    assert await standing(app) == before


async def test_a_thief_of_anothers_client_and_a_copied_phone_are_refused(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    thief = await phone_of(school.phones["teacher"])
    visit(phone, pupils["龙䶮"])
    key = await key_of(phone)
    desk = await sign_in("office")
    stolen = export(key, school.id, phone.user["id"], phone.client, thief.delivery, phone.queue)
    reply = await bring(desk, stolen)
    assert (reply.status_code, "凭证对不上" in reply.text) == (422, True)

    await phone.sync()
    copied = {"seq": 1, "op": "edit", "kind": "visit", "doc": "x", "form": "home_visit", "form_version": 1}
    before = await standing(app)
    other = export(key, school.id, phone.user["id"], phone.client, phone.delivery, [copied])
    reply = await bring(desk, other)
    assert (reply.status_code, "复制过" in reply.text) == (422, True)
    assert await standing(app) == before


async def test_who_may(school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    visit(phone, pupils["龙䶮"])
    file = await file_of(phone, school.id)
    page = (await bring(await sign_in("office"), file)).headers["location"]
    for role in school.phones:
        someone = await sign_in(role)
        asked = [
            (await someone.get("/office/unsent/")).status_code,
            (await bring(someone, file)).status_code,
            (await someone.get(page)).status_code,
        ]
        if role in MAY:
            assert asked[:2] == [200, 303], role
            page = (await bring(someone, file)).headers["location"]
            assert "/office/unsent" in (await someone.get(page)).text
        else:
            page_of_nobody = (await someone.post(f"{page}/take")).status_code
            assert [*asked, page_of_nobody] == [404] * 4, role


async def test_another_schools_office_finds_nothing(
    school: People, other_school: People, pupils: Pupils, phone_of: MakePhone, clients: Any, sign_in: SignIn
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    visit(phone, pupils["龙䶮"])
    file = await file_of(phone, school.id)
    page = (await bring(await sign_in("office"), file)).headers["location"]
    stranger = await clients()
    await stranger.sign_in(other_school.phones["office"])
    assert (await stranger.get(page)).status_code == 404
    for verb in ("take", "forget"):
        assert (await stranger.post(f"{page}/{verb}")).status_code == 404
    reply = await bring(stranger, file)
    assert (reply.status_code, "另一所学校" in reply.text) == (422, True)
    reply = await bring(stranger, {**file, "school": other_school.id})
    assert (reply.status_code, "另一所学校" in reply.text) == (422, True)


async def test_files_that_nobody_takes_in_go_away(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone, sign_in: SignIn, clock: Clock
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    visit(phone, pupils["龙䶮"])
    file, desk = await file_of(phone, school.id), await sign_in("office")
    first = (await bring(desk, file)).headers["location"]
    second = (await bring(desk, file)).headers["location"]
    assert (await desk.get(first)).status_code == 404, "the same phone's newer file stands for the older"
    assert (await desk.post(f"{second}/forget")).status_code == 303
    assert (await desk.get(second)).status_code == 404
    third = (await bring(desk, file)).headers["location"]
    clock.tick(days=3)
    assert (await desk.get(third)).status_code == 404, "in time, without another's upload"
    assert (await desk.get("/office/unsent/")).status_code == 200
    async with app.state.db.read() as conn:
        assert (await conn.execute(select(func.count()).select_from(unsent_files))).scalar() == 0
    other = await phone_of(school.phones["teacher"])
    visit(other, pupils["覃佑建"])
    assert (await bring(desk, await file_of(other, school.id))).status_code == 303
    assert (await desk.get(third)).status_code == 404
    assert "收进1条" in await take(desk, file), "the phone's own file can always be brought again"
