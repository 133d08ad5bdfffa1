"""`from`: what was sealed under a client that its phone no longer is, taken under the one that it is now."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from server.gateway.models import docs, ops
from tests.conftest import PASSWORD, Client, People
from tests.phone import Phone, Refused, uuid7
from tests.server.gateway.conftest import MakePhone
from tests.server.pages import read, words
from tests.server.vaults.conftest import DEVICE, key_of, visit
from tests.server.vaults.sealing import export, moved, seal, seal_op

Pupils = dict[str, str]
Sealed = dict[str, Any]
SECRET = "他说家里的事不要告诉别人。"


async def shut_rows(phone: Phone, pupil: str) -> tuple[str, list[Sealed]]:
    """A visit that nobody can read any more: its id, and its two ops as they were sealed."""
    key = await key_of(phone)
    doc = visit(phone, pupil, carer="single", home_fb=SECRET)
    return doc, [seal_op(key, phone.user["id"], phone.client, op) for op in phone.queue]


async def goes_on(phone: Phone) -> str:
    """The phone becomes another client, and gets a pass for that; returns who it was."""
    before = phone.client
    phone.move([])
    _, answer = await phone.send("GET", f"/vault?device={DEVICE}&client={phone.client}", {}, None)
    phone.delivery = answer["delivery"]
    return before


async def deliver(phone: Phone, rows: list[Sealed]) -> tuple[int, dict[str, Any]]:
    """Sealed ops, by the pass of the client that the phone is."""
    body = {"client": phone.client, "key": (await key_of(phone))["id"], "ops": rows}
    headers = {"Authorization": f"Delivery {phone.delivery}"}
    return await phone.send("POST", "/sync/sealed", headers, body)


async def held_codes(phone: Phone) -> dict[str, str]:
    """The ops that the server keeps apart, as this phone pulls them: name → why."""
    await phone.sync()
    return {d["id"]: d["fields"]["code"] for d in phone.docs.values() if d["kind"] == "held"}


async def stored(app: Litestar, client: str) -> dict[int, bytes]:
    """The log of a client's ops: seq → body."""
    async with app.state.db.read() as conn:
        rows = await conn.execute(select(ops.c.seq, ops.c.body).where(ops.c.client_id == client))
        return {row.seq: row.body for row in rows}


async def is_somewhere(app: Litestar, text: str) -> bool:
    """Whether a doc has this text, of whatever kind."""
    async with app.state.db.read() as conn:
        return any(text in body.decode() for body in (await conn.execute(select(docs.c.body))).scalars())


