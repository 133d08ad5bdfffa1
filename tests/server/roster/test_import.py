"""Imports into a school: what they make, what a second one changes, and what they leave alone."""

from __future__ import annotations

import json
from typing import Any

from litestar import Litestar
from sqlalchemy import func, select

from server.access import Principal, load_principal, server_principal
from server.accounts.models import users
from server.db import new_id
from server.gateway import read, write
from server.gateway.models import docs
from server.roster.actions import Report, carry_out, read_book, school_day
from server.roster.book import read_files
from server.roster.models import idents
from sync.protocol import Op
from tests.conftest import People
from tests.server.roster.books import DATA, TODAY, File, four, ident, pupil, roster, xlsx

EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text("utf-8"))
NOTHING = {"added": 0, "changed": 0, "siblings": 0}


async def bring_in(app: Litestar, school: People, files: list[File]) -> Report:
    """One import of these files, on behalf of the office."""
    env = app.state.env
    book = read_book(files, school_day(env))
    async with app.state.db.write() as conn:
        who = await load_principal(conn, school.ids["office"], school.id)
        return await carry_out(conn, env, school.id, school.name, book, who)


async def shown(
    app: Litestar, school: People, kind: str, who: Principal | None = None
) -> list[read.VisibleDoc]:
    """Docs of a kind, as the server (or somebody) sees them."""
    async with app.state.db.read() as conn:
        return await read.many(conn, app.state.env, who or server_principal(school.id), kind=kind, limit=5000)


async def named(app: Litestar, school: People, name: str) -> read.VisibleDoc:
    """The one pupil of this name."""
    found = [doc for doc in await shown(app, school, "student") if doc.fields["name"] == name]
    assert len(found) == 1
    return found[0]


async def edit(app: Litestar, school: People, role: str, doc: read.VisibleDoc, **values: Any) -> None:
    """What somebody of the school changes by hand, having seen the doc."""
    env = app.state.env
    async with app.state.db.write() as conn:
        who = await load_principal(conn, school.ids[role], school.id)
        assert who is not None
        op = Op(
            0,
            "edit",
            doc.kind,
            doc.id,
            base=doc.rev,
            form=doc.form,
            form_version=doc.form_version,
            set=values,
        )
        (result,) = await write.submit(conn, env, who, new_id(), [op])
    assert result.result != "held", result


async def test_the_four_workbooks_fill_a_school_and_again_change_nothing(
    app: Litestar, school: People
) -> None:
    first = await bring_in(app, school, four())
    assert {key: first.figures[key] for key in EXPECTED} == EXPECTED
    assert len(await shown(app, school, "student")) == 304
    assert len(await shown(app, school, "meal")) == 5
    assert first.figures["changes"] == {"added": 304 + 32 + 139 + 5, "changed": 0, "siblings": 0}
    rev = (await named(app, school, "郑秀诗")).rev
    second = await bring_in(app, school, four())
    assert second.figures["changes"] == NOTHING
    assert {key: second.figures[key] for key in EXPECTED} == EXPECTED
    assert (await named(app, school, "郑秀诗")).rev == rev


async def test_what_a_pupil_is_after_an_import(app: Litestar, school: People) -> None:
    await bring_in(app, school, four())
    fields = (await named(app, school, "覃佑建")).fields
    assert fields["class"] == "一(1)班"
    assert fields["pinyin"] == "qin you jian qyj"
    assert (fields["room"], fields["bed"], fields["boards"]) == ("2号楼101", "1", True)
    assert fields["ident_last4"] == "2023"
    assert len(fields["helpers"]) == 1
    home = next(h for h in await shown(app, school, "household") if h.id == fields["household"])
    (guardian,) = [value for path, value in home.fields.items() if path.startswith("guardians/")]
    assert guardian["phone"].startswith("1")
    flagged = next(d for d in await shown(app, school, "student") if d.fields.get("ident_last4") == "8863")
    assert "ident" in flagged.fields["to_check"]


async def test_whole_id_numbers_stay_in_their_own_table(app: Litestar, school: People) -> None:
    await bring_in(app, school, four())
    async with app.state.db.read() as conn:
        bodies = (await conn.execute(select(docs.c.body).where(docs.c.school_id == school.id))).scalars()
        everything = b"".join(bodies)
        whole = (
            (await conn.execute(select(idents.c.ident).where(idents.c.ident.is_not(None)))).scalars().all()
        )
    assert len(whole) == 304
    assert not [number for number in whole if number.encode() in everything]


