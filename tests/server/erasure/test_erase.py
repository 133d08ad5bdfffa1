"""An erased pupil is gone: from the database and its file, from phones, backups, and what comes late."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from server.backup.cli import read_backup, write_backup
from server.db import metadata
from server.erasure.compact import compact
from server.erasure.erase import Erased, NoPupil, Order, erase, look
from server.erasure.log import NAME, read_log, write_log
from server.erasure.models import erasures
from server.gateway.models import docs
from tests.conftest import PASSWORD, Client, People, browser
from tests.phone import Phone, uuid7
from tests.server.backup.conftest import PASSPHRASE, Site
from tests.server.gateway.conftest import add_pupils

NAME_OF = "龙䶮"
WORDS = (NAME_OF.encode(), json.dumps(NAME_OF)[1:-1].encode(), b"long yan zz")
Pupils = dict[str, str]


@pytest.fixture
async def pupils(site: Site, school: People) -> Pupils:
    """A pupil with a sister at home, both of the class teacher's; and one alone in another household."""
    homes = {"home": uuid7(), "lonely": uuid7()}
    own = {"class": "三(2)班", "helpers": [school.ids["teacher"]]}
    ids = await add_pupils(
        site.app,
        school,
        龙䶮={**own, "household": homes["home"], "pinyin": "long yan zz"},
        龙宁={**own, "household": homes["home"]},
        石桐国={**own, "household": homes["lonely"]},
    )
    return ids | homes


async def make_homes(site: Site, school: People, pupils: Pupils) -> None:
    """The households, and a building in which the pupil has a bed."""
    office = await site.phone(school.phones["office"])
    office.op(
        "create", "household", pupils["home"], "household", set={"village": "老鸦沟村", "head": "龙大山"}
    )
    office.op("create", "household", pupils["lonely"], "household", set={"head": "石老三"})
    room = {"number": "203", "beds": [{"bed": "1", "student": pupils["龙䶮"]}, {"bed": "2", "student": "x"}]}
    office.op("create", "building", uuid7(), "building", set={"name": "2号楼", "rooms/203": room})
    await office.sync()
    assert {r["result"] for r in office.results.values()} == {"applied"}


def visit(phone: Phone, students: list[str], home: str = "", **fields: Any) -> str:
    """A home visit on a phone."""
    doc = uuid7()
    meta: dict[str, Any] = {"students": students} | ({"household": home} if home else {})
    phone.op("create", "visit", doc, "home_visit", set=fields, meta=meta)
    return doc


async def raw_rows(site: Site) -> bytes:
    """Everything that the database's tables hold, as bytes."""
    found = []
    async with site.db.read() as conn:
        for table in metadata.sorted_tables:
            for row in await conn.execute(select(table)):
                found += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\n".join(found)


async def erase_now(site: Site, school: People, pupil: str, **more: Any) -> Erased:
    """Erase, write the log, write the file anew."""
    async with site.db.write() as conn:
        order = Order(school.id, pupil, site.clock(), "terminal:root", "家长申请", **more)
        done = await erase(conn, site.app.state.env, order)
    await write_log(site.db, site.settings.var_dir)
    assert await compact(site.db)
    return done


