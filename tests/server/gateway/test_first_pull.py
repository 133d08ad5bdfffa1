"""A first pull, page by page, while what it brings changes, enters the scope and leaves it."""

from itertools import cycle

import pytest
from litestar import Litestar

from server.access import load_principal
from server.db import Database
from server.gateway.moved import Place, moved_ever, standing_after
from sync.doc import decode
from tests.conftest import People
from tests.server.gateway.conftest import MakePhone
from tests.server.gateway.test_moved import ROLES, a_term_of_changes, edit
from tests.server.village import make_village


@pytest.mark.parametrize("role", ROLES)
async def test_it_brings_all_that_is_in_scope(
    app: Litestar, app_db: Database, school: People, role: str
) -> None:
    village = await make_village(app, school)
    await a_term_of_changes(village)
    async with app_db.read() as conn:
        who = await load_principal(conn, school.ids[role], school.id)
        assert who
        ever, views = await moved_ever(conn, who, Place(0, ""), 10_000)
        alive = sorted((decode(doc.body).rev, doc.id) for doc in ever if doc.alive)
        last = alive[-1][0]
        for limit in (1, 2, 10_000):
            since, found = Place(0, ""), []
            while page := (await standing_after(conn, who, since, last, limit))[0]:
                found += page
                since = Place(page[-1].place, page[-1].id)
            assert [(doc.place, doc.id) for doc in found] == alive
        seen = (await standing_after(conn, who, Place(0, ""), last, 10_000))[1]
        before = (await standing_after(conn, who, Place(0, ""), last - 1, 10_000))[0]
    assert seen == {ident: views[ident] for _, ident in alive}
    assert [doc.id for doc in before] == [ident for rev, ident in alive if rev < last]


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("role", ["class_teacher", "teacher", "office"])
async def test_what_moves_meanwhile_comes_after_it(
    app: Litestar, school: People, phone_of: MakePhone, role: str, limit: int
) -> None:
    village = await make_village(app, school)
    helper = school.ids["teacher"]
    visits = [await village.visit(), await village.visit(pupil="sister")]
    changes = cycle(
        [
            ("pupil", {"class": "四(1)班"}),
            ("stranger", {"class": "三(2)班"}),
            ("sister", {"helpers": {"add": [helper]}}),
            ("pupil", {"class": "三(2)班", "helpers": {"add": [helper]}}),
            ("sister", {"helpers": {"remove": [helper]}, "pinyin": "yang si yu"}),
            ("stranger", {"class": "四(1)班"}),
        ]
    )
    phone = await phone_of(school.phones[role])
    pages, more = 0, True
    while more and pages < 12:
        answer = await phone.exchange([], limit)
        phone.take(answer)
        more, pages = answer["more"], pages + 1
        name, values = next(changes)
        await edit(village, name, **values)
    assert pages > 3
    await phone.sync(limit)
    fresh = await phone_of(school.phones[role])
    await fresh.sync()
    assert phone.docs == fresh.docs
    assert set(visits) <= fresh.docs.keys() or role == "teacher"


async def test_nobody_is_told_at_first_what_has_left_the_scope_long_ago(
    app: Litestar, school: People, phone_of: MakePhone
) -> None:
    village = await make_village(app, school)
    await edit(village, "pupil", **{"class": "五(1)班"})
    phone = await phone_of(school.phones["class_teacher"])
    answer = await phone.exchange([], 1)
    dropped = answer["drop"]
    while answer["more"]:
        phone.take(answer)
        answer = await phone.exchange([], 1)
        dropped += answer["drop"]
    assert dropped == []
    assert village.pupil not in phone.docs
