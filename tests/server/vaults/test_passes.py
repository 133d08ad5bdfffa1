"""`GET /vault?client=…`: a delivery token for a client newer than the sign-in, and whose lease it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from litestar import Litestar
from sqlalchemy import func, select

from server.accounts.models import delivery_tokens
from tests.conftest import PASSWORD, Client, People
from tests.phone import Phone, Refused, uuid7
from tests.server.vaults.conftest import DEVICE, key_of, visit
from tests.server.vaults.sealing import seal_op

Phones = Callable[[str], Awaitable[Phone]]
Clients = Callable[[], Awaitable[Client]]


async def ask(phone: Phone, client: str) -> tuple[int, dict[str, str]]:
    """What `GET /vault` answers for a client."""
    return await phone.send("GET", f"/vault?device={DEVICE}&client={client}", {}, None)


async def test_the_lease_says_whose_it_is(phone_of: Phones, school: People) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    status, answer = await phone.send("GET", f"/vault?device={DEVICE}", {}, None)
    assert (status, answer["user"]) == (200, school.ids["class_teacher"])
    assert "delivery" not in answer


async def test_a_new_client_gets_a_pass_and_delivers_with_it(
    phone_of: Phones, school: People, pupils: dict[str, str]
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    phone.move([])
    visit(phone, pupils["龙䶮"], carer="single")
    with pytest.raises(Refused) as refused:
        await phone.deliver(phone.queue)
    assert refused.value.status == 401, "the token of the sign-in is the old client's"

    status, answer = await ask(phone, phone.client)
    assert status == 200
    phone.delivery = answer["delivery"]
    key = await key_of(phone)
    ops = [seal_op(key, phone.user["id"], phone.client, op) for op in phone.queue]
    headers = {"Authorization": f"Delivery {phone.delivery}"}
    body = {"client": phone.client, "key": key["id"], "ops": ops}
    assert (await phone.send("POST", "/sync/sealed", headers, body))[1]["acked"] == 2
    assert [r["result"] for r in (await phone.deliver(phone.queue))["results"]] == ["applied", "applied"]


async def test_a_lost_answer_costs_nothing(phone_of: Phones, school: People) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    client = uuid7()
    first, again = [(await ask(phone, client))[1]["delivery"] for _ in range(2)]
    assert first == again
    assert first != (await ask(phone, uuid7()))[1]["delivery"]


async def test_a_pass_ends_with_its_device(phone_of: Phones, clients: Clients, school: People) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    phone.client = uuid7()
    headers = {"Authorization": f"Delivery {(await ask(phone, phone.client))[1]['delivery']}"}
    office = await clients()
    await office.sign_in(school.phones["office"])
    page = f"/office/people/{school.ids['class_teacher']}"
    session = (await office.get(page)).text.split('name="session" value="', 1)[1].split('"', 1)[0]
    assert (await office.post(f"{page}/revoke", data={"session": session})).status_code == 303
    assert (await phone.send("GET", "/vault", headers, None))[1]["revoked"] is True


async def test_nobody_gets_a_pass_for_anothers_client(
    phone_of: Phones, school: People, pupils: dict[str, str]
) -> None:
    phone, other = await phone_of(school.phones["class_teacher"]), await phone_of(school.phones["teacher"])
    before_its_first_push = await ask(other, phone.client)
    visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    for status, answer in (before_its_first_push, await ask(other, phone.client)):
        assert (status, answer["type"].rsplit("/", 1)[-1]) == (403, "client")
        assert "share" not in answer
    assert (await ask(phone, phone.client))[0] == 200


async def test_anothers_cookie_neither_pulls_nor_pushes_for_a_client(
    phone_of: Phones, school: People, pupils: dict[str, str]
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    other = await phone_of(school.phones["teacher"])
    other.client = phone.client
    visit(other, pupils["龙䶮"], carer="single")
    for push in ([], other.queue):
        with pytest.raises(Refused) as refused:
            await other.exchange(push)
        assert (refused.value.status, refused.value.problem["type"]) == (403, "/problems/client")
    await phone.sync()
    assert phone.docs


async def test_who_asks_for_a_pass_first_keeps_no_owner_out(
    phone_of: Phones, school: People, pupils: dict[str, str]
) -> None:
    """A sign-in that names the client of somebody else takes nothing from them."""
    phone = await phone_of(school.phones["class_teacher"])
    thief = await phone_of(school.phones["teacher"])
    thief.client = phone.client
    await thief.sign_in(school.phones["teacher"], PASSWORD)
    visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    assert len(phone.results) == 2
    with pytest.raises(Refused) as refused:
        await thief.exchange([])
    assert refused.value.status == 403


@pytest.mark.parametrize("client", ["", "x", "../../etc", DEVICE.upper(), f"{DEVICE}0"])
async def test_a_client_without_an_id_gets_no_pass(phone_of: Phones, school: People, client: str) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    assert (await ask(phone, client))[0] == 400


async def test_made_up_clients_fill_no_table(app: Litestar, phone_of: Phones, school: People) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    client = uuid7()
    given = (await ask(phone, client))[1]["delivery"]
    for _ in range(30):
        assert (await ask(phone, uuid7()))[0] == 200
    async with app.state.db.read() as conn:
        count = (await conn.execute(select(func.count()).select_from(delivery_tokens))).scalar()
    assert count == 20
    assert (await ask(phone, client))[1]["delivery"] == given