async def test_staff_get_accounts_that_nobody_can_sign_in_to_yet(app: Litestar, school: People) -> None:
    await bring_in(app, school, four())
    async with app.state.db.read() as conn:
        query = select(users.c.id, users.c.password_hash).where(users.c.phone == "15701581560")
        row = (await conn.execute(query)).one()
        teacher = await load_principal(conn, row.id, school.id)
        parent_id = select(users.c.id).where(users.c.phone == "17505010475")
        parent = await load_principal(conn, (await conn.execute(parent_id)).scalar_one(), school.id)
    assert row.password_hash is None
    assert teacher is not None
    assert parent is not None
    assert (teacher.roles, teacher.classes) == ({"class_teacher", "teacher"}, {"一(1)班"})
    own = await shown(app, school, "student", teacher)
    assert {d.fields["class"] for d in own} > {"一(1)班"}, "the class, and those of the pairs"
    assert await shown(app, school, "student", parent) == []


async def test_only_a_changed_cell_changes(app: Litestar, school: People) -> None:
    await bring_in(app, school, [roster([pupil(1), pupil(2)])])
    before = await named(app, school, "王小三")
    report = await bring_in(app, school, [roster([pupil(1, 住校="否"), pupil(2), pupil(3)])])
    assert report.figures["changes"] == {"added": 1, "changed": 1, "siblings": 0}
    assert (await named(app, school, "王小二")).fields["boards"] is False
    assert (await named(app, school, "王小三")).rev == before.rev
    assert (await bring_in(app, school, [roster([pupil(1, 住校="否"), pupil(2), pupil(3)])])).figures[
        "changes"
    ] == NOTHING


async def test_a_correction_by_hand_is_not_overwritten(app: Litestar, school: People) -> None:
    await bring_in(app, school, [roster([pupil(1)])])
    one = await named(app, school, "王小二")
    await edit(app, school, "office", one, room="3号楼301", category="低保户", ethnic="苗族")
    again = await bring_in(app, school, [roster([pupil(1)])])
    assert again.figures["changes"] == NOTHING, "the workbook says what it said"
    rows = [pupil(1, 姓名="王晓二", 出生日期="2018-03-09")]
    await edit(app, school, "office", one, name="王筱二")
    report = await bring_in(app, school, [roster(rows)])
    assert report.figures["changes"] == {"added": 0, "changed": 1, "siblings": 1}
    now = (await shown(app, school, "student"))[0]
    assert now.fields["name"] == "王筱二"
    assert [s["value"] for s in now.siblings["name"]] == ["王晓二"]
    assert now.siblings["name"][0]["by"] == school.ids["office"]
    assert now.fields["birth"] == "2018-03-09"
    assert now.fields["ethnic"] == "苗族"


async def test_a_number_corrected_on_a_visit_stays_beside_the_workbooks(
    app: Litestar, school: People
) -> None:
    await bring_in(app, school, [roster([pupil(1)])])
    (home,) = await shown(app, school, "household")
    ((path, guardian),) = [(p, v) for p, v in home.fields.items() if p.startswith("guardians/")]
    await edit(app, school, "class_teacher", home, **{path: {**guardian, "phone": "13511111111"}})
    report = await bring_in(app, school, [roster([pupil(1, 联系电话="13522222222")])])
    assert report.figures["changes"] == {"added": 0, "changed": 0, "siblings": 1}
    (home,) = await shown(app, school, "household")
    assert home.fields[path]["phone"] == "13511111111"
    assert [s["value"]["phone"] for s in home.siblings[path]] == ["13522222222"]


async def test_nothing_is_deleted_and_an_emptied_cell_is_said(app: Litestar, school: People) -> None:
    await bring_in(app, school, [roster([pupil(1, 备注="转入"), pupil(2)])])
    report = await bring_in(app, school, [roster([pupil(1, 备注="", 家庭住址="")])])
    assert report.figures["changes"] == NOTHING
    assert len(await shown(app, school, "student")) == 2
    assert report.linked.absent == [("王小三", "三(2)班")]
    assert (await named(app, school, "王小二")).fields["note"] == "转入"
    assert "cell_emptied" in {p["code"] for p in report.figures["problems"]}


async def test_a_corrected_id_number_finds_the_same_pupil(app: Litestar, school: People) -> None:
    wrong = ident("20180202", 1)[:17] + "A"
    first = await bring_in(app, school, [roster([pupil(1, 身份证号=wrong)])])
    assert first.figures["flagged_ident"] == [wrong]
    report = await bring_in(app, school, [roster([pupil(1)])])
    assert report.figures["changes"] == {"added": 0, "changed": 1, "siblings": 0}
    one = await named(app, school, "王小二")
    assert not one.fields.get("to_check")


