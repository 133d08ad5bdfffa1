"""What an answer said before is at hand, within the reader's rights."""

from __future__ import annotations

from litestar import Litestar

from server.access import load_principal, server_principal
from server.gateway import read
from server.gateway.past import kept_until
from server.schools import change_settings
from sync.history import Past
from sync.protocol import Op
from tests.conftest import NOON, Client, People
from tests.server.pages import past, words
from tests.server.reviews.test_review import FORM, open_record
from tests.server.reviews.test_settle import choose
from tests.server.village import Village


def edit(visit: str, base: int, **values: object) -> Op:
    """A later edit of a visit."""
    at = "2026-11-19T18:00:00+08:00"
    return Op(0, "edit", "visit", visit, base=base, form=FORM["form"], form_version=1, set=values, at=at)


async def history(app: Litestar, school: People, role: str, visit: str) -> list[Past]:
    """What `read.history` has for a role."""
    async with app.state.db.read() as conn:
        who = await load_principal(conn, school.ids[role], school.id) if role else server_principal(school.id)
        assert who is not None
        return await read.history(conn, app.state.env, who, visit)


async def test_the_office_sees_who_entered_what_and_how_it_went(
    app: Litestar, school: People, village: Village, office: Client
) -> None:
    both = {"add": [school.ids["class_teacher"], school.ids["teacher"]]}
    visit = await village.visit(visitors=both)
    await village.disagree(visit, carer="both_away")
    assert (await choose(office, visit, **{"pick.carer": "shown"})).status_code == 303
    shown = await history(app, school, "office", visit)
    await village.ops("class_teacher", edit(visit, 0, difficulty={"remove": ["study"], "add": ["money"]}))
    found = past(await open_record(office, visit))
    assert found == {
        "监护状况": ["双方外出李强填，11月19日 16:40陈主任 11月20日 12:00裁定"],
        "主要困难": ["学业王芳填，11月19日 17:25王芳 11月19日 18:00改掉"],
    }
    assert [one.value for one in shown] == ["both_away"]


async def test_a_term_of_keeping_is_told(
    app: Litestar, school: People, village: Village, office: Client
) -> None:
    visit = await village.visit()
    assert "保留到" not in words(await open_record(office, visit))
    async with app.state.db.write() as conn:
        terms = {"visit": [{"from": "2026-09-01", "days": 1095}]}
        await change_settings(conn, school.id, {"retention": terms})
    assert "这条记录和经过保留到2029年11月18日" in words(await open_record(office, visit))


async def test_the_audience_of_a_field_goes_along_with_its_history(
    app: Litestar, school: People, village: Village, office: Client
) -> None:
    visit = await village.visit(danger=True, school_fb="先前写的。")
    await village.ops("class_teacher", edit(visit, 0, danger=False))
    own = {one.path: one.value for one in await history(app, school, "class_teacher", visit)}
    assert own == {"danger": True}
    assert await history(app, school, "office", visit) == []
    assert await history(app, school, "dorm", visit) == []
    assert past(await open_record(office, visit)) == {}


async def test_a_released_op_takes_its_place_in_the_history_when_it_is_released(
    app: Litestar, school: People, village: Village, office: Client
) -> None:
    visit = await village.visit()
    await village.ops("teacher", edit(visit, 0, carer="both_away"))
    held = f"{village.clients['teacher']}:1"
    await village.ops("class_teacher", edit(visit, 0, carer="single"))
    released = await office.post(f"/office/held/{held}/release", data={"csrf": office.csrf})
    assert released.status_code == 303
    before = await history(app, school, "office", visit)
    assert [(one.value, one.how) for one in before] == [("one_away", "changed")]
    sibling = {"pick.carer": held}
    assert (await choose(office, visit, **sibling)).status_code == 303
    after = await history(app, school, "office", visit)
    found = [(one.value, one.how) for one in after]
    assert found == [("one_away", "changed"), ("single", "settled"), ("both_away", "chosen")]


def test_a_term_of_keeping_is_a_dated_setting() -> None:
    day = NOON.date()
    terms = [{"from": "2026-01-01", "days": 30}, {"from": "2026-09-01", "days": 10}]
    assert kept_until({}, "visit", day) is None
    assert kept_until({"retention": {"visit": terms}}, "problem", day) is None
    assert str(kept_until({"retention": {"visit": terms}}, "visit", day)) == "2026-11-30"
