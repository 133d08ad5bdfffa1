"""What there is about a pupil: which docs go as a whole, which stay without what names them."""

import re
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec
from sqlalchemy import Table, select, tuple_

from server.erasure.redact import Names, subjects
from server.gateway.models import docs, ops
from server.gateway.release import held_op
from server.gateway.work import Work
from sync.doc import Doc, Register

ALONE = ("visit", "problem", "plan", "duty", "leave", "held")
"""Kinds that go as a whole if they are about nobody else. Buildings, meals and people never do."""
TEXTS = ("name", "pinyin", "enrolment_no")
AT_ONCE = 500  # rows that are looked through together
SHORTEST = 2  # characters of a word that is looked for in texts; one alone stands in too many others


class Found(msgspec.Struct):
    """What an erasure is going to do. `gone` and `shared` by id; `names`: what points at the pupil.

    `unmade`: docs that held ops wanted to begin about the pupil, with their kinds.
    """

    pupil: str
    gone: dict[str, Doc]
    shared: dict[str, Doc]
    names: Names
    unmade: dict[str, str]


async def find(work: Work, pupil: str, also: Iterable[str] = ()) -> Found:
    """Everything about a pupil; `also`: docs that are known to go with them.

    A household that no other pupil of the school lives in goes too, and then its visits.
    """
    await work.load([pupil, *also])
    gone = {i: doc for i in (pupil, *also) if (doc := work.get(i)) is not None}
    shared: dict[str, Doc] = {}
    grown = 0
    while len(gone) > grown:
        grown = len(gone)
        ids = frozenset(gone) | {pupil} | _unmade(gone).keys()
        await work.load([i async for i, _ in rows_with(work, docs, docs.c.id, ids)])
        shared = {}
        for doc in [d for d in work.docs.values() if d is not None and d.id not in gone]:
            if not _names(doc, ids):
                continue
            if _alone(doc, ids) or await _left_empty(work, doc, ids):
                gone[doc.id] = doc
            else:
                shared[doc.id] = doc
        homes = [h for d in gone.values() if d.kind == "student" and (h := d.values().get("household"))]
        for home in [doc for i in homes if i not in gone and (doc := await _loaded(work, i))]:
            if await _left_empty(work, home, ids):
                gone[home.id] = home
                shared.pop(home.id, None)
            else:
                shared[home.id] = home
    words = await _words(work, gone.get(pupil))
    unmade = _unmade(gone)
    return Found(pupil, gone, shared, Names(frozenset(gone) | {pupil} | unmade.keys(), words), unmade)


def _unmade(gone: dict[str, Doc]) -> dict[str, str]:
    """Docs that held ops among these wanted to begin: what followed for them is about the pupil too."""
    held = [op for doc in gone.values() if doc.kind == "held" and (op := held_op(doc))]
    return {op.doc: op.kind for op in held if op.op == "create" and op.doc not in gone}


async def rows_with(
    work: Work, table: Table, key: Any, ids: Iterable[str], words: Iterable[str] = ()
) -> AsyncIterator[tuple[Any, str]]:
    """Rows of a table (docs, ops) in whose bytes any of these stands: `key` and the doc that they are of."""
    spelled = [form for word in words for form in _spellings(word)]
    pattern = re.compile(b"|".join(re.escape(one) for one in [*(i.encode() for i in ids), *spelled]))
    doc = table.c.id if table is docs else table.c.doc_id
    order = [column for column in table.primary_key if column.name != "school_id"]
    query = select(key.label("key"), doc.label("doc"), table.c.body, *order).order_by(*order).limit(AT_ONCE)
    query = query.where(table.c.school_id == work.school)
    rows = (await work.conn.execute(query)).all()
    while rows:
        for row in rows:
            if pattern.search(row.body):
                yield row.key, row.doc
        rows = (await work.conn.execute(query.where(tuple_(*order) > tuple_(*rows[-1][3:])))).all()


def _spellings(word: str) -> list[bytes]:
    """A word as JSON may have it: plain, or with escapes."""
    escaped = "".join(c if c.isascii() else "".join(f"\\u{u:04x}" for u in _units(c)) for c in word)
    upper = re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m[0][2:].upper(), escaped)
    return list(dict.fromkeys(s.encode() for s in (word, escaped, upper)))


def _units(char: str) -> list[int]:
    raw = char.encode("utf-16-be")
    return [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)]


async def _loaded(work: Work, doc_id: str) -> Doc | None:
    await work.load([doc_id])
    return work.get(doc_id)


def _names(doc: Doc, ids: frozenset[str]) -> bool:
    raw = msgspec.json.encode(doc)
    return any(i.encode() in raw for i in ids)


def _alone(doc: Doc, ids: frozenset[str]) -> bool:
    """Whether a doc is about the erased and about no other pupil."""
    if doc.kind not in ALONE:
        return False
    if doc.kind == "held":
        return _held_alone(doc, ids)
    pupils = subjects({"meta": doc.meta, "fields": doc.values()})
    if pupils:
        return pupils <= ids
    return any(i in ids for i in (doc.meta.get("household"), doc.values().get("source")))


def _held_alone(held: Doc, ids: frozenset[str]) -> bool:
    op = held_op(held)
    if op is None:
        return True  # nobody can tell what else it is about
    body = msgspec.to_builtins(op)
    pupils = subjects(body)
    return op.doc in ids or (op.op == "create" and bool(pupils) and pupils <= ids)


async def _left_empty(work: Work, doc: Doc, ids: frozenset[str]) -> bool:
    """Whether it is a household in which no other pupil of the school lives."""
    if doc.kind != "household":
        return False
    return all(student.id in ids for student in await work.referring([doc.id], "student"))


async def _words(work: Work, pupil: Doc | None) -> tuple[str, ...]:
    """Names and numbers that the pupil has or had, the longest first."""
    if pupil is None:
        return ()
    found: set[Any] = set()
    for path in TEXTS:
        field = pupil.fields.get(path)
        if isinstance(field, Register):
            found |= {field.value, *(one.value for one in field.siblings)}
    query = select(ops.c.body).where(ops.c.school_id == work.school, ops.c.doc_id == pupil.id)
    for body in (await work.conn.execute(query)).scalars():
        found |= {v for path, v in _set(body).items() if path in TEXTS and isinstance(v, str)}
    words = {w.strip() for w in found if isinstance(w, str) and len(w.strip()) >= SHORTEST}
    return tuple(sorted(words, key=lambda w: (-len(w), w)))


def _set(raw: bytes) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    values = body.get("set") if isinstance(body, dict) else None
    return values if isinstance(values, dict) else {}
