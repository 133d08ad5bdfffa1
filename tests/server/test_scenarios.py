"""The acceptance scenarios of the field brief that the server decides, by their numbers there."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from server.access import load_principal, server_principal
from server.db import new_id
from server.gateway import read, write
from sync.history import Past
from sync.protocol import Op
from tests.conftest import PASSWORD, Client, People
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import asgi_send
from tests.server.village import Village
from tests.town import Town

Phones = Callable[[str], Awaitable[Phone]]


@pytest.fixture
async def phones(app: Litestar, school: People, village: Village) -> Any:
    """`await phones("teacher")`: a phone of whoever has that role, with everything on it."""
    lines: list[AsyncClient] = []

    async def make(role: str) -> Phone:
        send, http = asgi_send(app)
        lines.append(http)
        phone = Phone(send)
        await phone.sign_in(school.phones[role], PASSWORD)
        await phone.sync()
        return phone

    yield make
    for http in lines:
        await http.aclose()


async def together(app: Litestar, school: People, village: Village) -> None:
    """The teacher helps the class teacher's pupil: both have the household."""
    edit = Op(0, "edit", "student", village.pupil, base=2**40, form="student", form_version=1)
    edit.set = {"helpers": {"add": [school.ids["teacher"]]}}
    async with app.state.db.write() as conn:
        who = server_principal(school.id, "import")
        (result,) = await write.submit(conn, app.state.env, who, new_id(), [edit])
    assert result.result in ("applied", "merged")


def visit(phone: Phone, village: Village, people: list[str], **values: Any) -> str:
    """A home visit by these people, begun on this phone."""
    doc = uuid7()
    values = {"visitors": {"add": people}, **values}
    meta = {"students": [village.pupil], "household": village.household}
    phone.op("create", "visit", doc, "home_visit", set=values, meta=meta)
    return doc


async def test_2_a_sync_that_died_after_the_upload_leaves_one_record(
    app: Litestar, phones: Phones, school: People, village: Village
) -> None:
    phone = await phones("class_teacher")
    doc = visit(phone, village, [school.ids["class_teacher"]], carer="one_away")
    phone.op("event", "visit", doc, "home_visit", event="submit")
    sent = list(phone.queue)
    first = await phone.exchange(sent)  # the answer never arrives
    for _ in range(2):
        again = await phone.exchange(sent)
        assert again["results"] == first["results"]
        assert again["acked"] == 2
    phone.take(again)
    office = await phones("office")
    assert [i for i, d in office.docs.items() if d["kind"] == "visit"] == [doc]
    assert office.docs[doc]["fields"]["carer"] == "one_away"
    async with app.state.db.read() as conn:
        who = await load_principal(conn, school.ids["office"], school.id)
        assert who
        log = await read.changes(conn, who, doc)
    assert [entry["op"] for entry in log] == ["create", "event"]


async def test_4_a_phone_number_and_a_child_entered_apart_both_survive(
    app: Litestar, phones: Phones, school: People, village: Village
) -> None:
    await together(app, school, village)
    first, second = await phones("class_teacher"), await phones("teacher")
    home = village.household
    (guardian,) = [path for path in first.docs[home]["fields"] if path.startswith("guardians/")]
    number = {**first.docs[home]["fields"][guardian], "phone": "13700001111"}
    first.op("edit", "household", home, "household", set={guardian: number})
    second.op("edit", "household", home, "household", set={"children": {"add": [village.sister]}})
    for phone in (first, second, first):
        await phone.sync()
    assert [first.results[1]["result"], second.results[1]["result"]] == ["applied", "merged"]
    for phone in (first, second):
        fields = phone.docs[home]["fields"]
        assert fields[guardian]["phone"] == "13700001111"
        assert fields["children"] == [village.sister]
        assert phone.docs[home]["siblings"] == {}


async def test_5_two_answers_are_both_shown_somebody_picks_and_the_history_stays(
    app: Litestar, phones: Phones, school: People, village: Village
) -> None:
    await together(app, school, village)
    first, second = await phones("class_teacher"), await phones("teacher")
    ids = [school.ids["class_teacher"], school.ids["teacher"]]
    doc = visit(first, village, ids, carer="single")
    await first.sync()
    await second.sync()
    first.op("edit", "visit", doc, "home_visit", set={"carer": "one_away"})
    second.op("edit", "visit", doc, "home_visit", set={"carer": "both_away"})
    for phone in (first, second, first):
        await phone.sync()
    for phone in (first, second):
        shown = phone.docs[doc]
        assert shown["fields"]["carer"] == "one_away"
        (other,) = shown["siblings"]["carer"]
        assert (other["value"], other["by"]) == ("both_away", school.ids["teacher"])
    sees = {"carer": [other["sibling"]]}
    first.op("settle", "visit", doc, "home_visit", set={"carer": "both_away"}, sees=sees)
    await first.sync()
    await second.sync()
    assert (second.docs[doc]["fields"]["carer"], second.docs[doc]["siblings"]) == ("both_away", {})
    async with app.state.db.read() as conn:
        who = await load_principal(conn, school.ids["class_teacher"], school.id)
        assert who
        past: list[Past] = await read.history(conn, app.state.env, who, doc)
        log = await read.changes(conn, who, doc)
    carers = {one.value: one.by for one in past if one.path == "carer"}
    assert carers == {"single": ids[0], "one_away": ids[0], "both_away": ids[1]}, "who said first what stands"
    entered = [(entry["op"], entry["by"]) for entry in log if "carer" in entry["fields"]]
    assert entered == [("create", ids[0]), ("edit", ids[0]), ("edit", ids[1]), ("settle", ids[0])]


