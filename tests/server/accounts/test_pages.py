"""Signing in on a page, and one's own devices."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from litestar import Litestar

from server.accounts.pages import is_local
from server.accounts.people import add_person
from tests.conftest import PASSWORD, Client, People

MakeClient = Callable[[], Awaitable[Client]]
PAGE = {"Accept": "text/html,*/*;q=0.8"}
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 10; Redmi 9A) Chrome/90.0 Mobile Safari/537.36"}


async def sign_in_on_page(
    client: Client, phone: str, password: str = PASSWORD, next_page: str = ""
) -> httpx.Response:
    """Open the page, fill its form and send it."""
    page = await client.get("/login", params={"next": next_page}, headers=PAGE)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return await client.post("/login", data={**hidden, "phone": phone, "password": password}, headers=PHONE)


async def test_a_page_leads_to_sign_in_and_back(client: Client, school: People) -> None:
    asked = await client.get("/account?x=1", headers=PAGE)
    assert asked.status_code == 303
    assert asked.headers["location"] == "/login?next=/account%3Fx%3D1"
    reply = await sign_in_on_page(client, school.phones["office"], next_page="/account?x=1")
    assert reply.status_code == 303
    assert reply.headers["location"] == "/account?x=1"
    assert (await client.get("/account", headers=PAGE)).status_code == 200
    again = await client.get("/login", headers=PAGE)
    assert again.headers["location"] == "/office/", "who is signed in is not asked again"


async def test_a_script_gets_a_problem_and_htmx_a_whole_page(client: Client, school: People) -> None:
    assert (await client.get("/account")).headers["content-type"] == "application/problem+json"
    here = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1/office/?class=三(2)班".encode()}
    swap = await client.get("/account", headers=here)
    assert swap.headers["hx-redirect"].startswith("/login?next=/office/%3Fclass%3D")


async def test_a_failed_swap_takes_nothing_away_and_a_failed_link_becomes_a_page(
    client: Client, school: People
) -> None:
    await client.sign_in(school.phones["teacher"])
    swapped = {"HX-Request": "true", "Accept": "text/html"}
    typed = await client.post("/account/end", data={"session": "none"}, headers=swapped)
    assert typed.status_code == 404
    assert typed.headers["content-type"] == "application/problem+json"
    link = await client.get("/nowhere?x=1", headers={**swapped, "HX-Boosted": "true"})
    assert link.headers["hx-redirect"] == "/nowhere?x=1"


@pytest.mark.parametrize(
    ("role", "home"),
    [("office", "/office/"), ("principal", "/office/"), ("admin", "/office/"), ("parent", "/fill/")],
)
async def test_everyone_lands_where_their_work_is(
    client: Client, school: People, role: str, home: str
) -> None:
    reply = await sign_in_on_page(client, school.phones[role])
    assert reply.headers["location"] == home


async def test_a_mistake_keeps_the_number_and_says_so(client: Client, school: People) -> None:
    reply = await sign_in_on_page(client, school.phones["office"], "wrong", "/account")
    assert reply.status_code == 422
    assert "手机号或密码不对" in reply.text
    assert f'value="{school.phones["office"]}"' in reply.text
    assert 'name="next" value="/account"' in reply.text
    assert "wrong" not in reply.text
    for _ in range(4):
        await sign_in_on_page(client, school.phones["office"], "wrong")
    waiting = await sign_in_on_page(client, school.phones["office"])
    assert waiting.status_code == 429
    assert "请等30秒再试" in waiting.text


@pytest.mark.parametrize(
    "goal",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", "x"],
)
async def test_nobody_is_led_to_another_site(client: Client, school: People, goal: str) -> None:
    assert not is_local(goal)
    reply = await sign_in_on_page(client, school.phones["office"], next_page=goal)
    assert reply.headers["location"] == "/office/"


async def test_what_was_typed_can_not_become_markup(client: Client, school: People) -> None:
    reply = await sign_in_on_page(client, '"><script>alert(1)</script>', "x")
    assert "<script>alert" not in reply.text


async def test_signing_out(client: Client, school: People) -> None:
    await sign_in_on_page(client, school.phones["office"])
    token = client.http.cookies["csrftoken"]
    reply = await client.post("/logout", data={"csrf": token})
    assert reply.headers["location"] == "/login"
    assert (await client.get("/session")).status_code == 401


async def test_another_device_can_be_ended_at_once(clients: MakeClient, school: People) -> None:
    here, lost = await clients(), await clients()
    await sign_in_on_page(lost, school.phones["teacher"])
    await here.sign_in(school.phones["teacher"], device="我的手机")

    page = (await here.get("/account", headers=PAGE)).text
    assert "安卓手机 Chrome" in page
    ids = re.findall(r'name="session" value="([^"]+)"', page)
    ended = [i for i in ids if i != current(page)]
    assert (await here.post("/account/end", data={"session": ended[0]})).status_code == 303
    assert (await lost.get("/session")).status_code == 401
    assert (await here.get("/session")).status_code == 200


def current(page: str) -> str:
    """The id of the session that the page calls the one in use."""
    before = page[: page.index("正在用的这台")]
    return re.findall(r'name="session" value="([^"]+)"', before)[-1]


async def test_nobody_elses_session_can_be_ended(clients: MakeClient, school: People) -> None:
    mine, theirs = await clients(), await clients()
    await mine.sign_in(school.phones["teacher"])
    await theirs.sign_in(school.phones["dorm"])
    page = (await theirs.get("/account", headers=PAGE)).text
    reply = await mine.post("/account/end", data={"session": current(page)})
    assert reply.status_code == 404
    assert (await theirs.get("/session")).status_code == 200


async def test_a_person_of_two_schools_can_turn_the_pages_to_the_other(
    app: Litestar, client: Client, school: People, other_school: People
) -> None:
    state = app.state
    phone = school.phones["office"]
    await add_person(state.db, state.env, other_school.id, phone=phone, name="陈主任", roles=["office"])
    await client.sign_in(phone)
    first = (await client.get("/session")).json()["school"]
    second = other_school.id if first == school.id else school.id
    assert (await client.post("/account/school", data={"school": second})).status_code == 303
    assert (await client.get("/session")).json()["school"] == second
    assert (await client.post("/account/school", data={"school": "nowhere"})).status_code == 404
