"""An erased pupil is gone: from the database and its file, from phones, backups, and what comes late."""

from pathlib import Path

import pytest
from sqlalchemy import select

from server.erasure.erase import NoPupil, look
from server.erasure.models import erasures
from tests.conftest import PASSWORD, Client, People, browser
from tests.server.backup.conftest import Site
from tests.server.erasure.conftest import Pupils
from tests.server.erasure.people import NAME_OF, WORDS, erase_now, make_homes, raw_rows, visit
from tests.server.gateway.conftest import add_pupils


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
