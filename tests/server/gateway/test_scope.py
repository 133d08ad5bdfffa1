"""Who gets what on their phone, and what leaves it again."""

from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from server.access import server_principal
from server.db import new_id
from server.gateway import write
from server.schools import schools
from sync.protocol import Op
from tests.conftest import People
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import MakePhone, add_pupils
from tests.server.village import make_village

Pupils = dict[str, str]


async def office_edits(app: Litestar, school: People, kind: str, doc: str, **values: Any) -> None:
    """A change by the server's own hand, in sight of everything."""
    async with app.state.db.write() as conn:
        query = select(schools.c.rev).where(schools.c.id == school.id)
        seen = (await conn.execute(query)).scalar_one()
        op = Op(0, "edit", kind, doc, base=seen, form=kind, form_version=1, set=values)
        who = server_principal(school.id, "import")
        (result,) = await write.submit(conn, app.state.env, who, new_id(), [op])
    assert result.result in ("applied", "merged"), result


def names(phone: Phone) -> set[str]:
    """The pupils on a phone."""
    return {d["fields"]["name"] for d in phone.docs.values() if d["kind"] == "student"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("class_teacher", {"龙䶮", "杨思源"}),
        ("teacher", {"覃佑建"}),
        ("dorm", {"杨思源"}),
        ("committee", set()),
        ("parent", set()),
        ("general_affairs", set()),
        ("office", {"龙䶮", "杨思源", "覃佑建", "石桐国"}),
        ("principal", {"龙䶮", "杨思源", "覃佑建", "石桐国"}),
    ],
)
async def test_each_role_gets_its_pupils(
    phone_of: MakePhone, school: People, pupils: Pupils, role: str, expected: set[str]
) -> None:
    phone = await phone_of(school.phones[role])
    await phone.sync()
    assert names(phone) == expected


async def test_a_dorm_supervisor_s_phone_gets_a_name_and_a_bed_and_no_more(
    phone_of: MakePhone, app: Litestar, school: People
) -> None:
    details = {"boards": True, "class": "三(2)班", "room": "203", "category": "脱贫户", "left_behind": True}
    ids = await add_pupils(app, school, 彭雨桐=details)
    phone = await phone_of(school.phones["dorm"])
    await phone.sync()
    fields = phone.docs[ids["彭雨桐"]]["fields"]
    assert fields == {"name": "彭雨桐", "boards": True, "class": "三(2)班", "room": "203"}