async def test_brothers_and_sisters_share_a_household(app: Litestar, school: People) -> None:
    same = {"监护人": "王大山", "联系电话": "13611111111", "家庭住址": "大坪村1组"}
    other = {**same, "监护人": "李四", "联系电话": "13622222222"}
    await bring_in(app, school, [roster([pupil(1, **same), pupil(2, **same), pupil(3, **other)])])
    homes = {d.fields["name"]: d.fields["household"] for d in await shown(app, school, "student")}
    assert homes["王小二"] == homes["王小三"] != homes["王小四"]
    await bring_in(app, school, [roster([pupil(4, **same)])])
    assert (await named(app, school, "王小五")).fields["household"] == homes["王小二"], "also a later one"


async def test_each_workbook_alone_finds_who_is_there_already(app: Litestar, school: People) -> None:
    for file in sorted(four(), key=lambda one: "花名册" not in one[0]):
        await bring_in(app, school, [file])
    assert (await bring_in(app, school, four())).figures["changes"] == NOTHING
    fields = (await named(app, school, "覃佑建")).fields
    assert (fields["room"], len(fields["helpers"])) == ("2号楼101", 1)


async def test_a_moved_sleeper_has_one_bed(app: Litestar, school: People) -> None:
    header = ["楼栋", "房间号", "床位", "学生姓名"]
    beds = [header, ["1号楼", "101", 1, "王小二"], ["", "", 2, "王小三"]]
    moved = [header, ["1号楼", "102", 1, "王小二"]]
    people = roster([pupil(1, 性别="女", 身份证号=""), pupil(2)])
    await bring_in(app, school, [people, ("宿舍.xlsx", xlsx({"宿舍": beds}))])
    await bring_in(app, school, [("宿舍.xlsx", xlsx({"宿舍": moved}))])
    (house,) = await shown(app, school, "building")
    ids = {d.fields["name"]: d.id for d in await shown(app, school, "student")}
    slept = {
        path: [bed["student"] for bed in room["beds"]] for path, room in house.fields.items() if "/" in path
    }
    assert slept == {"rooms/101": [None, ids["王小三"]], "rooms/102": [ids["王小二"]]}
    assert (await named(app, school, "王小二")).fields["room"] == "1号楼102"


async def test_a_changed_menu_drops_what_it_names_no_longer(app: Litestar, school: People) -> None:
    def menu(dishes: str, price: float) -> list[File]:
        rows = [["日期", "餐次", "菜品", "成本"], ["2026-11-16", "午餐", dishes, price]]
        return [("食谱.xlsx", xlsx({"食谱": rows}))]

    await bring_in(app, school, menu("米饭、白菜", 4.5))
    report = await bring_in(app, school, menu("米饭、萝卜", 4.5))
    assert report.figures["changes"] == {"added": 0, "changed": 1, "siblings": 0}
    (meal,) = await shown(app, school, "meal")
    assert {v["name"] for p, v in meal.fields.items() if p.startswith("dishes/") and v} == {"米饭", "萝卜"}


async def test_pairs_that_name_nobody_are_said_and_not_guessed(app: Litestar, school: People) -> None:
    rows = [
        ["帮扶责任人", "联系电话", "受助学生", "身份证号"],
        ["李强", "13800000002", "王小二", ""],
        ["没有的人", "", "王小三", ""],
        ["李强", "13800000002", "没有的学生", ""],
        ["李强", "13800000002", "王小二", ""],
    ]
    files = [roster([pupil(1), pupil(2)]), ("结对.xlsx", xlsx({"结对": rows}))]
    report = await bring_in(app, school, files)
    assert report.figures["pairs"] == 1
    codes = [p["code"] for p in report.figures["problems"]]
    assert codes == ["pair_helper_unknown", "pair_pupil_unknown", "pair_twice"]
    assert (await named(app, school, "王小二")).fields["helpers"] == [school.ids["teacher"]]


async def test_schools_do_not_meet(app: Litestar, school: People, other_school: People) -> None:
    await bring_in(app, school, [roster([pupil(1)])])
    report = await bring_in(app, other_school, [roster([pupil(1)])])
    assert report.figures["changes"]["added"] == 1
    async with app.state.db.read() as conn:
        counted = await conn.execute(select(func.count()).select_from(docs).where(docs.c.kind == "student"))
        assert counted.scalar_one() == 2


def test_reading_needs_no_school() -> None:
    assert len(read_files(four(), TODAY).pupils) == 304
