"""Held ops at the office: released, they take effect as if they had come in time; or closed with a reason."""

import pytest
from litestar import Litestar

from server.access import server_principal
from server.db import new_id
from server.gateway import write
from server.gateway.effects import EFFECTS
from server.gateway.work import Work
from sync.doc import Doc
from sync.protocol import Op
from tests.conftest import People
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import MakePhone

Pupils = dict[str, str]


async def held_visit(phone: Phone, pupil: str) -> str:
    """A visit of a pupil who was never this teacher's, made, edited and submitted: three held ops."""
    doc = uuid7()
    phone.op("create", "visit", doc, "home_visit", set={"carer": "single"}, meta={"students": [pupil]})
    phone.op("edit", "visit", doc, "home_visit", set={"carer": "one_away"})
    phone.op("event", "visit", doc, "home_visit", event="submit")
    await phone.sync()
    codes = [phone.results[n].get("code") for n in (1, 2, 3)]
    assert codes == ["forbidden", "unknown_doc", "unknown_doc"]
    return doc


async def test_releasing_a_create_brings_in_what_followed_it(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    office = await phone_of(school.phones["office"])
    await phone.sync()
    doc = await held_visit(phone, pupils["石桐国"])
    await office.sync()
    office.op("event", "held", f"{phone.client}:1", "held", event="release")
    await office.sync()
    assert office.results[1]["result"] == "applied"
    shown = office.docs[doc]
    assert (shown["state"], shown["fields"]["carer"]) == ("submitted", "one_away")
    assert shown["meta"]["author"] == school.ids["class_teacher"]
    await phone.sync()
    assert {phone.docs[f"{phone.client}:{n}"]["state"] for n in (1, 2, 3)} == {"released"}
    assert phone.docs[doc]["fields"] == shown["fields"]


async def test_what_still_cannot_be_applied_waits_again(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    office = await phone_of(school.phones["office"])
    await phone.sync()
    doc = uuid7()
    phone.op("create", "visit", doc, "home_visit", set={"carer": 7}, meta={"students": [pupils["龙䶮"]]})
    await phone.sync()
    await office.sync()
    office.op("event", "held", f"{phone.client}:1", "held", event="release")
    await office.sync()
    held = office.docs[f"{phone.client}:1"]
    assert (held["state"], held["notes"]["events"][-1]["args"]) == ("waiting", {"code": "bad_value"})
    office.op("event", "held", held["id"], "held", event="close", args={"reason": "重填"})
    await office.sync()
    await phone.sync()
    closed = phone.docs[held["id"]]
    assert (closed["state"], closed["notes"]["events"][-1]["args"]) == ("closed", {"reason": "重填"})


async def test_nobody_but_the_office_releases(
    phone_of: MakePhone, app: Litestar, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    await held_visit(phone, pupils["石桐国"])
    phone.op("event", "held", f"{phone.client}:1", "held", event="release")
    await phone.sync()
    assert phone.results[4]["code"] == "forbidden"
    assert phone.docs[f"{phone.client}:1"]["state"] == "waiting"


async def test_the_server_s_own_client_counts_on(app: Litestar, school: People) -> None:
    """Two units of work that both raise the server's own events don't clash."""
    for _ in range(2):
        async with app.state.db.write() as conn:
            await write.ensure_forms(conn, app.state.env, school.id)
    who = server_principal(school.id, "x")
    op = Op(0, "create", "household", new_id(), form="household", form_version=1, set={"village": "上寨"})
    async with app.state.db.write() as conn:
        (result,) = await write.submit(conn, app.state.env, who, new_id(), [op])
    assert result.result == "applied"


async def test_approval_waits_until_held_ops_are_decided(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    office = await phone_of(school.phones["office"])
    await phone.sync()
    doc = uuid7()
    phone.op("create", "visit", doc, "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    phone.op("event", "visit", doc, "home_visit", event="submit")
    phone.op("edit", "visit", doc, "home_visit", set={"carer": 7})
    await phone.sync()
    await office.sync()
    office.op("event", "visit", doc, "home_visit", event="approve")
    await office.sync()
    assert (office.results[1]["code"], office.docs[doc]["state"]) == ("illegal_event", "submitted")
    office.op("event", "held", f"{phone.client}:3", "held", event="close", args={"reason": "重填"})
    office.op("event", "visit", doc, "home_visit", event="approve")  # its own vain try stands in nobody's way
    await office.sync()
    assert office.docs[doc]["state"] == "approved"


async def test_what_the_office_may_not_read_it_cannot_decide(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    office = await phone_of(school.phones["office"])
    await phone.sync()
    phone.op(
        "create", "visit", uuid7(), "secret_form", set={"facts": "x"}, meta={"students": [pupils["龙䶮"]]}
    )
    await phone.sync()
    await office.sync()
    held = f"{phone.client}:1"
    assert "op" not in office.docs[held]["fields"]
    office.op("event", "held", held, "held", event="close", args={"reason": "x"})
    await office.sync()
    assert (office.results[1]["code"], office.docs[held]["state"]) == ("forbidden", "waiting")


async def test_an_effect_that_fails_holds_its_op_and_undoes_what_it_did(
    phone_of: MakePhone, school: People, pupils: Pupils, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(work: Work, before: Doc | None, after: Doc) -> None:
        if "commute" in after.values():
            await work.raise_event(after, "withdraw")
            raise ZeroDivisionError

    monkeypatch.setitem(EFFECTS, "visit", [broken])
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    doc = uuid7()
    meta = {"students": [pupils["龙䶮"]]}
    phone.op("create", "visit", doc, "home_visit", set={"carer": "single"}, meta=meta)
    phone.op("event", "visit", doc, "home_visit", event="submit")
    phone.op("edit", "visit", doc, "home_visit", set={"commute": 40})
    phone.op("edit", "visit", doc, "home_visit", set={"carer": "one_away"})
    await phone.sync()
    found = [(phone.results[n]["result"], phone.results[n]["code"]) for n in (1, 2, 3, 4)]
    assert found == [("applied", None), ("applied", None), ("held", "internal"), ("applied", None)]
    assert phone.docs[doc]["state"] == "submitted"
    assert phone.docs[doc]["fields"] == {"carer": "one_away"}


async def test_a_return_of_the_wrong_shape_is_held(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    office = await phone_of(school.phones["office"])
    doc = uuid7()
    phone.op("create", "visit", doc, "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    phone.op("event", "visit", doc, "home_visit", event="submit")
    await phone.sync()
    await office.sync()
    for args in ({"fields": ["carer"]}, {"fields": {"carer": 1}}, {"reason": {}}):
        office.op("event", "visit", doc, "home_visit", event="return", args=args)
    await office.sync()
    assert {office.results[n]["code"] for n in (1, 2, 3)} == {"bad_value"}
    assert office.docs[doc]["state"] == "submitted"