async def test_a_pupil_is_gone_and_the_others_stay(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    await make_homes(site, school, pupils)
    teacher = await site.phone(school.phones["class_teacher"])
    helper = await site.phone(school.phones["teacher"])
    await teacher.sync()
    alone = visit(teacher, [pupils["龙䶮"]], pupils["home"], carer="single", home_fb=f"{NAME_OF}很懂事。")
    teacher.op("edit", "visit", alone, "home_visit", set={"carer": "one_away"})
    teacher.op("event", "visit", alone, "home_visit", event="submit")
    joint = visit(teacher, [pupils["龙䶮"], pupils["龙宁"]], pupils["home"], home_fb=f"{NAME_OF}和龙宁都好。")
    teacher.op("edit", "visit", joint, "home_visit", set={"opinion": "没有意见"})
    teacher.op("event", "visit", joint, "home_visit", event="submit")
    other = visit(teacher, [pupils["石桐国"]], pupils["lonely"], carer="single", home_fb="同桌很好。")
    visit(helper, ["nobody of this school"], home_fb=NAME_OF)  # held, about nobody known
    visit(teacher, [pupils["龙䶮"]], carer=7)  # held, about the pupil
    for phone in (teacher, helper, teacher):
        await phone.sync()
    rows = await raw_rows(site)
    assert [word for word in WORDS if word in rows] == list(WORDS), "the control is found"

    async with site.db.write() as conn:
        assert (await look(conn, site.app.state.env, school.id, pupils["龙䶮"])).gone["student"] == 1
    done = await erase_now(site, school, pupils["龙䶮"])
    assert done.gone == {"held": 1, "student": 1, "visit": 1}
    assert done.shared == {"building": 1, "household": 1, "visit": 1}
    (stranger,) = done.named
    assert stranger == f"{helper.client}:1"

    await teacher.sync()
    assert not {pupils["龙䶮"], alone, f"{teacher.client}:8"} & teacher.docs.keys()
    assert teacher.docs[joint]["meta"]["students"] == [pupils["龙宁"]]
    assert teacher.docs[joint]["fields"] == {"home_fb": "○○和龙宁都好。", "opinion": "没有意见"}
    assert teacher.docs[joint]["state"] == "submitted"
    assert teacher.docs[other]["fields"]["carer"] == "single"
    assert {pupils["龙宁"], pupils["石桐国"], pupils["home"], pupils["lonely"]} <= teacher.docs.keys()
    fresh = await site.phone(school.phones["class_teacher"])
    await fresh.sync()
    assert fresh.docs.keys() == teacher.docs.keys()
    office = await site.phone(school.phones["office"])
    await office.sync()
    (building,) = [doc for doc in office.docs.values() if doc["kind"] == "building"]
    assert building["fields"]["rooms/203"]["beds"] == [{"bed": "1"}, {"bed": "2", "student": "x"}]

    await erase_again_everywhere(site, school, pupils)
    left = await raw_rows(site)
    assert not [word for word in WORDS if word in left]
    if site.db.dialect == "sqlite":
        for path in Path(str(site.db.url.database)).parent.glob("*.db*"):
            raw = path.read_bytes()
            assert not [word for word in WORDS if word in raw], path
            assert path.name.endswith(("-wal", "-shm")) or "龙宁".encode() in raw, "the control is found"
    async with site.db.read() as conn:
        tombs = {row.doc_id: row for row in await conn.execute(select(erasures))}
    assert tombs.keys() >= {pupils["龙䶮"], alone}
    assert (tombs[pupils["龙䶮"]].by, tombs[pupils["龙䶮"]].reason) == ("terminal:root", "家长申请")


async def erase_again_everywhere(site: Site, school: People, pupils: Pupils) -> None:
    """The one text of somebody else's record that still had the name is closed by hand: a second pupil's
    erasure with `everywhere` is how the name of a namesake's record goes."""
    namesake = (await add_pupils(site.app, school, **{NAME_OF: {"class": "一(1)班"}}))[NAME_OF]
    done = await erase_now(site, school, namesake, everywhere=True)
    assert done.named == []


async def test_a_household_without_another_pupil_goes_with_its_visits(
    site: Site, school: People, pupils: Pupils
) -> None:
    await make_homes(site, school, pupils)
    teacher = await site.phone(school.phones["class_teacher"])
    await teacher.sync()
    about_home = visit(teacher, [], pupils["lonely"], home_fb="家里没人。")
    await teacher.sync()
    assert teacher.results[1]["result"] == "applied"
    done = await erase_now(site, school, pupils["石桐国"])
    assert done.gone == {"household": 1, "student": 1, "visit": 1}
    await teacher.sync()
    assert not {about_home, pupils["lonely"], pupils["石桐国"]} & teacher.docs.keys()
    assert "石老三".encode() not in await raw_rows(site)
    with pytest.raises(NoPupil):
        await erase_now(site, school, pupils["石桐国"])


async def test_an_old_phone_comes_back_and_brings_nobody_back(
    site: Site, school: People, pupils: Pupils
) -> None:
    """What it says about the pupil is answered and not kept; what it says about others is."""
    await make_homes(site, school, pupils)
    old = await site.phone(school.phones["class_teacher"])
    await old.sync()
    known = visit(old, [pupils["龙䶮"]], carer="single")
    joint = visit(old, [pupils["龙䶮"], pupils["龙宁"]], carer="single")
    await old.sync()
    old.op("edit", "visit", known, "home_visit", set={"home_fb": f"{NAME_OF}在家。"}, was={"home_fb": ""})
    late = visit(old, [pupils["龙䶮"]], home_fb=NAME_OF)
    old.op("edit", "visit", late, "home_visit", set={"opinion": NAME_OF})
    old.op("event", "visit", late, "home_visit", event="submit")
    both = visit(old, [pupils["龙䶮"], pupils["龙宁"]], carer="one_away")
    old.op("edit", "visit", joint, "home_visit", set={"carer": "both_away"})
    again = old.op("edit", "visit", known, "home_visit", set={"carer": "other"})
    before = old.exchange
    await erase_now(site, school, pupils["龙䶮"])
    await old.sync()

    found = {n: (r["result"], r["code"], r["params"]) for n, r in old.results.items() if n > 2}
    turned = ("held", "unknown_doc", {"erased": True})
    assert {n for n, one in found.items() if one == turned} == {3, 4, 5, 6, 9}
    assert found[7] == found[8] == ("applied", None, {})
    assert old.results[7]["warnings"] == [{"field": "", "code": "erased"}]
    assert old.docs[both]["meta"]["students"] == [pupils["龙宁"]]
    assert old.docs[joint]["fields"]["carer"] == "both_away"
    assert not {pupils["龙䶮"], known, late} & old.docs.keys()
    old.op("edit", "visit", late, "home_visit", set={"opinion": f"再说一次{NAME_OF}"})
    await old.sync()
    assert old.results[10]["params"] == {"erased": True}
    left = await raw_rows(site)
    assert not [word for word in WORDS if word in left]
    # a reply was lost: the same op again has the same answer, another in its place is noticed
    (answer,) = (await before([again]))["results"]
    assert answer == old.results[9]

    office: Client = Client(browser(site.app))
    assert (await office.sign_in(school.phones["office"], PASSWORD)).status_code == 201
    page = await office.get(f"/office/held/{old.client}:4")
    assert "写的是已删除的学生" in page.text
    closed = await office.post(
        f"/office/held/{old.client}:4/close", data={"csrf": office.csrf, "reason": "知道了"}
    )
    assert closed.status_code == 303
    await old.sync()
    assert old.docs[f"{old.client}:4"]["state"] == "closed"
    await office.http.aclose()


@pytest.mark.parametrize("way", ["database", "log beside the backups", "file"])
async def test_a_restore_of_an_older_backup_erases_again(
    site: Site, school: People, pupils: Pupils, tmp_path: Path, way: str
) -> None:
    await make_homes(site, school, pupils)
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    alone = visit(phone, [pupils["龙䶮"]], home_fb=NAME_OF)
    await phone.sync()
    backups, elsewhere = tmp_path / "backups", tmp_path / "elsewhere"
    backups.mkdir()
    elsewhere.mkdir()
    await write_backup(site.settings, backups / "old", PASSPHRASE)
    unseen = visit(phone, [pupils["龙䶮"]], home_fb=f"备份没见过{NAME_OF}")
    await phone.sync()
    await erase_now(site, school, pupils["龙䶮"])
    kept = {op["seq"]: op for op in phone.kept.values()}
    if way == "log beside the backups":
        await write_backup(site.settings, backups / "young", "")
        assert not [w for w in WORDS if w in (backups / "young").read_bytes()]
    log = site.settings.var_dir / NAME
    assert {row["doc_id"] for row in read_log(log)} == {pupils["龙䶮"], alone, unseen}
    assert NAME_OF not in log.read_text("utf-8")
    if way != "database":
        async with site.db.write() as conn:
            await conn.execute(text("DELETE FROM erasures"))
        log.replace(elsewhere / NAME)
    await site.stop()
    files = (elsewhere / NAME,) if way == "file" else ()
    restored = await read_backup(site.settings, backups / "old", PASSPHRASE, True, False, files)
    site.start()
    site.connect(phone)
    assert restored.erased == 1

    phone.kept = kept
    await phone.sync_through()
    assert not {pupils["龙䶮"], alone, unseen} & phone.docs.keys()
    assert pupils["龙宁"] in phone.docs
    left = await raw_rows(site)
    assert not [word for word in WORDS if word in left]
    async with site.db.read() as conn:
        state = select(docs.c.state).where(docs.c.id == pupils["龙䶮"])
        assert (await conn.execute(state)).scalar_one() == "erased"