async def test_8_a_return_that_he_had_not_seen_makes_his_submit_a_new_one(
    phones: Phones, school: People, village: Village
) -> None:
    teacher, office = await phones("class_teacher"), await phones("office")
    doc = visit(teacher, village, [school.ids["class_teacher"]], home_fb="先写作业。")
    teacher.op("event", "visit", doc, "home_visit", event="submit")
    await teacher.sync()
    await office.sync()
    was, his = "先写作业。", "先写作业。再喂鸡。"
    teacher.op("edit", "visit", doc, "home_visit", set={"home_fb": his}, was={"home_fb": was})
    asked = {"reason": "请补监护状况", "fields": {"carer": "没有填"}}
    office.op("event", "visit", doc, "home_visit", event="return", args=asked)
    await office.sync()
    teacher.op("event", "visit", doc, "home_visit", event="submit", **{"from": "submitted"})
    await teacher.sync()
    await office.sync()
    for phone in (teacher, office):
        assert phone.docs[doc]["state"] == "submitted"
        assert phone.docs[doc]["notes"]["unseen_return"]["reason"] == "请补监护状况"
    assert teacher.docs[doc]["fields"]["home_fb"] == his
    assert teacher.results[teacher.seq]["result"] == "merged"


@pytest.mark.parametrize(
    ("really", "state"),
    [("2026-11-18T16:00:00+08:00", "open"), ("2026-11-19T16:00:00+08:00", "met")],
)
async def test_11_a_clock_one_day_fast_changes_no_due_state(town: Town, really: str, state: str) -> None:
    """What the phone calls the 19th is the 18th, a day before the duty's window begins."""
    await town.assign(town.li, due=date(2026, 11, 27))
    (duty,) = await town.duties()
    edit = Op(0, "edit", "duty", duty.id, base=duty.rev, form="duty", form_version=1)
    edit.set = {"window_from": "2026-11-19"}
    await town.submit(server_principal(town.school), edit)
    shown = (datetime.fromisoformat(really) + timedelta(days=1)).isoformat()
    clock = {"device": shown, "skew": -86400, "checked": True}
    visit = await town.visit("met_guardian", town.li, clock=clock, occurred_at=shown)
    (duty,) = await town.duties()
    assert duty.state == state
    assert (await town.see(visit)).fields["clock"]["skew"] == -86400, "it is in the record"


async def test_11_the_record_is_flagged_and_not_refused(village: Village, office: Client) -> None:
    now = "2026-11-20T17:25:00+08:00"
    wrong = {"device": now, "skew": -86400, "checked": True}
    right = {"device": now, "skew": -20, "checked": True}
    words = {
        off["skew"]: (await office.get(f"/office/records/{await village.visit(clock=off)}")).text
        for off in (wrong, right)
    }
    assert "填的时候手机的时间快了24小时" in words[-86400]
    assert "手机的时间快了" not in words[-20]


@pytest.mark.parametrize("result", ["nobody_home", "refused", "moved"])
async def test_3_nobody_was_met_and_the_duty_stays_open(town: Town, result: str) -> None:
    await town.assign(town.li)
    visit = await town.visit(result, town.li)
    (duty,) = await town.duties()
    assert duty.state == "open"
    assert duty.fields.get("met_by") is None
    assert (await town.see(visit)).state == "submitted"


async def test_3_the_second_try_meets_it(town: Town) -> None:
    await town.assign(town.li)
    await town.visit("nobody_home", town.li, day=date(2026, 11, 18))
    second = await town.visit("met_guardian", town.li, day=date(2026, 11, 19))
    (duty,) = await town.duties()
    assert (duty.state, duty.fields["met_by"]) == ("met", [second])


async def test_10_the_old_teachers_visit_closes_the_successors_duty(town: Town) -> None:
    await town.assign(town.li)
    (duty,) = await town.duties()
    edit = Op(0, "edit", "duty", duty.id, base=duty.rev, form="duty", form_version=1)
    edit.set = {"assignee": town.office}
    await town.submit(server_principal(town.school), edit)

    visit = await town.visit("met_guardian", town.li, day=date(2026, 11, 17))

    (duty,) = await town.duties()
    assert duty.fields["assignee"] == town.office
    assert (duty.state, duty.fields["met_by"]) == ("met", [visit])
    assert (await town.see(visit)).author == town.wang, "the visit is the old teacher's credit"
