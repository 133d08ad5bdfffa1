"""`POST /sync/sealed`: what a locked phone sends is taken exactly once, with or without its later push."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from server.accounts.people import add_person
from server.gateway.models import ops
from sync.protocol import MAX_OPS
from tests.conftest import People
from tests.phone import Phone, Refused
from tests.server.gateway.conftest import MakePhone, add_pupils
from tests.server.vaults.conftest import key_of, visit
from tests.server.vaults.sealing import b64, seal_op

Pupils = dict[str, str]


def pass_of(phone: Phone) -> dict[str, str]:
    """The header that stands in for a session."""
    return {"Authorization": f"Delivery {phone.delivery}"}


async def deliver(phone: Phone, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    """One request of a locked phone."""
    return await phone.send("POST", "/sync/sealed", headers or pass_of(phone), body)


def outbox(phone: Phone, key: dict[str, str]) -> dict[str, Any]:
    """All that a locked phone has to send."""
    sealed = [seal_op(key, phone.user["id"], phone.client, op) for op in phone.queue]
    return {"client": phone.client, "key": key["id"], "ops": sealed}


async def test_a_locked_phone_sends_and_gets_its_results_when_it_is_open(
    school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    await phone.sync()
    doc = visit(phone, pupils["龙䶮"], carer="single", home_fb="先写作业。")
    assert await deliver(phone, outbox(phone, key)) == (200, {"acked": 2, "durable": 0})

    office = await phone_of(school.phones["office"])
    await office.sync()
    assert (office.docs[doc]["state"], office.docs[doc]["fields"]["carer"]) == ("submitted", "single")
    assert office.docs[doc]["meta"]["author"] == school.ids["class_teacher"]
    before = office.docs[doc]["rev"]

    assert (await deliver(phone, outbox(phone, key)))[1]["acked"] == 2, "a reply may get lost"
    await phone.sync()
    assert [phone.results[n]["result"] for n in (1, 2)] == ["applied", "applied"]
    await office.sync()
    assert office.docs[doc]["rev"] == before, "nothing was taken twice"


async def test_old_keys_and_other_orders_of_a_json_text_are_the_same_op(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    visit(phone, pupils["龙䶮"], carer="single")
    body = outbox(phone, key)
    turned = [dict(reversed(op.items())) for op in phone.queue]
    assert (await deliver(phone, body))[0] == 200
    phone.queue = turned
    await phone.sync()
    assert [phone.results[n]["result"] for n in (1, 2)] == ["applied", "applied"]


async def test_after_the_session_and_until_the_pass_ends(
    school: People, pupils: Pupils, phone_of: MakePhone, clock: Any
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    assert (await phone.send("DELETE", "/session", {"X-CSRFToken": phone.csrf}, None))[0] == 204
    visit(phone, pupils["龙䶮"])
    clock.tick(days=29)
    assert (await deliver(phone, outbox(phone, key)))[1]["acked"] == 2
    clock.tick(days=2)
    status, problem = await deliver(phone, outbox(phone, key))
    assert (status, problem["type"]) == (401, "/problems/unauthenticated")


async def test_only_by_a_pass_of_this_client_or_its_users_session(
    school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    other = await phone_of(school.phones["teacher"])
    key = await key_of(phone)
    visit(phone, pupils["龙䶮"])
    body = outbox(phone, key)
    for headers in (
        pass_of(other),
        {"Authorization": "Delivery "},
        {"Authorization": f"Delivery {phone.delivery}x"},
    ):
        assert (await deliver(phone, body, **headers))[0] == 401
    status, problem = await deliver(other, body, **{"X-CSRFToken": other.csrf})
    assert (status, problem["type"]) == (403, "/problems/client")
    assert (await deliver(phone, body, **{"X-CSRFToken": "x"}))[0] == 403
    assert (await deliver(phone, body, **{"X-CSRFToken": phone.csrf}))[1]["acked"] == 2
    assert (await deliver(phone, body))[1]["acked"] == 2
    await phone.send("DELETE", "/session", {"X-CSRFToken": phone.csrf}, None)
    _, visitor = await phone.send("GET", "/session", {}, None)
    status, problem = await deliver(phone, body, **{"X-CSRFToken": visitor["csrf"]})
    assert (status, problem["type"]) == (401, "/problems/unauthenticated")


async def test_gap_and_fork_as_in_a_plain_push(school: People, pupils: Pupils, phone_of: MakePhone) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    visit(phone, pupils["龙䶮"], carer="single")
    body = outbox(phone, key)
    status, problem = await deliver(phone, {**body, "ops": body["ops"][1:]})
    assert (status, problem["type"], problem["expected"]) == (409, "/problems/gap", 1)
    await deliver(phone, body)
    phone.queue[0]["set"] = {"carer": "both_away"}
    status, problem = await deliver(phone, outbox(phone, key))
    assert (status, problem["type"], problem["differs"]) == (409, "/problems/fork", 1)


async def test_what_cant_be_opened_is_held_and_its_bytes_are_kept(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    kept = visit(phone, pupils["龙䶮"])
    body = outbox(phone, key)
    phone.queue += [{**phone.queue[0], "seq": n} for n in range(3, 9)]
    more = outbox(phone, key)["ops"][2:]
    wrong_place = more[0]["sealed"]
    body["ops"] += [
        {"seq": 3, "sealed": more[0]["sealed"][:-8] + "AAAAAAAA"},
        {"seq": 4, "sealed": wrong_place},
        {"seq": 5, "sealed": "not base64url!"},
        {"seq": 6, "sealed": ""},
        {"seq": 7, "sealed": b64(bytes(200))},
        seal_op(key, phone.user["id"], phone.client, {"seq": 8, "op": 5}),
    ]
    assert await deliver(phone, body) == (200, {"acked": 8, "durable": 0})
    phone.queue, phone.seq = [], 8
    await phone.sync()
    held = [doc for doc in phone.docs.values() if doc["kind"] == "held"]
    assert {doc["id"] for doc in held} == {f"{phone.client}:{n}" for n in range(3, 9)}
    assert {doc["fields"]["code"] for doc in held} == {"bad_op"}
    assert phone.docs[kept]["state"] == "submitted", "the queue goes on"
    async with app.state.db.read() as conn:
        query = select(ops.c.body).where(ops.c.client_id == phone.client, ops.c.seq == 4)
        assert wrong_place.encode() in (await conn.execute(query)).scalar_one()


async def test_ops_sealed_to_a_key_that_is_gone_are_held_and_block_nothing(
    school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    visit(phone, pupils["龙䶮"])
    assert (await deliver(phone, {**outbox(phone, key), "key": "0123456789abcdef"}))[1]["acked"] == 2
    with pytest.raises(Refused) as refused:
        await phone.sync()
    assert (refused.value.status, refused.value.problem["differs"]) == (409, 1)


async def test_limits(school: People, phone_of: MakePhone) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    empty = {"seq": 1, "sealed": ""}
    head = {"client": phone.client, "key": key["id"]}
    many = [{**empty, "seq": n} for n in range(1, MAX_OPS + 2)]
    status, problem = await deliver(phone, {**head, "ops": many})
    assert (status, problem["limit"], problem["of"]) == (413, MAX_OPS, "ops")
    big = seal_op(key, phone.user["id"], phone.client, {"seq": 1, "op": "x" * (65 << 10)})
    status, problem = await deliver(phone, {**head, "ops": [big]})
    assert (status, problem["of"]) == (413, "op")
    full = [
        seal_op(key, phone.user["id"], phone.client, {"seq": n, "op": "x" * (63 << 10)}) for n in range(1, 18)
    ]
    status, problem = await deliver(phone, {**head, "ops": full})
    assert (status, problem["type"]) == (413, "/problems/too_large")
    for wrong in (
        {"ops": 5},
        {"ops": [{"seq": 0, "sealed": ""}]},
        {"ops": [{"sealed": ""}]},
        {"client": "x"},
    ):
        assert (await deliver(phone, {**head, "ops": [], **wrong}))[0] == 400
    assert await deliver(phone, {**head, "ops": []}) == (200, {"acked": 0, "durable": 0})


async def test_the_greatest_push_gets_through(school: People, pupils: Pupils, phone_of: MakePhone) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    for _ in range(MAX_OPS // 2):
        visit(phone, pupils["龙䶮"], note="字" * 1500)
    assert (await deliver(phone, outbox(phone, key)))[1]["acked"] == MAX_OPS


async def test_a_revoked_role_is_held(
    app: Litestar, school: People, pupils: Pupils, phone_of: MakePhone
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    key = await key_of(phone)
    admin = await phone_of(school.phones["principal"])
    await admin.sync()
    person = school.ids["class_teacher"]
    admin.op("edit", "person", person, "person", set={"roles": {"remove": ["class_teacher"]}})
    await admin.sync()
    assert admin.results[1]["result"] == "applied"
    visit(phone, pupils["龙䶮"])
    assert (await deliver(phone, outbox(phone, key)))[1]["acked"] == 2
    office = await phone_of(school.phones["office"])
    await office.sync()
    held = [doc for doc in office.docs.values() if doc["kind"] == "held"]
    assert {doc["fields"]["code"] for doc in held} == {"forbidden"}
    assert len(held) == 2


async def test_a_user_of_two_schools_says_which(
    app: Litestar, school: People, other_school: People, phone_of: MakePhone
) -> None:
    state, number = app.state, school.phones["class_teacher"]
    both = {"phone": number, "name": "王芳", "roles": ["class_teacher"], "classes": ["三(2)班"]}
    await add_person(state.db, state.env, other_school.id, **both)
    pupil = (await add_pupils(app, other_school, 田小雨={"class": "三(2)班"}))["田小雨"]
    phone = await phone_of(number)
    key = await key_of(phone)
    doc = visit(phone, pupil)
    for path, body in (("/sync/sealed", outbox(phone, key)), ("/sync", phone.request(phone.queue))):
        status, problem = await phone.send("POST", path, pass_of(phone), body)
        assert (status, problem["header"]) == (400, "X-School"), "no school is guessed"
    headers = {**pass_of(phone), "X-School": other_school.id}
    assert (await deliver(phone, outbox(phone, key), **headers))[1]["acked"] == 2
    office = await phone_of(other_school.phones["office"])
    await office.sync()
    assert office.docs[doc]["state"] == "submitted"
    elsewhere = {**pass_of(phone), "X-School": "01936b2e-0000-7000-8000-00000000ffff"}
    assert (await deliver(phone, outbox(phone, key), **elsewhere))[0] == 404

    later = visit(phone, pupil)
    assert (await deliver(phone, outbox(phone, key)))[1]["acked"] == 4, "where its earlier ops went"
    await office.sync()
    assert office.docs[later]["state"] == "submitted"
