"""Erasing, in one transaction: docs, ops, answers, history, what imports remember; and again after a restore.

No record names a file yet. What holds files will have them deleted in `_bury`, by the docs that named them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import insert_or_ignore
from server.erasure.find import Found, find, rows_with
from server.erasure.models import ERASED, KIND_LENGTH, erasures
from server.erasure.redact import GONE, Names, blanked, cut, cut_doc, cut_op
from server.gateway.finish import finish
from server.gateway.models import doc_refs, doc_tags, docs, ops
from server.gateway.work import Env, Work, chunks
from server.roster.models import idents, import_files, import_jobs, imported
from server.schools import schools
from server.vaults.files import put_away_waiting
from sync.doc import Doc
from sync.protocol import Result
from sync.protocol import encode as encode_json

_result = msgspec.json.Decoder(Result).decode
Tombstone = dict[str, Any]  # a row of `erasures`
OWN_NAMES = ("student", "person", "form")
"""Kinds in which the same name is somebody else's own."""


class Order(msgspec.Struct, frozen=True):
    """Whose erasure, when it was decided, by whom and why. `everywhere`: the name goes from the texts of
    other records too."""

    school: str
    pupil: str
    at: datetime
    by: str
    reason: str
    everywhere: bool = False
    also: tuple[str, ...] = ()


class Erased(msgspec.Struct, frozen=True):
    """Docs gone and shared docs that were cut, by kind; ids of others in which the name still stands."""

    gone: dict[str, int]
    shared: dict[str, int]
    named: list[str]


class NoPupil(Exception):
    """There is no such pupil at this school."""


async def look(conn: AsyncConnection, env: Env, school: str, pupil: str) -> Erased:
    """What an erasure would do. Raises NoPupil, NoSchool."""
    work = await Work.begin(conn, env, school)
    found = await _found(work, pupil, ())
    return Erased(_count(found.gone), _count(found.shared), await _elsewhere(work, found))


async def erase(conn: AsyncConnection, env: Env, order: Order) -> Erased:
    """Erase a pupil. What is left: a row for each doc that is gone, without contents. Raises NoPupil."""
    work = await Work.begin(conn, env, order.school)
    found = await _found(work, order.pupil, order.also)
    named = await _elsewhere(work, found)
    if order.everywhere:
        await work.load(named)
        found.shared |= {i: doc for i in named if (doc := work.get(i)) and not _has_own_name(doc)}
        named = [i for i in named if i not in found.shared]
    await _bury(work, found, order)
    await _cut_ops(work, found, order.everywhere)
    await _cut_imports(work, found)
    for doc in found.shared.values():
        work.put(cut_doc(doc, found.names, work.rev))
    for gone in found.gone:
        work.docs[gone] = work.before[gone] = None
    await finish(work)
    await conn.execute(update(schools).where(schools.c.id == order.school).values(rev=work.rev))
    return Erased(_count(found.gone), _count(found.shared), named)


async def _found(work: Work, pupil: str, also: Iterable[str]) -> Found:
    await work.load([pupil])
    doc = work.get(pupil)
    if doc is None or doc.kind != "student":
        raise NoPupil(pupil)
    return await find(work, pupil, also)


def _count(found: dict[str, Any]) -> dict[str, int]:
    kinds = [doc.kind for doc in found.values()]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


async def _elsewhere(work: Work, found: Found) -> list[str]:
    """Docs that are not about the pupil and in which the name stands all the same: a text, a namesake."""
    if not (words := found.names.words):
        return []
    ids = {doc async for _, doc in rows_with(work, docs, docs.c.id, (), words)}
    ids |= {doc async for _, doc in rows_with(work, ops, ops.c.seq, (), words)}
    await work.load(ids)
    known = {i for i in ids if work.get(i) is not None}  # an op for a doc that never was is a held doc's
    return sorted(known - found.gone.keys() - found.shared.keys())


async def _bury(work: Work, found: Found, order: Order) -> None:
    """Empty the rows of docs and ops, and remember that they are gone."""
    conn, school = work.conn, work.school
    for part in chunks(found.gone):
        here = (docs.c.school_id == school) & docs.c.id.in_(part)
        empty = {"rev": work.rev, "state": ERASED, "author": None, "occurred": None, "body": b""}
        await conn.execute(update(docs).where(here).values(**empty))
        standing = (doc_tags.c.school_id == school) & doc_tags.c.doc_id.in_(part)
        await conn.execute(
            update(doc_tags).where(standing, doc_tags.c.removed.is_(None)).values(removed=work.rev)
        )
        about = or_(doc_refs.c.doc_id.in_(part), doc_refs.c.ref.in_(part))
        await conn.execute(delete(doc_refs).where(doc_refs.c.school_id == school, about))
        for table, column in ((idents, idents.c.student_id), (imported, imported.c.doc_id)):
            await conn.execute(delete(table).where(table.c.school_id == school, column.in_(part)))
    kinds = {doc.id: doc.kind for doc in found.gone.values()} | found.unmade
    reason = blanked(order.reason, found.names.words)
    for doc_id, kind in kinds.items():
        row: Tombstone = {"school_id": school, "doc_id": doc_id, "kind": kind[:KIND_LENGTH]}
        row |= {"pupil": order.pupil, "rev": work.rev, "erased": order.at, "by": order.by}
        row |= {"reason": reason, "everywhere": order.everywhere}
        await insert_or_ignore(conn, erasures, row)


