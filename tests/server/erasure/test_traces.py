"""What an erasure leaves no trace of: reasons with a name, files that wait, ids written otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.db import new_id
from server.erasure.erase import Order, erase
from server.erasure.guard import Guard
from server.erasure.log import NAME, write_log
from server.erasure.models import erasures
from server.vaults.models import unsent_files
from sync.protocol import decode_op
from tests.conftest import People
from tests.server.backup.conftest import Site
from tests.server.erasure.conftest import Pupils
from tests.server.erasure.people import NAME_OF, WORDS, erase_now, raw_rows

ERASED = "01936b2e-aaaa-7000-8000-0000000000e1"
OTHER = "01936b2e-aaaa-7000-8000-0000000000e2"


async def test_a_reason_names_nobody(site: Site, school: People, pupils: Pupils) -> None:
    async with site.db.write() as conn:
        why = f"{NAME_OF}的家长申请"
        order = Order(school.id, pupils["龙䶮"], site.clock(), "terminal:root", why)
        await erase(conn, site.app.state.env, order)
        reasons = set((await conn.execute(select(erasures.c.reason))).scalars())
    await write_log(site.db, site.settings.var_dir)
    assert reasons == {"○○的家长申请"}
    assert "○○的家长申请" in (site.settings.var_dir / NAME).read_text("utf-8")
    assert not [word for word in WORDS if word in (site.settings.var_dir / NAME).read_bytes()]
    assert not [word for word in WORDS if word in await raw_rows(site)]


async def test_files_that_wait_go_with_an_erasure_and_those_taken_in_stay_listed(
    site: Site, school: People, pupils: Pupils
) -> None:
    now = site.clock()
    row = {
        "school_id": school.id,
        "uploader": "u",
        "uploaded": now,
        "user_id": "u",
        "client_id": "c",
        "ops": 1,
    }
    waiting = {**row, "id": new_id(), "body": b"sealed", "taken": None}
    taken = {**row, "id": new_id(), "body": None, "taken": now - timedelta(days=9)}
    elsewhere = {**waiting, "id": new_id(), "school_id": "another school"}
    async with site.db.write() as conn:
        await conn.execute(insert(unsent_files), [waiting, taken, elsewhere])
    await erase_now(site, school, pupils["龙䶮"])
    async with site.db.read() as conn:
        assert set((await conn.execute(select(unsent_files.c.id))).scalars()) == {
            taken["id"],
            elsewhere["id"],
        }


def escaped(word: str) -> str:
    """A word as JSON may write it as well."""
    return "".join(f"\\u{ord(letter):04X}" for letter in word)


@pytest.mark.parametrize("how", [str, escaped, lambda word: escaped(word[:3]) + word[3:]])
def test_an_id_is_known_however_it_is_written(how: Callable[[str], str]) -> None:
    op: dict[str, Any] = {
        "seq": 1,
        "op": "create",
        "kind": "visit",
        "doc": OTHER,
        "base": 0,
        "form": "home_visit",
    }
    op |= {"form_version": 1, "at": "2026-11-20T16:40:02+08:00", "meta": {"students": ["PUPIL", "x"]}}
    op |= {"set": {"home_fb": "第一\n第二\\"}}
    raw = json.dumps(op).replace("PUPIL", how(ERASED)).encode()
    passed = Guard({ERASED: ERASED}).look(raw, decode_op(raw))
    assert passed.cut
    assert json.loads(passed.raw)["meta"] == {"students": ["x"]}
    assert Guard({ERASED: ERASED}).look(raw, None).raw == b"", "also of one that can't be read"
    known = Guard({"01936b2e-aaaa-7000-8000-0000000000e9": "x"})
    assert known.look(raw, decode_op(raw)).raw == raw, "what names nobody stays to the byte"
