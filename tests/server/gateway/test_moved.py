"""Both ways to what moved since a place give the same, whatever moved, entered and left."""

import json

import pytest
from litestar import Litestar

from server.access import load_principal
from server.db import Database
from server.gateway.moved import Place, moved_ever, moved_lately
from server.gateway.visible import Sight, visible
from server.schools import schools
from sync.doc import decode
from sync.protocol import Op
from tests.conftest import People
from tests.server.village import Village, make_village


async def edit(village: Village, name: str, **values: object) -> None:
    """The server's hand changes a pupil."""
    op = Op(0, "edit", "student", village.ids[name], base=10**6, form="student", form_version=1, set=values)
    results = await village.ops("server", op)
    assert [r.result for r in results] in (["applied"], ["merged"])


async def a_term_of_changes(village: Village) -> None:
    """Visits, pupils who come and go, a helper who is given and taken, a building that fills."""
    helper = village.people.ids["teacher"]
    await village.visit()
    await edit(village, "sister", **{"class": "三(2)班"})
    await edit(village, "pupil", helpers={"add": [helper]})
    await village.visit(submit=False)
    await edit(village, "pupil", **{"class": "五(1)班"})
    await edit(village, "pupil", helpers={"remove": [helper]}, boards=True)
    await village.visit(pupil="sister")
    await edit(village, "pupil", **{"class": "三(2)班"})


ROLES = ["class_teacher", "teacher", "dorm", "office", "general_affairs"]


@pytest.mark.parametrize("role", ROLES)
async def test_the_shorter_way_to_the_wire_shows_the_same(
    app: Litestar, app_db: Database, school: People, role: str
) -> None:
    village = await make_village(app, school)
    await a_term_of_changes(village)
    both = [school.ids["class_teacher"], school.ids["teacher"]]
    await village.disagree(await village.visit(visitors={"add": both}), carer="both_away")
    forms = app.state.env.forms
    async with app_db.read() as conn:
        who = await load_principal(conn, school.ids[role], school.id)
        assert who
        found, views = await moved_ever(conn, who, Place(0, ""), 10_000)
    sight, shown = Sight(forms), [(doc.body, views[doc.id]) for doc in found if doc.alive]
    assert shown
    for body, mine in shown:
        for seen in (mine, {"review"}, {"D"}, {"name"}, {"all"}, {"circle", "dorm"}):
            assert json.loads(sight.wire(body, seen)) == visible(decode(body), seen, forms).wire()


@pytest.mark.parametrize("role", ROLES)
async def test_both_ways_agree(app: Litestar, app_db: Database, school: People, role: str) -> None:
    village = await make_village(app, school)
    await a_term_of_changes(village)
    compared = 0
    async with app_db.read() as conn:
        who = await load_principal(conn, school.ids[role], school.id)
        assert who
        last = (await conn.execute(schools.select().where(schools.c.id == school.id))).one().rev
        everything, _ = await moved_ever(conn, who, Place(0, ""), 10_000)
        ids = ["", *(doc.id for doc in everything)]
        for rev in range(1, last + 1):
            for ident in ids[:: 1 + len(ids) // 4]:
                quick = await moved_lately(conn, who, Place(rev, ident), 7)
                if quick is not None:
                    found, views = await moved_ever(conn, who, Place(rev, ident), 7)
                    assert quick[0] == found
                    assert all(quick[1][doc.id] == views[doc.id] for doc in found if doc.alive)
                    compared += bool(found)
    assert compared > 10