async def test_a_pupil_who_leaves_the_class_leaves_the_phone_with_all_records(
    phone_of: MakePhone, app: Litestar, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    helper = await phone_of(school.phones["teacher"])
    await phone.sync()
    await helper.sync()
    own = uuid7()
    phone.op("create", "visit", own, "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    phone.op("event", "visit", own, "home_visit", event="submit")
    await phone.sync()
    assert own not in helper.docs
    await office_edits(app, school, "student", pupils["龙䶮"], **{"class": "一(1)班"})
    await office_edits(app, school, "student", pupils["龙䶮"], helpers={"add": [school.ids["teacher"]]})
    await phone.sync()
    await helper.sync()
    assert names(phone) == {"杨思源"}
    assert own in phone.docs  # her own record stays hers
    assert names(helper) == {"覃佑建", "龙䶮"}
    assert helper.docs[own]["state"] == "submitted"  # it enters though its rev is old
    await office_edits(app, school, "student", pupils["龙䶮"], helpers={"remove": [school.ids["teacher"]]})
    await helper.sync()
    assert names(helper) == {"覃佑建"}
    assert own not in helper.docs


async def test_a_visit_made_before_the_pupil_left_is_still_taken(
    phone_of: MakePhone, app: Litestar, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    await office_edits(app, school, "student", pupils["龙䶮"], **{"class": "一(1)班"})
    phone.op("create", "visit", uuid7(), "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    phone.op("create", "visit", uuid7(), "home_visit", set={}, meta={"students": [pupils["石桐国"]]})
    await phone.sync()
    assert [phone.results[1]["result"], phone.results[2].get("code")] == ["applied", "forbidden"]


async def test_a_draft_is_its_author_s_alone(phone_of: MakePhone, school: People, pupils: Pupils) -> None:
    teacher = await phone_of(school.phones["teacher"])
    office = await phone_of(school.phones["office"])
    draft = uuid7()
    meta = {"students": [pupils["覃佑建"]]}
    teacher.op("create", "visit", draft, "home_visit", set={"danger": True, "carer": "single"}, meta=meta)
    await teacher.sync()
    await office.sync()
    assert draft not in office.docs
    teacher.op("event", "visit", draft, "home_visit", event="submit")
    await teacher.sync()
    await office.sync()
    assert teacher.docs[draft]["fields"] == {"danger": True, "carer": "single"}
    assert office.docs[draft]["fields"] == {"carer": "single"}  # what is sealed stays in the circle
    teacher.op("event", "visit", draft, "home_visit", event="withdraw")
    await teacher.sync()
    await office.sync()
    assert draft not in office.docs


async def test_a_revoked_person_s_work_is_held_and_the_phone_is_emptied(
    phone_of: MakePhone, app: Litestar, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    office = await phone_of(school.phones["office"])
    await phone.sync()
    visit = uuid7()
    phone.op("create", "visit", visit, "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    who = school.ids["class_teacher"]
    await office_edits(app, school, "person", who, roles={"remove": ["class_teacher"]})
    await phone.sync()
    assert (phone.results[1]["result"], phone.results[1]["code"]) == ("held", "forbidden")
    assert phone.docs == {}
    await office.sync()
    assert office.docs[f"{phone.client}:1"]["fields"]["op"]["doc"] == visit


async def test_a_delivery_token_pushes_and_pulls_nothing(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    await phone.send("DELETE", "/session", {"X-CSRFToken": phone.csrf}, None)
    op = phone.op("create", "visit", uuid7(), "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    body = {"protocol": 1, "client": phone.client, "push": [op], "pull": {"cursor": None}}
    headers = {"Authorization": f"Delivery {phone.delivery}"}
    status, answer = await phone.send("POST", "/sync", headers, body)
    assert (status, answer["results"][0]["result"], answer["docs"]) == (200, "applied", [])
    status, _ = await phone.send("POST", "/sync", headers, {**body, "client": uuid7()})
    assert status == 401


async def test_an_answer_to_a_delivery_token_leaves_the_phone_where_it_was_in_its_pull(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    """The answer is taken in like any other; the next sync goes on from the cursor that was there."""
    phone, new = [await phone_of(school.phones["class_teacher"]) for _ in range(2)]
    await phone.sync()
    before = phone.cursor
    for one in (phone, new):
        doc = uuid7()
        one.op("create", "visit", doc, "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
        one.take(await one.deliver(one.queue))
        assert one.results[1]["result"] == "applied"
    assert (phone.cursor, new.cursor) == (before, None)
    for one in (phone, new):
        await one.sync()
    assert phone.docs == new.docs
    assert {"student", "visit"} <= {doc["kind"] for doc in new.docs.values()}


@pytest.mark.parametrize(
    ("role", "form", "meta", "code"),
    [
        ("general_affairs", "meal_audit_b", {"meal": "m", "part": "b"}, "forbidden"),
        ("parent", "home_visit", {"students": ["x"]}, "forbidden"),
        ("dorm", "home_visit", {"students": ["x"]}, "forbidden"),
        ("office", "home_visit", {"students": ["x"]}, "forbidden"),
        ("class_teacher", "night_round", {"building": "x"}, "forbidden"),
        ("class_teacher", "home_visit", {"students": [uuid7()]}, "forbidden"),
    ],
)
async def test_nobody_begins_a_record_that_is_not_theirs(
    phone_of: MakePhone, school: People, role: str, form: str, meta: dict[str, Any], code: str
) -> None:
    phone = await phone_of(school.phones[role])
    phone.op("create", "visit", uuid7(), form, set={}, meta=meta)
    await phone.sync()
    assert (phone.results[1]["result"], phone.results[1]["code"]) == ("held", code)


async def test_only_the_office_returns_and_approves(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    teacher = await phone_of(school.phones["class_teacher"])
    office = await phone_of(school.phones["office"])
    doc = uuid7()
    teacher.op("create", "visit", doc, "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    teacher.op("event", "visit", doc, "home_visit", event="submit")
    teacher.op("event", "visit", doc, "home_visit", event="approve")
    await teacher.sync()
    assert teacher.results[3]["code"] == "forbidden"
    await office.sync()
    office.op("edit", "visit", doc, "home_visit", set={"carer": "single"})
    office.op("event", "visit", doc, "home_visit", event="return", args={"reason": "请补"})
    await office.sync()
    assert [office.results[1].get("code"), office.results[2]["result"]] == ["forbidden", "applied"]
    await teacher.sync()
    assert teacher.docs[doc]["state"] == "returned"
    assert teacher.docs[doc]["notes"]["returned"]["reason"] == "请补"


async def test_who_counts_the_beds_can_call_about_a_boarder_and_reads_nothing_else_of_the_home(
    phone_of: MakePhone, app: Litestar, school: People
) -> None:
    home, day_home = new_id(), new_id()
    guardian = {"name": "彭建国", "relation": "父亲", "phone": "17913617152"}
    await add_pupils(
        app,
        school,
        彭雨桐={"boards": True, "class": "三(2)班", "household": home},
        走读生={"class": "三(2)班", "household": day_home},
    )
    ops = [Op(0, "create", "household", doc, form="household", form_version=1) for doc in (home, day_home)]
    for op in ops:
        op.set = {"village": "上寨村", "guardians/1": guardian}
    async with app.state.db.write() as conn:
        who = server_principal(school.id, "import")
        await write.submit(conn, app.state.env, who, new_id(), ops)
    dorm = await phone_of(school.phones["dorm"])
    parent = await phone_of(school.phones["parent"])
    for phone in (dorm, parent):
        await phone.sync()
    assert dorm.docs[home]["fields"] == {"guardians/1": guardian}
    assert day_home not in dorm.docs
    assert dorm.docs[school.ids["class_teacher"]]["fields"]["phone"] == school.phones["class_teacher"]
    assert "phone" not in dorm.docs[school.ids["teacher"]]["fields"]
    assert all(
        set(d["fields"]) <= {"name", "post"} or d["id"] == school.ids["parent"]
        for d in parent.docs.values()
        if d["kind"] == "person"
    )


async def test_an_id_from_another_class_opens_nothing(
    phone_of: MakePhone, app: Litestar, school: People, pupils: Pupils
) -> None:
    office = await phone_of(school.phones["office"])
    teacher = await phone_of(school.phones["class_teacher"])
    await teacher.sync()
    home, leave, own = uuid7(), uuid7(), uuid7()
    days = {"from": "2026-11-20", "until": "2026-11-21"}
    office.op("create", "household", home, "household", set={"village": "远村"}, meta={})
    office.op("create", "leave", leave, "leave", set={"student": pupils["石桐国"], **days}, meta={})
    await office.sync()
    teacher.op("create", "household", home, "household", set={"village": "改了"}, meta={})
    teacher.op("create", "leave", leave, "leave", set={"sort": "sick"}, meta={})
    teacher.op("create", "leave", uuid7(), "leave", set={"student": pupils["石桐国"], **days}, meta={})
    teacher.op("create", "leave", own, "leave", set={"student": pupils["龙䶮"], **days}, meta={})
    await teacher.sync()
    codes = [teacher.results[n].get("code") for n in (1, 2, 3, 4)]
    assert codes == ["duplicate_id", "duplicate_id", "forbidden", None]
    await office.sync()
    assert office.docs[home]["fields"] == {"village": "远村"}
    assert "siblings" not in office.docs[home] or office.docs[home]["siblings"] == {}
    assert own in office.docs


async def test_an_amendment_of_a_field_that_was_empty_is_shown_to_who_may_see_the_field(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    teacher = await phone_of(school.phones["class_teacher"])
    office = await phone_of(school.phones["office"])
    doc = uuid7()
    teacher.op("create", "visit", doc, "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    teacher.op("event", "visit", doc, "home_visit", event="submit")
    await teacher.sync()
    await office.sync()
    office.op("event", "visit", doc, "home_visit", event="approve")
    await office.sync()
    await teacher.sync()
    teacher.op("edit", "visit", doc, "home_visit", set={"carer": "single", "danger": True})
    await teacher.sync()
    await office.sync()
    (mine,), (theirs,) = (phone.docs[doc]["notes"]["amendments"] for phone in (teacher, office))
    assert mine["set"] == {"carer": "single", "danger": True}
    assert theirs["set"] == {"carer": "single"}


async def test_a_parent_named_as_co_visitor_or_helper_still_gets_no_pupil(
    phone_of: MakePhone, app: Litestar, school: People, pupils: Pupils
) -> None:
    teacher = await phone_of(school.phones["class_teacher"])
    parent = await phone_of(school.phones["parent"])
    doc, both = uuid7(), {"add": [school.ids["class_teacher"], school.ids["parent"]]}
    about = {"students": [pupils["龙䶮"]]}
    teacher.op("create", "visit", doc, "home_visit", set={"visitors": both, "danger": True}, meta=about)
    teacher.op("event", "visit", doc, "home_visit", event="submit")
    await teacher.sync()
    assert teacher.docs[doc]["state"] == "submitted"
    parents = {"add": [school.ids["parent"]]}
    await office_edits(app, school, "student", pupils["石桐国"], helpers=parents)
    parent.op("edit", "visit", doc, "home_visit", set={"carer": "single"})
    await parent.sync()
    assert parent.results[1]["code"] == "unknown_doc"
    assert {d["kind"] for d in parent.docs.values()} == {"person", "form", "held"}


async def test_a_leave_goes_along_when_the_pupil_moves_to_another_building(
    phone_of: MakePhone, app: Litestar, school: People
) -> None:
    village = await make_village(app, school)
    other = await village.make("building", {"name": "3号楼"})
    days = {"from": "2026-11-20", "until": "2026-11-21"}
    leave = await village.make("leave", {"student": village.stranger, **days})
    await office_edits(app, school, "person", school.ids["dorm"], buildings={"add": [other]})
    dorm = await phone_of(school.phones["dorm"])
    await dorm.sync()
    assert leave not in dorm.docs
    await office_edits(
        app, school, "building", village.building, **{"rooms/203": {"number": "203", "beds": []}}
    )
    bed = {"bed": "1", "student": village.stranger}
    await office_edits(app, school, "building", other, **{"rooms/101": {"number": "101", "beds": [bed]}})
    await dorm.sync()
    assert {leave, village.stranger} <= dorm.docs.keys()


async def test_nobody_makes_themselves_more_than_they_are(phone_of: MakePhone, school: People) -> None:
    """Roles are granted on the command line, by imports, and by the principal to others."""
    for role in ("admin", "office", "principal"):
        phone = await phone_of(school.phones[role])
        await phone.sync()
        me = school.ids[role]
        phone.op("edit", "person", me, "person", set={"roles": {"add": ["counsellor"]}})
        phone.op("edit", "person", school.ids["dorm"], "person", set={"roles": {"add": ["teacher"]}})
        roles = {"name": "新人", "roles": {"add": ["principal"]}}
        phone.op("create", "person", uuid7(), "person", set=roles)
        await phone.sync()
        codes = [phone.results[n]["code"] for n in (1, 2, 3)]
        granted = None if role == "principal" else "forbidden"
        assert codes == ["forbidden", granted, granted], role


async def test_a_leave_keeps_its_pupil_and_a_problem_is_about_own_pupils(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    leave = uuid7()
    values = {"student": pupils["龙䶮"], "from": "2026-11-20", "until": "2026-11-21"}
    phone.op("create", "leave", leave, "leave", set=values)
    phone.op("edit", "leave", leave, "leave", set={"student": pupils["石桐国"]})
    phone.op("create", "problem", uuid7(), "problem", set={}, meta={"students": [pupils["石桐国"]]})
    phone.op("create", "problem", uuid7(), "problem", set={}, meta={"students": [pupils["龙䶮"]]})
    await phone.sync()
    assert [phone.results[n]["code"] for n in (1, 2, 3, 4)] == [None, "signed", "forbidden", None]
