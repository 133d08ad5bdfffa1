"""`GET /vault`, `POST /vault/wipe`: shares, leases, and devices that were revoked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from litestar import Litestar

from server.schools import change_settings
from tests.conftest import Client, Clock, People
from tests.server.vaults.sealing import unb64

CLIENT = "01936b2e-0000-7000-8000-000000000001"
DEVICE = "01936b2e-0000-7000-8000-0000000000d1"
OTHER = "01936b2e-0000-7000-8000-0000000000d2"
Clients = Callable[[], Awaitable[Client]]


async def enter(clients: Clients, school: People, role: str = "class_teacher") -> Client:
    """A phone on which somebody has just signed in."""
    phone = await clients()
    assert (await phone.sign_in(school.phones[role], client=CLIENT, device="Redmi 9A")).status_code == 201
    return phone


def pass_of(phone: Client) -> dict[str, str]:
    """The header that stands in for a session."""
    return {"Authorization": f"Delivery {phone.answer['delivery']}"}


async def test_a_share_is_lent_and_stays_the_same(clients: Clients, school: People, clock: Clock) -> None:
    phone = await enter(clients, school)
    first = (await phone.get(f"/vault?device={DEVICE}")).json()
    assert len(unb64(first["share"])) == 32
    assert first["lease_days"] == 14
    assert datetime.fromisoformat(first["until"]) == clock() + timedelta(days=14)
    assert (len(unb64(first["key"]["public"])), unb64(first["key"]["public"])[0]) == (65, 4)

    clock.tick(days=3)
    again = (await phone.get(f"/vault?device={DEVICE}")).json()
    assert (again["share"], again["key"]) == (first["share"], first["key"])
    assert datetime.fromisoformat(again["until"]) == clock() + timedelta(days=14)

    await phone.delete("/session")
    anew = await enter(clients, school)
    assert (await anew.get(f"/vault?device={DEVICE}")).json()["share"] == first["share"]
    assert (await anew.get(f"/vault?device={OTHER}")).json()["share"] != first["share"]
    colleague = await enter_as_another(clients, school)
    theirs = (await colleague.get(f"/vault?device={DEVICE}")).json()
    assert theirs["share"] != first["share"], "each user of a phone has a share of their own"
    assert theirs["key"] == first["key"]


async def enter_as_another(clients: Clients, school: People) -> Client:
    phone = await clients()
    await phone.sign_in(school.phones["teacher"], client=CLIENT.replace("1936b2e", "1936b2f"))
    return phone


async def test_several_at_once_get_one_share_and_one_key(clients: Clients, school: People) -> None:
    phone = await enter(clients, school)
    replies = await asyncio.gather(*(phone.get(f"/vault?device={DEVICE}") for _ in range(6)))
    assert len({reply.json()["share"] for reply in replies}) == 1
    assert len({reply.json()["key"]["id"] for reply in replies}) == 1


async def test_the_school_says_how_long_the_lease_is(
    app: Litestar, clients: Clients, school: People, clock: Clock
) -> None:
    phone = await enter(clients, school)
    async with app.state.db.write() as conn:
        await change_settings(conn, school.id, {"lease_days": 3})
    answer = (await phone.get(f"/vault?device={DEVICE}")).json()
    assert answer["lease_days"] == 3
    assert datetime.fromisoformat(answer["until"]) == clock() + timedelta(days=3)


@pytest.mark.parametrize("device", ["", "x", "../../etc", DEVICE.upper(), f"{DEVICE}0"])
async def test_a_device_without_an_id_gets_no_share(clients: Clients, school: People, device: str) -> None:
    phone = await enter(clients, school)
    assert (await phone.get("/vault", params={"device": device})).status_code == 400


async def test_without_session_or_pass_there_is_nothing(clients: Clients, school: People) -> None:
    stranger = await clients()
    for header in ({}, {"Authorization": "Delivery "}, {"Authorization": "Delivery nonsense"}):
        reply = await stranger.get(f"/vault?device={DEVICE}", headers=header)
        assert reply.status_code == 401
        assert "share" not in reply.text
        assert (await stranger.post("/vault/wipe", headers=header)).status_code in (401, 403)


async def test_an_own_sign_out_and_time_are_no_revocation(
    clients: Clients, school: People, clock: Clock
) -> None:
    phone = await enter(clients, school)
    assert (await phone.get("/vault", headers=pass_of(phone))).json()["revoked"] is False
    await phone.delete("/session")
    answer = (await phone.get("/vault", headers=pass_of(phone))).json()
    assert answer.keys() == {"revoked", "key"}
    assert answer["revoked"] is False
    wipe = await phone.post("/vault/wipe", headers=pass_of(phone))
    assert wipe.status_code == 409
    assert wipe.json()["type"].endswith("/not_revoked")
    assert "clear-site-data" not in wipe.headers
    clock.tick(days=31)
    assert (await phone.get("/vault", headers=pass_of(phone))).json()["revoked"] is False
    assert (await phone.post("/vault/wipe", headers=pass_of(phone))).status_code == 409


async def test_a_revoked_phone_that_was_off_for_long_is_told_and_wiped(
    clients: Clients, school: People, clock: Clock
) -> None:
    """Its pass is over and allows no push any more; to ask whether it is still welcome is no push."""
    phone, office = await enter(clients, school), await clients()
    share = (await phone.get(f"/vault?device={DEVICE}")).json()["share"]
    await office.sign_in(school.phones["office"])
    page = f"/office/people/{school.ids['class_teacher']}"
    await end_device(office, page, f"{page}/revoke")
    clock.tick(days=200)
    push = {"protocol": 1, "client": CLIENT, "push": []}
    assert (await phone.post("/sync", json=push, headers=pass_of(phone))).status_code == 401
    reply = await phone.get("/vault", headers=pass_of(phone))
    assert (reply.status_code, reply.json()["revoked"]) == (200, True)
    assert share not in reply.text
    wipe = await phone.post("/vault/wipe", headers=pass_of(phone))
    assert (wipe.status_code, "clear-site-data" in wipe.headers) == (204, True)


async def test_one_sees_oneself_that_a_lost_phone_was_wiped_and_when(
    clients: Clients, school: People, clock: Clock
) -> None:
    """Somebody else's vault is left on it: the browser keeps that, and the wipe is noted all the same."""
    phone, other = await enter(clients, school), await clients()
    await phone.get(f"/vault?device={DEVICE}")
    await other.sign_in(school.phones["class_teacher"])
    forms = (await other.get("/account")).text.split('<form class="cell"')
    (lost,) = [form.split('name="session" value="', 1)[1] for form in forms if "让它退出…" in form]
    await other.post("/account/end", data={"session": lost.partition('"')[0], "csrf": other.csrf})
    assert "还没清空" in (await other.get("/account")).text
    clock.tick(hours=2)
    wipe = await phone.post("/vault/wipe?others=yes", headers=pass_of(phone))
    assert (wipe.status_code, "clear-site-data" in wipe.headers) == (204, False)
    first = (await other.get("/account")).text
    assert "已清空，" in first
    clock.tick(hours=2)
    await phone.post("/vault/wipe", headers=pass_of(phone))
    again = (await other.get("/account")).text
    assert re.findall("已清空，[^<]*", again) == re.findall("已清空，[^<]*", first), "the first time counts"


