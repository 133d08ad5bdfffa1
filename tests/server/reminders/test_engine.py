"""Who gets a reminder, when, and how often."""

import asyncio
import json
from datetime import date

import pytest
from sqlalchemy import select

from server.access import server_principal
from server.reminders.models import reminders, subscriptions
from server.reminders.push import Outcome, Sender
from server.reminders.subscriptions import Device
from sync.protocol import Op
from tests.town import Town


class Killed(BaseException):
    """The process ends here."""


async def test_a_due_visit_reaches_the_phone_of_whoever_is_responsible(town: Town) -> None:
    _session, browser = await town.phone()
    await town.assign(town.li)
    assert await town.run() == 1
    message = json.loads(browser.read(town.service.posted[0].body))
    assert message["body"] == "您有1次走访本周到期,点开查看"
    assert message["url"] == f"/app/pupils/{town.li}"
    assert "李明" not in json.dumps(message, ensure_ascii=False)


async def test_several_are_one_message_that_opens_today(town: Town) -> None:
    _session, browser = await town.phone()
    await town.assign(town.li, town.mei)
    assert await town.run() == 1
    message = json.loads(browser.read(town.service.posted[0].body))
    assert message["body"] == "您有2次走访本周到期,点开查看"
    assert message["url"] == "/app/"


async def test_others_and_other_weeks_are_left_in_peace(town: Town) -> None:
    await town.phone(town.office, "office")
    await town.phone()
    await town.assign(town.li, due=date(2026, 11, 23))
    assert await town.run() == 0


