"""The session that the phone's app signed in with: it opens none of the server's own pages."""

from __future__ import annotations

import pytest

from server.db import new_id
from tests.conftest import Client, People
from tests.server.accounts.test_pages import PAGE, MakeClient, sign_in_on_page

DEVICE = "0193dddd-0000-7000-8000-000000000001"
PAGES = ["/fill/", "/fill/new/home_visit", "/office/", "/office/students", "/office/held", "/office/people"]


@pytest.fixture
async def phone(client: Client, school: People) -> Client:
    """The browser of a phone on which the office's app has signed in, as `pwa/enter.ts` does."""
    assert (await client.sign_in(school.phones["office"], client=new_id())).status_code == 201
    assert (await client.get("/vault", params={"device": DEVICE})).status_code == 200
    return client


@pytest.mark.parametrize("path", [*PAGES, "/account"])
async def test_whoever_holds_a_locked_phone_is_asked_who_they_are(phone: Client, path: str) -> None:
    reply = await phone.get(path, headers=PAGE)
    assert reply.status_code == 303
    assert reply.headers["location"] == f"/login?next={path.rstrip('/')}"
    asked = await phone.get(reply.headers["location"], headers=PAGE)
    assert asked.status_code == 200, "the page must not lead back to where one came from"
    assert 'type="password"' in asked.text
    assert (await phone.get("/session")).status_code == 200, "the app's own session goes on"


async def test_nothing_is_written_by_it_either(phone: Client) -> None:
    posts = ["/office/import/", "/account/school", "/account/end", f"/fill/{new_id()}/field"]
    for path in posts:
        assert (await phone.post(path, data={"csrf": phone.csrf})).status_code == 401, path


async def test_the_front_door_leads_to_the_app(phone: Client) -> None:
    assert (await phone.get("/", headers=PAGE)).headers["location"] == "/app/"


async def test_signing_in_on_the_page_opens_the_pages_and_the_app_goes_on_with_that(
    phone: Client, school: People
) -> None:
    wrong = await sign_in_on_page(phone, school.phones["office"], "wrong")
    assert wrong.status_code == 422
    assert (await phone.get("/session")).status_code == 200, "a mistake ends nothing"
    reply = await sign_in_on_page(phone, school.phones["office"], next_page="/office/")
    assert reply.headers["location"] == "/office/"
    client = new_id()
    given = await phone.get("/vault", params={"device": DEVICE, "client": client})
    assert given.json()["delivery"]
    assert (await phone.get("/office/", headers=PAGE)).status_code == 200


async def test_somebody_else_signs_in_on_the_page(phone: Client, school: People) -> None:
    await sign_in_on_page(phone, school.phones["teacher"])
    assert (await phone.get("/account", headers=PAGE)).status_code == 200
    assert (await phone.get("/session")).json()["user"]["id"] == school.ids["teacher"]


async def test_a_phone_that_names_anothers_client_opens_no_page_either(
    clients: MakeClient, phone: Client, school: People
) -> None:
    named = new_id()
    assert (await phone.sign_in(school.phones["teacher"], client=named)).json()["delivery"]
    other = await clients()
    reply = await other.sign_in(school.phones["office"], client=named)
    assert (reply.status_code, "delivery" in reply.json()) == (201, False)
    assert (await other.get("/office/", headers=PAGE)).status_code == 303


async def test_a_desk_is_asked_once(clients: MakeClient, school: People) -> None:
    desk = await clients()
    await sign_in_on_page(desk, school.phones["office"])
    for path in ("/office/", "/account", "/fill/"):
        assert (await desk.get(path, headers=PAGE)).status_code == 200
