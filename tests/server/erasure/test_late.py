"""What reaches the server while somebody is being erased, or afterwards under odd names."""

from __future__ import annotations

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.erasure.erase import Order, erase
from server.erasure.models import erasures
from tests.conftest import People
from tests.phone import uuid7
from tests.server.backup.conftest import Site
from tests.server.erasure.conftest import Pupils
from tests.server.erasure.people import NAME_OF, WORDS, erase_now, raw_rows, visit

ODD = "k" * 80


async def until_somebody_waits(conn: AsyncConnection) -> None:
    """Come back once another connection waits for a lock; SQLite's writers wait before they connect."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(60):
        while conn.dialect.name == "postgresql" and not (await conn.exec_driver_sql(waiting)).scalar():
            pass


async def test_a_push_that_waits_for_the_school_s_first_erasure_knows_of_it(
    site: Site, school: People, pupils: Pupils
) -> None:
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    visit(phone, [pupils["龙䶮"]], home_fb=f"{NAME_OF}在家。")
    async with site.db.write() as conn:
        order = Order(school.id, pupils["龙䶮"], site.clock(), "terminal:root", "家长申请")
        await erase(conn, site.app.state.env, order)
        pushing = asyncio.create_task(phone.sync())
        await until_somebody_waits(conn)
    await pushing
    answer = phone.results[1]
    assert (answer["result"], answer["code"], answer["params"]) == ("held", "unknown_doc", {"erased": True})
    left = await raw_rows(site)
    assert not [word for word in WORDS if word in left]


async def test_a_record_of_a_kind_with_a_long_name_is_remembered_as_gone(
    site: Site, school: People, pupils: Pupils
) -> None:
    """One that waits when its pupil is erased, and one that comes afterwards."""
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    made = [uuid7(), uuid7()]
    for doc in made:
        phone.op("create", ODD, doc, ODD, set={}, meta={"students": [pupils["龙䶮"]]})
    late = phone.queue.pop()
    await phone.sync()
    assert (phone.results[1]["result"], phone.results[1]["params"].get("erased")) == ("held", None)
    await erase_now(site, school, pupils["龙䶮"])
    phone.queue.append(late)
    await phone.sync()
    assert (phone.results[2]["result"], phone.results[2]["params"]) == ("held", {"erased": True})
    async with site.db.read() as conn:
        query = select(erasures.c.doc_id, erasures.c.kind).where(erasures.c.doc_id.in_(made))
        assert dict((await conn.execute(query)).all()) == dict.fromkeys(made, ODD[:40])