async def end_device(watcher: Client, page: str, field: str) -> None:
    """Press the first button of a list of devices."""
    text = (await watcher.get(page)).text
    session = text.split('name="session" value="', 1)[1].split('"', 1)[0]
    reply = await watcher.post(field, data={"session": session, "csrf": watcher.csrf})
    assert reply.status_code == 303


async def test_a_device_that_the_office_ended_is_told_and_wiped(clients: Clients, school: People) -> None:
    phone = await enter(clients, school)
    share = (await phone.get(f"/vault?device={DEVICE}")).json()["share"]
    office = await clients()
    await office.sign_in(school.phones["office"])
    page = f"/office/people/{school.ids['class_teacher']}"
    await end_device(office, page, f"{page}/revoke")

    assert (await phone.get(f"/vault?device={DEVICE}")).status_code == 401, "no share any more"
    assert (await phone.get("/vault", headers=pass_of(phone))).json()["revoked"] is True
    assert "还没清空" in (await office.get(page)).text
    wipe = await phone.post("/vault/wipe", headers=pass_of(phone))
    assert wipe.status_code == 204
    assert wipe.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    told = (await office.get(page)).text
    assert "已清空，" in told
    assert "还没清空" not in told

    back = await enter(clients, school)
    anew = (await back.get(f"/vault?device={DEVICE}")).json()["share"]
    assert anew != share, "what was copied from the phone before stays shut"
    assert (await back.get("/vault", headers=pass_of(back))).json()["revoked"] is False


