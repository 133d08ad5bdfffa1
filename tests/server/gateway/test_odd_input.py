"""What no phone of ours sends: it is refused or held with a status that fits, and nobody's page breaks."""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from litestar import Litestar

from server.access import Principal
from server.gateway import take
from server.gateway.refusal import Scope
from server.gateway.work import Work
from sync.protocol import Op, Result
from tests.conftest import Client, People
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import MakePhone
from tests.server.village import make_village

HELD = ("forbidden", "bad_value", "unknown_doc")
HTML = {"Accept": "text/html"}
NUL = [
    *("/office/?form=%00", "/office/?class=%00", "/office/?student=%00", "/office/records/%00"),
    *("/office/settle?record=%00", "/office/students?class=%00", "/office/duties/new?student=%00"),
    *("/office/people/%00", "/office/import/%00", "/fill/%00", "/fill/call?back=%00&student=%00"),
]


async def status_of(phone: Phone, **body: Any) -> int:
    """The status of one request that is not quite right."""
    sent = {"protocol": 1, "client": phone.client, **body}
    return (await phone.send("POST", "/sync", {"X-CSRFToken": phone.csrf}, sent))[0]


@pytest.mark.parametrize(("rev", "doc"), [(10**30, "x"), (-(10**30), ""), (5, "a\0b"), (2**63, "x")])
async def test_a_cursor_that_is_not_ours_is_refused(
    phone_of: MakePhone, school: People, rev: int, doc: str
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    word = base64.urlsafe_b64encode(json.dumps([phone.epoch, school.id, rev, doc]).encode()).decode()
    assert await status_of(phone, pull={"cursor": word}) == 400


@pytest.mark.parametrize("client", ["abcdefg\0hijk", "abcdefgh:1", "短短短短短短短短"])
async def test_a_client_that_is_no_id_is_refused(phone_of: MakePhone, school: People, client: str) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    phone.client = client
    op = phone.op("create", "visit", uuid7(), "home_visit", set={}, meta={"students": ["x"]})
    assert await status_of(phone, push=[op]) == 400


@pytest.mark.parametrize(
    "more", [{"students": 5}, {"students": {"a": 1}}, {"night": 7}, {"building": {"a": 1}}, {"household": []}]
)
async def test_a_record_about_something_odd_is_held_and_breaks_no_page(
    phone_of: MakePhone,
    clients: Callable[[], Awaitable[Client]],
    app: Litestar,
    school: People,
    more: dict[str, Any],
) -> None:
    village = await make_village(app, school)
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    meta = {"students": [village.pupil], "household": village.household, **more}
    doc = uuid7()
    phone.op("create", "visit", doc, "home_visit", set={}, meta=meta, at="gestern")
    phone.op("event", "visit", doc, "home_visit", event="submit")
    await phone.sync()
    assert phone.results[1]["code"] == "bad_value"
    for role, page in (
        ("office", "/office/?state=all"),
        ("office", "/office/settle"),
        ("class_teacher", "/fill/"),
    ):
        person = await clients()
        await person.sign_in(school.phones[role])
        assert (await person.get(page, headers=HTML)).status_code == 200


@pytest.mark.parametrize(
    "odd",
    [
        {"form": "home_visit", "form_version": 1},
        {"form": ["a"], "form_version": {"a": 1}, "kind": 5, "doc": {"x": 1}},
        {"form": "home_visit", "form_version": 1, "kind": ["visit"], "doc": 7, "set": 5, "op": "edit"},
        {"form": "home_visit", "form_version": 1, "kind": "visit", "doc": ["a"], "event": ["approve"]},
    ],
)
async def test_an_op_of_another_shape_is_held_and_its_neighbour_goes_on(
    phone_of: MakePhone, school: People, pupils: dict[str, str], odd: dict[str, Any]
) -> None:
    phone, office = [await phone_of(school.phones[role]) for role in ("class_teacher", "office")]
    await phone.sync()
    phone.seq = 1
    phone.queue.append({"seq": 1, **odd})
    phone.op("create", "visit", uuid7(), "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    await phone.sync()
    assert [phone.results[n]["result"] for n in (1, 2)] == ["held", "applied"]
    held = f"{phone.client}:1"
    assert phone.docs[held]["fields"]["op"] == {"seq": 1, **odd}
    await office.sync()
    office.op("event", "held", held, "held", event="close", args={"reason": "读不出来"})
    await office.sync()
    assert office.docs[held]["state"] == "closed"


ABOUT = {
    "home_visit": ("class_teacher", ("students", "household")),
    "night_round": ("dorm", ("building",)),
    "meal_audit_a": ("general_affairs", ("meal",)),
    "meal_audit_b": ("parent", ("meal",)),
    "problem": ("class_teacher", ("students",)),
    "leave": ("class_teacher", ("student",)),
}


@pytest.mark.parametrize("form", ABOUT)
async def test_a_new_record_about_something_odd_holds_up_no_push(
    phone_of: MakePhone, school: People, form: str
) -> None:
    role, keys = ABOUT[form]
    phone = await phone_of(school.phones[role])
    await phone.sync()
    kind = form if form in ("problem", "leave") else "visit"
    for odd in (["x"], {"a": 1}, [["x"]], 7, [{"a": 1}]):
        about = dict.fromkeys(keys, odd)
        phone.op("create", kind, uuid7(), form, set=about if kind == "leave" else {}, meta=about)
    last = phone.op("edit", "visit", uuid7(), "home_visit", set={"carer": "single"})
    await phone.sync()
    assert phone.results[last["seq"]]["code"] == "unknown_doc", "all were answered"
    assert all(phone.results[n]["code"] in HELD for n in phone.results)


async def test_a_bug_in_judging_an_op_holds_that_op_alone(
    phone_of: MakePhone, school: People, pupils: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_work: Work, _who: Principal, _scope: Scope, op: Op) -> Result | None:
        if op.set == {"carer": "single"}:
            raise TypeError("unhashable type: 'list'")
        return None

    monkeypatch.setattr(take, "refusal", broken)
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    for carer in ("single", "one_away"):
        about = {"students": [pupils["龙䶮"]]}
        phone.op("create", "visit", uuid7(), "home_visit", set={"carer": carer}, meta=about)
    await phone.sync()
    assert [(phone.results[n]["result"], phone.results[n]["code"]) for n in (1, 2)] == [
        ("held", "internal"),
        ("applied", None),
    ]


async def test_no_record_can_take_the_id_of_a_held_op(
    phone_of: MakePhone, school: People, pupils: dict[str, str]
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    taken = f"{phone.client}:2"
    phone.op(
        "create", "visit", taken, "home_visit", set={"carer": "single"}, meta={"students": [pupils["龙䶮"]]}
    )
    phone.op("edit", "visit", uuid7(), "home_visit", set={"carer": "both_away"})
    await phone.sync()
    assert [phone.results[n]["code"] for n in (1, 2)] == ["bad_op", "unknown_doc"]
    kept = [phone.docs[f"{phone.client}:{n}"]["fields"]["op"]["set"]["carer"] for n in (1, 2)]
    assert kept == ["single", "both_away"]


async def test_a_class_with_an_endless_name_stops_no_queue(phone_of: MakePhone, school: People) -> None:
    office = await phone_of(school.phones["office"])
    await office.sync()
    who = school.ids["class_teacher"]
    office.op("edit", "person", who, "person", set={"classes": {"add": ["班" * 100]}})
    office.op("create", "student", uuid7(), "student", set={"name": "长", "class": "班" * 100}, meta={})
    await office.sync()
    teacher = await phone_of(school.phones["class_teacher"])
    await teacher.sync()
    assert {d["fields"]["name"] for d in teacher.docs.values() if d["kind"] == "student"} == {"长"}


@pytest.mark.parametrize("page", [*NUL, "/office/students?page=" + "9" * 5000])
async def test_an_address_that_nobody_typed_is_no_bug(client: Client, school: People, page: str) -> None:
    await client.sign_in(school.phones["office"])
    assert (await client.get(page, headers=HTML)).status_code < 500


async def test_a_form_with_more_pupils_than_a_query_takes_is_no_bug(client: Client, school: People) -> None:
    await client.sign_in(school.phones["office"])
    body = "&".join(f"student=s{n}" for n in range(70_000))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.post("/office/duties", content=body, headers=form)).status_code == 422


async def test_a_device_s_name_with_a_nul_is_no_bug(client: Client, school: People) -> None:
    reply = await client.sign_in(school.phones["office"], device="a\0b")
    assert reply.status_code in (201, 400)