@pytest.mark.parametrize("pushed", [True, False])
async def test_it_is_taken_once_under_the_new_number(
    pushed: bool, app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    """Whether its old client had ever pushed, or only got its pass at the sign-in."""
    phone = await phone_of(school.phones["class_teacher"])
    if pushed:
        visit(phone, pupils["杨思源"])
        await phone.sync()
    doc, rows = await shut_rows(phone, pupils["龙䶮"])
    plain = list(phone.queue)
    old = await goes_on(phone)
    again = [moved(row, old, n) for n, row in enumerate(rows, 1)]
    assert await deliver(phone, again) == (200, {"acked": 2, "durable": 0})
    office = await phone_of(school.phones["office"])
    await office.sync()
    assert (office.docs[doc]["state"], office.docs[doc]["fields"]["home_fb"]) == ("submitted", SECRET)
    assert office.docs[doc]["meta"]["author"] == school.ids["class_teacher"]
    assert {n: json.loads(body)["seq"] for n, body in (await stored(app, phone.client)).items()} == {
        1: 1,
        2: 2,
    }

    assert (await deliver(phone, again))[1]["acked"] == 2, "a reply may get lost"
    answers = await phone.exchange([{**op, "seq": n} for n, op in enumerate(plain, 1)])
    assert [result["result"] for result in answers["results"]] == ["applied", "applied"]
    before = office.docs[doc]["rev"]
    await office.sync()
    assert office.docs[doc]["rev"] == before, "nothing was taken twice"


async def test_it_goes_on_with_the_first_address_as_a_third_client(
    school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    doc, rows = await shut_rows(phone, pupils["龙䶮"])
    old = await goes_on(phone)
    second = await goes_on(phone)
    assert (await deliver(phone, [moved(row, old, n) for n, row in enumerate(rows, 1)]))[1]["acked"] == 2
    assert await held_codes(phone) == {}
    assert phone.docs[doc]["state"] == "submitted"
    assert second != old


async def test_nobody_has_anothers_opened_under_a_name_of_their_own(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone, sign_in: Any
) -> None:
    """Whoever carries off a locked phone has its rows; the very same bytes open for their owner."""
    phone, thief = await phone_of(school.phones["class_teacher"]), await phone_of(school.phones["teacher"])
    doc, rows = await shut_rows(phone, pupils["龙䶮"])
    stolen = [moved(row, phone.client, n) for n, row in enumerate(rows, 1)]
    assert await deliver(thief, stolen) == (200, {"acked": 2, "durable": 0})
    desk: Client = await sign_in("office")
    desk_file = await file_with(thief, school.id, [{**row, "seq": n} for n, row in enumerate(stolen, 3)])
    assert "未接收2条" in await take(desk, desk_file)
    thief.seq = 4
    names = {f"{thief.client}:{n}": "bad_op" for n in (1, 2, 3, 4)}
    assert await held_codes(thief) == names
    assert not await is_somewhere(app, SECRET)
    bodies = await stored(app, thief.client)
    for n, row in enumerate([*stolen, *stolen], 1):
        assert row["from"].encode() in bodies[n]
        assert row["sealed"].encode() in bodies[n], "kept, but for nobody to read"

    await goes_on(phone)
    assert (await deliver(phone, stolen))[1]["acked"] == 2
    phone.seq = 2
    assert await held_codes(phone) == {}
    assert phone.docs[doc]["fields"]["home_fb"] == SECRET
    assert await is_somewhere(app, SECRET), "the control: here it would have been found"


async def test_who_names_anothers_client_at_a_sign_in_gets_no_pass_for_it(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    """Also while that client has never pushed: neither its rows as they lie nor under another number."""
    phone, thief = await phone_of(school.phones["class_teacher"]), await phone_of(school.phones["teacher"])
    doc, rows = await shut_rows(phone, pupils["龙䶮"])
    own = thief.client
    thief.client = phone.client
    await thief.sign_in(school.phones["teacher"], PASSWORD)
    assert thief.delivery == ""
    body = {"client": phone.client, "key": (await key_of(thief))["id"], "ops": rows}
    for headers in ({"X-CSRFToken": thief.csrf}, {"Authorization": "Delivery "}):
        assert (await thief.send("POST", "/sync/sealed", headers, body))[0] in (401, 403)
    thief.client = own
    await thief.sign_in(school.phones["teacher"], PASSWORD)
    await deliver(thief, [moved(row, phone.client, n) for n, row in enumerate(rows, 1)])
    assert not await is_somewhere(app, SECRET)
    assert (await deliver(phone, rows))[1]["acked"] == 2
    await phone.sync()
    assert phone.docs[doc]["fields"]["home_fb"] == SECRET


async def test_a_client_that_the_server_never_heard_of_gives_nobody_anothers_rows(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone, sign_in: Any
) -> None:
    """A store begun anew, or a server restored from before the sign-in: whoever has the rows says first whose
    that client is. They are bound to who sealed them, and open for that one however they come."""
    phone, thief = await phone_of(school.phones["class_teacher"]), await phone_of(school.phones["teacher"])
    phone.move([])
    doc, rows = await shut_rows(phone, pupils["龙䶮"])
    body = {"client": phone.client, "key": (await key_of(thief))["id"], "ops": rows}
    headers = {"X-CSRFToken": thief.csrf}
    assert await thief.send("POST", "/sync/sealed", headers, body) == (200, {"acked": 2, "durable": 0})
    assert "未接收2条" in await take(await sign_in("office"), await file_with(thief, school.id, rows))
    thief.seq = 2
    both = (phone.client, thief.client)
    assert await held_codes(thief) == {f"{client}:{n}": "bad_op" for client in both for n in (1, 2)}
    assert SECRET not in json.dumps(thief.docs, ensure_ascii=False)
    assert not await is_somewhere(app, SECRET)

    with pytest.raises(Refused) as refused:
        await phone.exchange(phone.queue)
    assert refused.value.problem["type"] == "/problems/client"
    old = await goes_on(phone)
    assert (await deliver(phone, [moved(row, old, n) for n, row in enumerate(rows, 1)]))[1]["acked"] == 2
    phone.seq = 2
    assert await held_codes(phone) == {}
    assert (phone.docs[doc]["state"], phone.docs[doc]["fields"]["home_fb"]) == ("submitted", SECRET)
    assert await is_somewhere(app, SECRET), "the control: here it would have been found"


async def test_what_does_not_fit_its_address_is_held_and_blocks_nothing(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    doc, rows = await shut_rows(phone, pupils["龙䶮"])
    home = f"{phone.user['id']}|{phone.client}"
    wrong_seq = seal(key, f"{home}:9", json.dumps({**phone.queue[1], "seq": 8}).encode())
    no_object = seal(key, f"{home}:9", b"[9]")
    old = await goes_on(phone)
    sent = [
        moved(rows[0], old, 1),
        {**moved(rows[1], old, 2), "from": f"{old}:1"},
        {"seq": 3, "sealed": wrong_seq, "from": f"{old}:9"},
        {"seq": 4, "sealed": no_object, "from": f"{old}:9"},
        {**moved(rows[1], old, 5), "from": f"{uuid7()}:2"},
        {"seq": 6, "sealed": rows[1]["sealed"]},
        moved(rows[1], old, 7),
    ]
    assert await deliver(phone, sent) == (200, {"acked": 7, "durable": 0})
    phone.seq = 7
    assert await held_codes(phone) == {f"{phone.client}:{n}": "bad_op" for n in range(2, 7)}
    assert phone.docs[doc]["state"] == "submitted"
    for bad in ("", "x", f"{old}", f"{old}:0", f"{old}:-1", f"{old}:1e3", "a b:1", 5):
        assert (await deliver(phone, [{**moved(rows[0], old, 8), "from": bad}]))[0] == 400, bad


async def file_with(phone: Phone, school: str, rows: list[Sealed]) -> dict[str, Any]:
    """A file of these rows, as the phone exports it."""
    key = await key_of(phone)
    file = export(key, school, phone.user["id"], phone.client, phone.delivery, [])
    return {**file, "ops": rows}


async def take(desk: Client, file: dict[str, Any]) -> str:
    """Upload it and say yes; the result in words."""
    files = {"file": ("王芳.zoufang", json.dumps(file).encode(), "application/octet-stream")}
    reply = await desk.http.post("/office/unsent/", data={"csrf": desk.csrf}, files=files)
    assert reply.status_code == 303, words(read(reply.text))
    page = reply.headers["location"]
    assert (await desk.post(f"{page}/take")).status_code == 303
    return words(read((await desk.get(page)).text))


async def test_a_file_has_them_and_the_phone_that_comes_later_adds_nothing(
    school: People, pupils: Pupils, phone_of: MakePhone, sign_in: Any
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    doc, rows = await shut_rows(phone, pupils["龙䶮"])
    old = await goes_on(phone)
    again = [moved(row, old, n) for n, row in enumerate(rows, 1)]
    assert "收进1条" in await take(await sign_in("office"), await file_with(phone, school.id, again))
    assert (await deliver(phone, again))[1]["acked"] == 2
    assert await held_codes(phone) == {}
    assert (phone.docs[doc]["state"], phone.docs[doc]["siblings"]) == ("submitted", {})
