"""A school behind one router gets in; a guesser does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from litestar import Litestar

from server.accounts import throttle
from server.accounts.people import ensure_account
from tests.conftest import Client, Clock, People, give_password

MakeClient = Callable[[], Awaitable[Client]]
TEACHERS = [str(13600000000 + n) for n in range(40)]


@pytest.fixture
async def forty(app: Litestar) -> list[str]:
    """Forty teachers' phone numbers."""
    async with app.state.db.write() as conn:
        for phone in TEACHERS:
            await ensure_account(conn, phone, "老师", app.state.clock())
    await give_password(app, TEACHERS)
    return TEACHERS


async def test_forty_users_behind_one_address_with_two_typos_each_all_get_in(
    clients: MakeClient, forty: list[str]
) -> None:
    browsers = [await clients() for _ in forty]
    for _ in range(2):
        typos = await asyncio.gather(
            *(browser.sign_in(phone, "a typo") for browser, phone in zip(browsers, forty, strict=True))
        )
        assert {reply.status_code for reply in typos} == {401}
    rights = await asyncio.gather(
        *(browser.sign_in(phone) for browser, phone in zip(browsers, forty, strict=True))
    )
    assert {reply.status_code for reply in rights} == {201}


async def test_a_guesser_of_one_account_waits_longer_and_longer(
    client: Client, school: People, clock: Clock
) -> None:
    phone = school.phones["office"]
    for _ in range(throttle.FREE_TRIES):
        assert (await client.sign_in(phone, "guess")).status_code == 401
    waits = []
    for _ in range(7):
        reply = await client.sign_in(phone)
        assert reply.status_code == 429, "even the right password has to wait"
        assert reply.json()["type"].endswith("/throttled")
        waits.append(int(reply.headers["retry-after"]))
        clock.tick(seconds=waits[-1])
        assert (await client.sign_in(phone, "guess")).status_code == 401
    assert waits == [30, 60, 120, 240, 480, 900, 900]


async def test_the_owner_gets_in_after_the_wait_and_starts_afresh(
    client: Client, school: People, clock: Clock
) -> None:
    phone = school.phones["office"]
    for _ in range(throttle.FREE_TRIES):
        await client.sign_in(phone, "guess")
    clock.tick(seconds=30)
    assert (await client.sign_in(phone)).status_code == 201
    for _ in range(throttle.FREE_TRIES):
        assert (await client.sign_in(phone, "guess")).status_code == 401


async def test_an_unknown_number_is_slowed_in_the_same_way(client: Client, school: People) -> None:
    statuses = [(await client.sign_in("13799999999", "guess")).status_code for _ in range(6)]
    assert statuses == [401] * throttle.FREE_TRIES + [429]


async def test_guesses_side_by_side_count_as_well(clients: MakeClient, school: People) -> None:
    browsers = [await clients() for _ in range(12)]
    replies = await asyncio.gather(*(b.sign_in(school.phones["office"], "guess") for b in browsers))
    assert sorted(reply.status_code for reply in replies) == [401] * throttle.FREE_TRIES + [429] * 7


async def test_one_guess_at_each_of_many_accounts_stops_the_address_but_not_who_was_there_before(
    client: Client, clients: MakeClient, school: People, clock: Clock
) -> None:
    teacher = await clients()
    assert (await teacher.sign_in(school.phones["teacher"])).status_code == 201

    client.csrf = (await client.get("/session")).json()["csrf"]
    statuses = []
    for n in range(throttle.ADDRESS_ACCOUNTS + 3):
        body = {"phone": str(13500000000 + n), "password": "12345678"}
        statuses.append((await client.post("/session", json=body)).status_code)
    assert statuses == [401] * throttle.ADDRESS_ACCOUNTS + [429] * 3

    assert (await teacher.sign_in(school.phones["teacher"])).status_code == 201
    assert (await (await clients()).sign_in(school.phones["dorm"])).status_code == 429
    clock.tick(hours=1, seconds=1)
    assert (await (await clients()).sign_in(school.phones["dorm"])).status_code == 201


def test_an_ipv6_host_cannot_choose_another_address_for_each_guess() -> None:
    assert throttle.address_key("2001:db8::1") == throttle.address_key("2001:db8::ffff:1")
    assert throttle.address_key("2001:db8::1") != throttle.address_key("2001:db8:0:1::1")
    assert throttle.address_key("::ffff:192.0.2.7") == throttle.address_key("192.0.2.7")


def test_the_delay_has_an_end() -> None:
    assert throttle.delay(throttle.FREE_TRIES) == timedelta(seconds=30)
    assert throttle.delay(10_000) == throttle.LONGEST_DELAY
