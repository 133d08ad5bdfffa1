"""`/session` as the sync protocol has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from litestar import Litestar
from sqlalchemy import select

from server.access import server_principal
from server.accounts.models import sessions
from server.accounts.people import add_person, ensure_school
from server.accounts.sessions import Delivery, verify_delivery
from server.db import new_id
from server.gateway import write
from server.schools import schools
from sync.protocol import Op
from tests.conftest import Client, Clock, People

CLIENT = "01936b2e-0000-7000-8000-000000000001"
MakeClient = Callable[[], Awaitable[Client]]


async def test_signing_in_tells_who_and_where(client: Client, school: People) -> None:
    reply = await client.sign_in(school.phones["class_teacher"], device="Redmi 9A", client=CLIENT)

    assert reply.status_code == 201
    answer = reply.json()
    assert answer.keys() == {"user", "school", "schools", "csrf", "delivery"}
    assert answer["user"] == {"id": school.ids["class_teacher"], "name": "王芳", "roles": ["class_teacher"]}
    assert answer["school"] == school.id
    assert answer["schools"] == [{"id": school.id, "name": school.name}]

    again = await client.get("/session")
    assert again.status_code == 200
    assert again.json() == {key: value for key, value in answer.items() if key != "delivery"}


async def test_a_phone_number_may_be_written_as_people_write_it(client: Client, school: People) -> None:
    assert (await client.sign_in("+86 １３８-0000 0001")).status_code == 201


async def test_without_a_client_there_is_no_delivery_token(client: Client, school: People) -> None:
    reply = await client.sign_in(school.phones["office"])
    assert reply.status_code == 201
    assert "delivery" not in reply.json()


async def test_a_visitor_gets_what_signing_in_needs(client: Client, school: People) -> None:
    reply = await client.get("/session")
    assert reply.status_code == 401
    assert reply.headers["content-type"].startswith("application/problem+json")
    problem = reply.json()
    assert problem["type"].endswith("/unauthenticated")
    assert problem["csrf"] == client.http.cookies["csrftoken"]
    assert (await client.get("/session")).json()["csrf"] == problem["csrf"], "another tab's token stays good"


async def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(client: Client, school: People) -> None:
    reply = await client.sign_in(school.phones["office"])
    session = next(c for c in reply.headers.get_list("set-cookie") if c.startswith("session="))
    assert "HttpOnly" in session
    assert "samesite=lax" in session.lower()
    assert "Secure" not in session, "this machine itself has no certificate"

    away = {"Host": "zoufang.example.cn"}
    elsewhere = await client.get("/session", headers=away)
    assert "Secure" in elsewhere.headers["set-cookie"]


async def test_wrong_password_unknown_number_and_no_password_look_the_same(
    app: Litestar, client: Client, school: People
) -> None:
    state = app.state
    await add_person(state.db, state.env, school.id, phone="13700000001", name="新老师", roles=["teacher"])
    answers = [
        await client.sign_in(school.phones["teacher"], "wrong"),
        await client.sign_in("13799999999", "wrong"),
        await client.sign_in("13700000001", ""),
        await client.sign_in("not a number", "wrong"),
    ]
    assert {reply.status_code for reply in answers} == {401}
    bodies = [reply.json() for reply in answers]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["type"].endswith("/wrong_password")


async def test_a_session_has_a_new_token_each_time_and_only_its_hash_is_kept(
    app: Litestar, client: Client, school: People
) -> None:
    await client.sign_in(school.phones["office"])
    first = client.http.cookies["session"]
    old_csrf = client.csrf
    await client.sign_in(school.phones["office"])
    second = client.http.cookies["session"]
    assert first != second
    assert client.csrf != old_csrf

    async with app.state.db.read() as conn:
        rows = (await conn.execute(select(sessions))).all()
    assert not any(token in str(row) for row in rows for token in (first, second))

    client.http.cookies.set("session", first, domain="127.0.0.1")
    assert (await client.get("/session")).status_code == 401, "signing in again ended the session before it"


async def test_signing_out_ends_the_session_on_the_server(client: Client, school: People) -> None:
    await client.sign_in(school.phones["office"])
    token = client.http.cookies["session"]
    assert (await client.delete("/session")).status_code == 204
    client.http.cookies.clear()
    client.http.cookies.set("session", token, domain="127.0.0.1")
    assert (await client.get("/session")).status_code == 401


async def test_a_session_ends_when_nobody_uses_it_and_lives_on_while_somebody_does(
    client: Client, school: People, clock: Clock
) -> None:
    await client.sign_in(school.phones["office"])
    for _ in range(5):
        clock.tick(days=13)
        assert (await client.get("/session")).status_code == 200
    clock.tick(days=14, seconds=1)
    assert (await client.get("/session")).status_code == 401


async def test_a_session_ends_at_its_absolute_limit(client: Client, school: People, clock: Clock) -> None:
    await client.sign_in(school.phones["office"])
    for _ in range(8):
        clock.tick(days=11)
        assert (await client.get("/session")).status_code == 200
    clock.tick(days=3)
    assert (await client.get("/session")).status_code == 401


async def test_a_person_of_two_schools_chooses_by_header(
    app: Litestar, client: Client, school: People, other_school: People
) -> None:
    state = app.state
    phone = school.phones["class_teacher"]
    await add_person(state.db, state.env, other_school.id, phone=phone, name="王芳", roles=["committee"])
    await client.sign_in(phone)

    assert {known["id"] for known in client.answer["schools"]} == {school.id, other_school.id}
    there = (await client.get("/session", headers={"X-School": other_school.id})).json()
    assert there["school"] == other_school.id
    assert there["user"]["roles"] == ["committee"]


async def test_another_school_looks_like_one_that_does_not_exist(
    client: Client, school: People, other_school: People
) -> None:
    await client.sign_in(school.phones["office"])
    foreign = await client.get("/session", headers={"X-School": other_school.id})
    nowhere = await client.get("/session", headers={"X-School": "01936b2e-0000-7000-8000-00000000ffff"})
    assert foreign.status_code == nowhere.status_code == 404
    assert foreign.json() == nowhere.json()


async def test_a_delivery_token_outlives_its_session_by_thirty_days(
    app: Litestar, client: Client, school: People, clock: Clock
) -> None:
    reply = await client.sign_in(school.phones["class_teacher"], client=CLIENT)
    token = reply.json()["delivery"]

    async def delivery() -> Delivery | None:
        async with app.state.db.read() as conn:
            return await verify_delivery(conn, app.state.settings, token, clock())

    allowed = await delivery()
    assert allowed
    assert (allowed.user, allowed.client) == (school.ids["class_teacher"], CLIENT)
    await client.delete("/session")
    clock.tick(days=29)
    still = await delivery()
    assert still
    assert (still.user, still.client, still.revoked) == (allowed.user, CLIENT, False)
    clock.tick(days=2)
    assert await delivery() is None


async def test_a_delivery_token_is_not_a_session(client: Client, school: People) -> None:
    reply = await client.sign_in(school.phones["class_teacher"], client=CLIENT)
    client.http.cookies.clear()
    header = {"Authorization": f"Delivery {reply.json()['delivery']}"}
    assert (await client.get("/session", headers=header)).status_code == 401


async def test_what_is_not_a_sign_in_is_refused_with_a_reason(client: Client, school: People) -> None:
    client.csrf = (await client.get("/session")).json()["csrf"]
    for body in (b"{", b"[]", b'{"phone": 1}', b'{"phone": "1", "password": "x", "client": "../x"}', b"\xff"):
        reply = await client.post("/session", content=body, headers={"Content-Type": "application/json"})
        assert reply.status_code == 400, body
        assert reply.headers["content-type"].startswith("application/problem+json")


async def test_a_school_is_made_once(app: Litestar) -> None:
    state = app.state
    first = await ensure_school(state.db, state.env, "石门小学")
    assert await ensure_school(state.db, state.env, " 石门小学 ") == first


async def test_who_lost_every_role_may_sign_in_and_sees_nothing(
    app: Litestar, client: Client, school: People
) -> None:
    state = app.state
    user = school.ids["office"]
    change = {"roles": {"remove": ["office"]}}
    op = Op(0, "edit", "person", user, form="person", form_version=1, set=change)
    async with state.db.write() as conn:
        revs = select(schools.c.rev).where(schools.c.id == school.id)
        op = msgspec.structs.replace(op, base=(await conn.execute(revs)).scalar_one())
        await write.submit(conn, state.env, server_principal(school.id), new_id(), [op])

    reply = await client.sign_in(school.phones["office"], client=CLIENT)
    assert reply.status_code == 201, "what their phone still holds must be able to arrive"
    answer = reply.json()
    assert answer["user"]["roles"] == []
    assert answer["school"] is None
    assert answer["schools"] == []
    assert (await client.get("/office/people")).status_code == 403
    assert (await client.get("/office/people", headers={"X-School": school.id})).status_code == 404
