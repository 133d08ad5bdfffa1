"""`/push/…` as a phone uses it."""

from collections.abc import Callable
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from server.reminders.models import subscriptions
from tests.conftest import Client, People
from tests.push_service import Browser

FCM = "https://fcm.googleapis.com/fcm/send/abc"


async def endpoints(app: Litestar) -> list[tuple[str, str]]:
    async with app.state.db.read() as conn:
        rows = await conn.execute(select(subscriptions.c.user_id, subscriptions.c.endpoint))
        return [(row.user_id, row.endpoint) for row in rows]


async def test_the_key_is_made_once_and_stays(client: Client, school: People) -> None:
    await client.sign_in(school.phones["class_teacher"])
    key = (await client.get("/push/key")).json()["key"]
    assert len(key) == 87
    assert (await client.get("/push/key")).json() == {"key": key}


async def test_a_phone_subscribes_twice_and_is_one(app: Litestar, client: Client, school: People) -> None:
    await client.sign_in(school.phones["class_teacher"])
    for _ in range(2):
        reply = await client.post("/push/subscription", json=Browser().subscription(FCM))
        assert reply.status_code == 204
    assert await endpoints(app) == [(school.ids["class_teacher"], FCM)]


async def test_a_phone_unsubscribes_and_nobody_elses_can(
    app: Litestar, clients: Callable[[], Any], school: People
) -> None:
    mine, other = await clients(), await clients()
    await mine.sign_in(school.phones["class_teacher"])
    await other.sign_in(school.phones["teacher"])
    await mine.post("/push/subscription", json=Browser().subscription(FCM))
    gone = {"url": "/push/subscription", "json": {"endpoint": FCM}}
    assert (await other.request("DELETE", gone["url"], json=gone["json"])).status_code == 204
    assert len(await endpoints(app)) == 1
    assert (await mine.request("DELETE", gone["url"], json=gone["json"])).status_code == 204
    assert await endpoints(app) == []


async def test_it_is_for_people_who_are_signed_in(client: Client, app: Litestar, school: People) -> None:
    assert (await client.get("/push/key")).status_code == 401
    client.csrf = (await client.get("/session")).json()["csrf"]
    reply = await client.post("/push/subscription", json=Browser().subscription(FCM))
    assert reply.status_code == 401
    assert await endpoints(app) == []


async def test_another_site_cannot_subscribe(client: Client, app: Litestar, school: People) -> None:
    await client.sign_in(school.phones["class_teacher"])
    client.csrf = ""
    reply = await client.post("/push/subscription", json=Browser().subscription(FCM))
    assert reply.status_code == 403
    assert await endpoints(app) == []


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://127.0.0.1/x"},
        {"endpoint": "http://fcm.googleapis.com/x"},
        {"endpoint": "https://evil.example/x"},
        {"endpoint": "https://fcm.googleapis.com@evil.example/x"},
        {"endpoint": ""},
        {"endpoint": "https://fcm.googleapis.com/" + "x" * 5000},
        {"keys": {"p256dh": "AAAA", "auth": "AAAA"}},
        {"keys": {"p256dh": "x" * 5000, "auth": "AAAA"}},
        {"keys": {"p256dh": "é", "auth": "é"}},
    ],
)
async def test_what_is_no_push_address_is_refused(
    app: Litestar, client: Client, school: People, change: dict[str, Any]
) -> None:
    await client.sign_in(school.phones["class_teacher"])
    reply = await client.post("/push/subscription", json=Browser().subscription(FCM) | change)
    assert reply.status_code == 422
    assert await endpoints(app) == []


@pytest.mark.parametrize("body", [{}, [], None, {"endpoint": 7, "keys": {}}, {"endpoint": FCM}])
async def test_what_is_no_subscription_is_refused(
    app: Litestar, client: Client, school: People, body: Any
) -> None:
    await client.sign_in(school.phones["class_teacher"])
    assert (await client.post("/push/subscription", json=body)).status_code == 400
    assert await endpoints(app) == []