async def test_ending_a_device_ends_all_that_its_owner_has_on_it(clients: Clients, school: People) -> None:
    here = await enter(clients, school)
    await here.get(f"/vault?device={DEVICE}")
    second = await enter(clients, school)
    await second.get(f"/vault?device={DEVICE}")
    elsewhere = await clients()
    await elsewhere.sign_in(school.phones["class_teacher"], device="Redmi 9A")
    await elsewhere.get(f"/vault?device={OTHER}")
    text = (await elsewhere.get("/account")).text
    assert text.count(">Redmi 9A<") == 3
    await end_device(elsewhere, "/account", "/account/end")
    for phone in (here, second):
        assert (await phone.get("/session")).status_code == 401
        assert (await phone.get("/vault", headers=pass_of(phone))).json()["revoked"] is True
    assert (await elsewhere.get("/session")).status_code == 200


async def test_made_up_devices_fill_no_disk(
    app: Litestar, clients: Clients, school: People, clock: Clock
) -> None:
    phone = await enter(clients, school)
    share = (await phone.get(f"/vault?device={DEVICE}")).json()["share"]
    clock.tick(hours=2)
    for n in range(60):
        device = f"{n:08x}-0000-7000-8000-000000000000"
        assert (await phone.get(f"/vault?device={device}")).status_code == 200
    async with app.state.db.read() as conn:
        count = (await conn.exec_driver_sql("SELECT count(*) FROM vault_shares")).scalar()
    assert count == 50
    assert (await phone.get(f"/vault?device={DEVICE}")).json()["share"] == share, (
        "whose row gave way loses nothing"
    )


async def test_the_office_sets_the_lease(clients: Clients, school: People) -> None:
    phone = await enter(clients, school)
    for role, may in (("office", True), ("principal", True), ("admin", True), ("class_teacher", False)):
        someone = await clients()
        await someone.sign_in(school.phones[role])
        reply = await someone.post("/office/people/lease", data={"days": "5"})
        assert reply.status_code == (303 if may else 404), role
    assert (await phone.get(f"/vault?device={DEVICE}")).json()["lease_days"] == 5
    for wrong in ("0", "31", "-1", "1e1", "", "五", "٥"):
        head = await clients()
        await head.sign_in(school.phones["principal"])
        reply = await head.post("/office/people/lease", data={"days": wrong})
        assert "没有改" in (await head.get(reply.headers["location"])).text
    assert (await phone.get(f"/vault?device={DEVICE}")).json()["lease_days"] == 5


async def test_a_phone_whose_session_lapsed_can_still_be_ended(
    clients: Clients, school: People, clock: Clock
) -> None:
    phone = await enter(clients, school)
    await phone.get(f"/vault?device={DEVICE}")
    clock.tick(days=16)
    office = await clients()
    await office.sign_in(school.phones["office"])
    page = f"/office/people/{school.ids['class_teacher']}"
    text = (await office.get(page)).text
    assert "登录已过期" in text
    assert "最多14天以后" in text
    await end_device(office, page, f"{page}/revoke")
    assert (await phone.get("/vault", headers=pass_of(phone))).json()["revoked"] is True
    left = (await office.get(page)).text
    assert button_texts(left) == ""
    assert "起打不开" in left.split("已让它退出的")[1], "it stays in sight, with what becomes of it"
    clock.tick(days=91)
    await office.sign_in(school.phones["office"])
    assert "Redmi 9A" not in (await office.get(page)).text


async def test_one_sees_no_button_for_the_phone_in_ones_hand(clients: Clients, school: People) -> None:
    before = await enter(clients, school)
    await before.get(f"/vault?device={DEVICE}")
    desk = await clients()
    await desk.sign_in(school.phones["class_teacher"])
    await desk.get(f"/vault?device={DEVICE}")
    page = await desk.get("/account")
    assert page.status_code == 200
    assert 'name="session"' not in button_texts(page.text)


def button_texts(page: str) -> str:
    """The forms of a list of devices that have a button."""
    return "".join(part for part in page.split("<form")[1:] if "让它退出" in part.split("</form>")[0])
