"""A long past for a school, by SQL alone: what so many revs of a live school leave in its database."""

from __future__ import annotations

import asyncio
from typing import Any

from server.access import load_principal
from server.app import create_app
from server.db import new_id
from server.gateway import write
from server.gateway.pull import Cursor, write_cursor
from server.settings import Settings
from sync.protocol import Op

from .school import School, bare

ANSWERS: dict[str, Any] = {
    "result": "met_guardian",
    "reason": {"add": ["routine"]},
    "met": {"add": ["grandparent"]},
    "occurred_at": "2026-11-19T17:25:00+08:00",
    "carer": "one_away",
    "difficulty": {"add": ["study"]},
    "commute": 45,
    "home_fb": "先写作业再喂鸡，奶奶说周末会带他去镇上看牙。",
    "actions": "周三晚视频一次。",
    "danger": False,
}
"""What is usually answered in a home visit, as an op sets it."""

_NUMBERS = """
CREATE TEMP TABLE numbers AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :docs * :each) SELECT i FROM n"""
_NAMED = """
CREATE TEMP TABLE named AS
SELECT i, printf('01000000-0000-7000-8000-%012x', i) AS id FROM numbers WHERE i <= :docs"""
_DOCS = """
INSERT INTO docs SELECT d.school_id, named.id, d.kind, :first + i * :each, d.form, d.form_version,
  d.state, d.author, d.occurred,
  CAST(replace(replace(CAST(d.body AS TEXT), d.id, named.id),
    '"rev":' || d.rev || ',"form"', '"rev":' || (:first + i * :each) || ',"form"') AS BLOB)
FROM docs d, named WHERE d.school_id = :school AND d.id = :like"""
_REFS = """
INSERT INTO doc_refs SELECT r.school_id, r.ref, named.id
FROM doc_refs r, named WHERE r.school_id = :school AND r.doc_id = :like"""
_TAGS = """
INSERT INTO doc_tags SELECT t.school_id, named.id, t.tag, t.view, :first + (i - 1) * :each + 1, NULL
FROM doc_tags t, named WHERE t.school_id = :school AND t.doc_id = :like AND t.removed IS NULL"""
_OPS = """
INSERT INTO ops SELECT 'history-' || (numbers.i % 8), numbers.i / 8 + 1, o.school_id, named.id, o.user_id,
  :first + numbers.i, o.received, o.digest, o.result, o.body, o.since
FROM ops o, numbers JOIN named ON named.i = (numbers.i - 1) / :each + 1
WHERE o.school_id = :school AND o.doc_id = :like AND o.seq = 2"""


def lengthen(school: School, revs: int, docs: int) -> None:
    """Give the school this many more revs: so many visits handed in, each changed `revs / docs` times.

    They are copies of one that was made as ever, all of the first teacher's class.
    """
    like = asyncio.run(_visit(school))
    conn = bare(school.file)
    conn.execute("PRAGMA synchronous = OFF")  # nobody measures this, nobody needs it
    (first,) = conn.execute("SELECT rev FROM schools WHERE id = ?", (school.id,)).fetchone()
    values = {"school": school.id, "like": like, "first": first, "docs": docs, "each": revs // docs}
    conn.execute("BEGIN")
    for statement in (_NUMBERS, _NAMED, _DOCS, _REFS, _TAGS, _OPS):
        conn.execute(statement, {k: v for k, v in values.items() if f":{k}" in statement})
    conn.execute("UPDATE schools SET rev = rev + ? WHERE id = ?", (revs, school.id))
    conn.execute("COMMIT")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()


def cursor_before(school: School, revs: int) -> str:
    """A cursor as somebody has it who was in step this many revs ago."""
    conn = bare(school.file)
    (last,) = conn.execute("SELECT rev FROM schools WHERE id = ?", (school.id,)).fetchone()
    (life,) = conn.execute("SELECT epoch FROM life").fetchone()
    conn.close()
    return write_cursor(Cursor(life, school.id, last - revs, ""))


async def _visit(school: School) -> str:
    """One visit, made and handed in by the first teacher; its id."""
    app = create_app(Settings(var_dir=school.folder, database_url=f"sqlite:///{school.file}"))
    ident = new_id()
    form: dict[str, Any] = {"form": "home_visit", "form_version": 1, "at": "2026-11-19T17:25:00+08:00"}
    try:
        async with app.state.db.write() as conn:
            who = await load_principal(conn, school.teachers[0], school.id)
            if who is None:
                raise LookupError(school.teachers[0])
            ops = [
                Op(0, "create", "visit", ident, set=ANSWERS, meta={"students": [school.pupils[0]]}, **form),
                Op(0, "event", "visit", ident, event="submit", from_="draft", **form),
            ]
            await write.submit(conn, app.state.env, who, new_id(), ops)
    finally:
        await app.state.db.close()
    return ident