async def test_it_goes_once(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    assert [await town.run() for _ in range(3)] == [1, 0, 0]
    town.at(19, 8)
    assert await town.run() == 0


async def test_a_new_duty_of_the_same_week_is_told_the_next_day(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    await town.run()
    await town.assign(town.mei)
    assert await town.run() == 0
    town.at(19, 8)
    assert await town.run() == 1


async def test_the_night_is_quiet(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    for hour, minute in ((21, 0), (23, 59), (3, 0), (6, 59)):
        town.at(18 if hour > 12 else 19, hour, minute)
        assert await town.run() == 0
    town.at(19, 7)
    assert await town.run() == 1


async def test_a_visit_that_was_made_is_not_reminded_of(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    await town.visit("met_guardian", town.li, day=date(2026, 11, 17))
    assert await town.run() == 0


async def test_several_workers_send_it_once(town: Town) -> None:
    await town.phone()
    await town.assign(town.li, town.mei)
    workers = [await town.worker() for _ in range(4)]
    assert sorted(await asyncio.gather(*(worker.run_once() for worker in workers))) == [0, 0, 0, 1]
    assert len(town.service.posted) == 1


async def test_each_phone_of_a_person_gets_it(town: Town) -> None:
    await town.phone(name="a")
    await town.phone(name="b")
    await town.assign(town.li)
    assert await town.run() == 2
    assert {posted.path for posted in town.service.posted} == {"/a", "/b"}


async def test_a_worker_that_dies_before_it_sent_is_replaced(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.phone()
    await town.assign(town.li)

    async def die(*_: object) -> Outcome:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Sender, "send", die)
        with pytest.raises(Killed):
            await town.run()
    assert await town.run() == 0, "it may still be alive"
    town.clock.tick(minutes=6)
    assert await town.run() == 1
    assert await town.run() == 0


async def test_a_worker_that_dies_before_it_noted_it_repeats_itself_under_the_same_tag(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    _session, browser = await town.phone()
    await town.assign(town.li)
    send = Sender.send

    async def send_and_die(self: Sender, device: Device, *rest: object) -> Outcome:
        await send(self, device, *rest)  # ty: ignore[invalid-argument-type]  whatever send() takes
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Sender, "send", send_and_die)
        with pytest.raises(Killed):
            await town.run()
    town.clock.tick(minutes=6)
    assert await town.run() == 1
    first, second = town.service.posted
    assert first.headers["topic"] == second.headers["topic"]
    assert json.loads(browser.read(first.body))["tag"] == json.loads(browser.read(second.body))["tag"]


async def test_a_phone_that_is_gone_is_forgotten(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    town.service.answers = [(410, {})]
    assert await town.run() == 0
    async with town.db.read() as conn:
        assert (await conn.execute(select(subscriptions))).first() is None


async def test_a_busy_service_is_asked_again_when_it_said(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    town.service.answers = [(503, {"Retry-After": "1800"})]
    assert await town.run() == 0
    town.clock.tick(minutes=29)
    assert await town.run() == 0
    town.clock.tick(minutes=2)
    assert await town.run() == 1


async def test_only_the_phone_that_missed_it_is_tried_again(town: Town) -> None:
    await town.phone(name="a")
    town.clock.tick(seconds=1)
    await town.phone(name="b")
    await town.assign(town.li)
    town.service.answers = [(201, {}), (503, {})]
    assert await town.run() == 1
    town.clock.tick(minutes=6)
    assert await town.run() == 1
    assert [posted.path for posted in town.service.posted] == ["/b", "/a", "/a"]


async def test_a_service_that_is_always_busy_is_given_up(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    town.service.answers = [(500, {})] * 20
    town.at(18, 7)
    for _ in range(13):
        await town.run()
        town.clock.tick(hours=1)
    assert len(town.service.posted) == 6
    async with town.db.read() as conn:
        assert (await conn.execute(select(reminders.c.state))).scalars().all() == ["failed"]


async def test_what_was_done_meanwhile_is_not_told_again(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    town.service.answers = [(503, {})]
    await town.run()
    await town.visit("met_guardian", town.li, day=date(2026, 11, 18))
    town.clock.tick(minutes=6)
    assert await town.run() == 0
    town.clock.tick(hours=1)
    assert await town.run() == 0
    assert len(town.service.posted) == 1


async def test_a_phone_that_was_signed_out_hears_nothing(town: Town) -> None:
    session, _browser = await town.phone()
    await town.assign(town.li)
    await town.sign_out(session)
    assert await town.run() == 0


async def test_a_phone_that_changed_hands_reminds_who_has_it_now(town: Town) -> None:
    await town.phone(town.wang, "shared")
    await town.phone(town.office, "shared")
    await town.assign(town.li)
    assert await town.run() == 0


async def test_whoever_lost_all_roles_hears_nothing(town: Town) -> None:
    await town.phone()
    await town.assign(town.li)
    edit = Op(0, "edit", "person", town.wang, form="person", form_version=1)
    edit.set = {"roles": {"remove": ["class_teacher"]}}
    edit.base = (await town.see(town.wang)).rev
    await town.submit(server_principal(town.school), edit)
    assert await town.run() == 0


async def test_switching_it_on_late_in_the_week_still_reminds(town: Town) -> None:
    await town.assign(town.li)
    assert await town.run() == 0
    await town.phone()
    assert await town.run() == 1


async def test_an_account_keeps_ten_browsers(town: Town) -> None:
    for number in range(12):
        town.clock.tick(seconds=1)
        await town.phone(name=f"p{number}")
    await town.assign(town.li)
    assert await town.run() == 10
    assert "/p0" not in {posted.path for posted in town.service.posted}


async def test_one_persons_trouble_is_not_everybodys(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.phone()
    await town.phone(town.office, "office")
    await town.assign(town.li)
    await town.assign(town.mei, to=town.office)
    send = Sender.send

    async def trouble(self: Sender, device: Device, *rest: object) -> Outcome:
        if device.endpoint.endswith("office"):
            raise RuntimeError("a bug")
        return await send(self, device, *rest)  # ty: ignore[invalid-argument-type]  whatever send() takes

    monkeypatch.setattr(Sender, "send", trouble)
    assert await town.run() == 1


async def test_what_ends_every_worker_is_left_alone_after_some_tries(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.phone()
    await town.assign(town.li)
    tries = 0

    async def die(*_: object) -> Outcome:
        nonlocal tries
        tries += 1
        raise RuntimeError("a bug")

    monkeypatch.setattr(Sender, "send", die)
    for _ in range(12):
        assert await town.run() == 0
        town.clock.tick(minutes=6)
    assert tries == 6