async def _cut_ops(work: Work, found: Found, everywhere: bool) -> None:
    """Ops of what is gone lose their bodies, others what names the pupil. Digests stay: a phone that sends
    one again is told what it was told before."""
    gone = {*found.gone, *found.unmade}
    done = gone.union(found.shared)
    words = found.names.words if everywhere else ()
    more = rows_with(work, ops, ops.c.client_id, found.names.ids, words)
    named = {doc async for _, doc in more if not _has_own_name(work.get(doc))}
    query = select(ops.c.client_id, ops.c.seq, ops.c.doc_id, ops.c.body, ops.c.result)
    changed = []
    for part in chunks([*done, *named]):
        here = (ops.c.school_id == work.school) & ops.c.doc_id.in_(part)
        for row in await work.conn.execute(query.where(here)):
            names = found.names if row.doc_id in done else found.names._replace(words=words)
            changed.append(_cut_row(row, None if row.doc_id in gone else names))
    if changed:
        where = (ops.c.client_id == bindparam("client")) & (ops.c.seq == bindparam("number"))
        values = {"body": bindparam("left"), "result": bindparam("answer")}
        await work.conn.execute(update(ops).where(where).values(**values), changed)


def _has_own_name(doc: Doc | None) -> bool:
    """Whether the same name in this doc would be somebody else's own."""
    return doc is not None and doc.kind in OWN_NAMES


def _cut_row(row: Any, names: Names | None) -> dict[str, Any]:
    """A logged op without what names the erased; with `names` None, without anything."""
    body, answer = b"", _result(row.result)
    if names is not None:
        try:
            body = encode_json(cut_op(msgspec.json.decode(row.body, type=dict[str, Any]), names))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            names = None
    if names is None:
        answer = Result(answer.seq, answer.result, answer.rev, code=answer.code)
    return {"client": row.client_id, "number": row.seq, "left": body, "answer": encode_json(answer)}


async def _cut_imports(work: Work, found: Found) -> None:
    """What imports remember: cells of shared docs, reports. Uploads that wait go, and files of unsent work,
    whose ops are sealed: they can be brought again, and are then looked at like any push."""
    conn, school, names = work.conn, work.school, found.names
    query = select(imported).where(imported.c.school_id == school)
    for row in (await conn.execute(query)).all():
        cells = msgspec.json.decode(row.cells, type=dict[str, Any])
        left = {p: c for p, v in cells.items() if (c := cut(v, names, True)) is not GONE}
        if left != cells and row.doc_id in found.shared:
            here = (imported.c.school_id == school) & (imported.c.doc_id == row.doc_id)
            await conn.execute(update(imported).where(here).values(cells=encode_json(left)))
    query = select(import_jobs.c.id, import_jobs.c.summary).where(import_jobs.c.school_id == school)
    for job in (await conn.execute(query)).all():
        if job.summary and (left := cut(job.summary, names, True)) != job.summary:
            here = (import_jobs.c.school_id == school) & (import_jobs.c.id == job.id)
            await conn.execute(update(import_jobs).where(here).values(summary=left))
    await conn.execute(delete(import_files).where(import_files.c.school_id == school))
    await put_away_waiting(conn, school)


async def tombstones(conn: AsyncConnection) -> list[Tombstone]:
    """Every tombstone of the database."""
    query = select(erasures).order_by(erasures.c.school_id, erasures.c.doc_id)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def erase_again(conn: AsyncConnection, env: Env, known: Iterable[Tombstone]) -> int:
    """After a restore: put the tombstones in, and erase what came back with the backup. How many pupils."""
    rows = list(known)
    here = set((await conn.execute(select(schools.c.id))).scalars())
    for row in rows:
        if row["school_id"] in here:
            await insert_or_ignore(conn, erasures, row)
    count = 0
    for row in rows:
        if row["doc_id"] != row["pupil"] or row["school_id"] not in here:
            continue
        also = [r["doc_id"] for r in rows if r["pupil"] == row["pupil"] and r["doc_id"] != row["pupil"]]
        said = {name: row[name] for name in ("by", "reason", "everywhere")}
        order = Order(row["school_id"], row["pupil"], row["erased"], also=tuple(also), **said)
        try:
            await erase(conn, env, order)
        except NoPupil:
            continue
        count += 1
    return count
