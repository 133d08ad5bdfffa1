"""What the tests of erasing do again and again: homes, visits, all rows as bytes, the erasure itself."""

import json
from typing import Any

from sqlalchemy import select

from server.db import metadata
from server.erasure.compact import compact
from server.erasure.erase import Erased, Order, erase
from server.erasure.log import write_log
from tests.conftest import People
from tests.phone import Phone, uuid7
from tests.server.backup.conftest import Site
from tests.server.erasure.conftest import Pupils

NAME_OF = "龙䶮"
WORDS = (NAME_OF.encode(), json.dumps(NAME_OF)[1:-1].encode(), b"long yan zz")


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
