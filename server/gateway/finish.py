"""The end of a unit of work: docs, references, tags and holds go to the database, each in one batch."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import audience, principal_of
from server.db import inserting
from server.gateway.clock import occurred_at
from server.gateway.models import doc_refs, doc_tags, docs, holds
from server.gateway.release import held_op
from server.gateway.work import Work, chunks, refs_of
from server.prepared import run, run_many
from server.schools import schools
from sync.doc import Doc, Register, encode

TAG = 80  # characters of a tag that are kept, on both sides of the meeting

# Run for every push: made once, as building a statement costs more than running it.
_COUNT = update(schools).where(schools.c.id == bindparam("school")).values(rev=bindparam("last"))
_IDS = bindparam("ids", expanding=True)
_STANDING = select(doc_tags.c.doc_id, doc_tags.c.tag, doc_tags.c.view).where(
    doc_tags.c.school_id == bindparam("school"), doc_tags.c.doc_id.in_(_IDS), doc_tags.c.removed.is_(None)
)
_ABOUT = select(doc_refs.c.doc_id).where(
    doc_refs.c.school_id == bindparam("school"), doc_refs.c.ref.in_(_IDS)
)
_REFER = insert(doc_refs)
_END_TAG = (
    update(doc_tags)
    .where(
        doc_tags.c.school_id == bindparam("b_school_id"),
        doc_tags.c.doc_id == bindparam("b_doc_id"),
        doc_tags.c.tag == bindparam("b_tag"),
        doc_tags.c.view == bindparam("b_view"),
        doc_tags.c.removed.is_(None),
    )
    .values(removed=bindparam("b_added"))
)


async def finish(work: Work) -> None:
    """Write what changed. Nothing changed: nothing is written and the school's counter stands still."""
    changed = work.changed()
    if not changed:
        return
    await _write_docs(work, changed)
    await _write_refs(work, changed)
    await _write_tags(work, await _affected(work, changed))
    for doc in changed:
        if doc.kind == "person":
            await _write_holds(work, doc)
    await run(work.conn, _COUNT, {"school": work.school, "last": work.rev})


def upsert(conn: AsyncConnection, table: Any) -> Any:
    """An INSERT that replaces the row with the same key, in the database's own words."""
    return _upsert(conn.dialect.name, table)


@cache
def _upsert(dialect: str, table: Any) -> Any:
    statement = inserting(dialect, table)
    keys = [c.name for c in table.primary_key]
    rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


async def _write_docs(work: Work, changed: list[Doc]) -> None:
    rows = [
        {
            "school_id": work.school,
            "id": doc.id,
            "kind": doc.kind,
            "rev": doc.rev,
            "form": doc.form,
            "form_version": doc.form_version,
            "state": doc.state,
            "author": doc.author,
            "occurred": occurred(doc),
            "body": encode(doc),
        }
        for doc in changed
    ]
    await run_many(work.conn, upsert(work.conn, docs), rows)


def occurred(doc: Doc) -> str | None:
    """The local day that a doc is about, `2026-11-20`, for lists and filters."""
    values = doc.some("occurred_at", "clock", "due", "date")
    for found in (
        occurred_at(values),
        doc.meta.get("night"),
        values.get("due"),
        values.get("date"),
        doc.created_at,
    ):
        if isinstance(found, str):
            return found[:10]
    return None


async def _write_refs(work: Work, changed: list[Doc]) -> None:
    now = {(doc.id, ref) for doc in changed for ref in refs_of(doc)}
    was = {
        (i, ref)
        for doc in changed
        if (old := work.before[doc.id]) is not None
        for i, ref in ((doc.id, r) for r in refs_of(old))
    }
    if now - was:
        rows = [{"school_id": work.school, "doc_id": i, "ref": ref} for i, ref in sorted(now - was)]
        await run_many(work.conn, _REFER, rows)
    for doc_id, ref in sorted(was - now):
        await work.conn.execute(
            delete(doc_refs).where(
                doc_refs.c.school_id == work.school, doc_refs.c.doc_id == doc_id, doc_refs.c.ref == ref
            )
        )


def _sleepers(building: Doc | None) -> set[str]:
    """Ids of the pupils who have a bed in a building."""
    found: set[str] = set()
    for path, field in building.fields.items() if building else ():
        if path.startswith("rooms/") and isinstance(field, Register) and isinstance(field.value, dict):
            beds = field.value.get("beds") or []
            found |= {bed["student"] for bed in beds if isinstance(bed, dict) and bed.get("student")}
    return found


def _moves(before: Doc | None, after: Doc) -> bool:
    """Whether a pupil's change may change who sees the pupil's records."""
    if before is None:
        return True
    old, new = before.values(), after.values()
    return any(old.get(k) != new.get(k) for k in ("class", "helpers", "boards", "household"))


async def _affected(work: Work, changed: list[Doc]) -> list[Doc]:
    """The changed docs and those whose audience may follow from them."""
    ids = {doc.id for doc in changed}
    moved = [doc for doc in changed if doc.kind == "student" and _moves(work.before[doc.id], doc)]
    known = [doc.id for doc in moved if work.before[doc.id] is not None]
    for part in chunks(known):
        ids |= set((await run(work.conn, _ABOUT, {"school": work.school, "ids": part})).scalars())
    for doc in moved:
        for version in (work.before[doc.id], doc):
            ids |= {h for h in [version.values().get("household") if version else None] if h}
    for doc in changed:
        if doc.kind == "building":
            beds = _sleepers(work.before[doc.id]) ^ _sleepers(doc)
            await work.load(beds)
            ids |= {leave.id for leave in await work.referring(beds, "leave")}
            ids |= beds | {h for i in beds if (s := work.get(i)) and (h := s.values().get("household"))}
    await work.load(ids)
    return [doc for i in sorted(ids) if (doc := work.get(i)) is not None]


async def _write_tags(work: Work, affected: list[Doc]) -> None:
    wanted = await _wanted_tags(work, affected)
    standing: dict[str, set[tuple[str, str]]] = {doc_id: set() for doc_id in wanted}
    for part in chunks(i for i in wanted if work.before[i] is not None):
        for doc_id, tag, view in await run(work.conn, _STANDING, {"school": work.school, "ids": part}):
            standing[doc_id].add((tag, view))
    new, gone = [], []
    for doc_id, tags in wanted.items():
        new += [_tag_row(work, doc_id, t) for t in sorted(tags - standing[doc_id])]
        gone += [_tag_row(work, doc_id, t) for t in sorted(standing[doc_id] - tags)]
    if gone:
        await run_many(work.conn, _END_TAG, [{f"b_{k}": v for k, v in row.items()} for row in gone])
    if new:
        await run_many(work.conn, upsert(work.conn, doc_tags), [{**row, "removed": None} for row in new])


def _tag_row(work: Work, doc_id: str, tag: tuple[str, str]) -> dict[str, Any]:
    return {
        "school_id": work.school,
        "doc_id": doc_id,
        "tag": tag[0][:TAG],
        "view": tag[1],
        "added": work.rev,
    }


async def _wanted_tags(work: Work, affected: list[Doc]) -> dict[str, set[tuple[str, str]]]:
    """Each doc's tags, from the pupils it is about and the buildings they sleep in."""
    pupils = {doc.id: refs_of(doc) for doc in affected}
    await work.load(i for refs in pupils.values() for i in refs)
    homes = await _households(work, [doc.id for doc in affected if doc.kind == "household"])
    beds: dict[str, set[str]] = {}
    if any(doc.kind in ("student", "leave", "household") for doc in affected):
        for building in await work.of_kind("building"):
            for student in _sleepers(building):
                beds.setdefault(student, set()).add(building.id)
    about = {doc.id: await _about(work, doc) for doc in affected if doc.kind == "held"}
    wanted = {}
    for doc in affected:
        ids = homes.get(doc.id, set()) if doc.kind == "household" else pupils[doc.id]
        students = [s for i in sorted(ids) if (s := work.get(i)) is not None and s.kind == "student"]
        rooms = set().union(*(beds.get(i, set()) for i in (*ids, doc.id)))
        wanted[doc.id] = audience(doc, students, sorted(rooms), about.get(doc.id))
    return wanted


async def _households(work: Work, ids: list[str]) -> dict[str, set[str]]:
    """Household id → the pupils who live there."""
    found: dict[str, set[str]] = {}
    if ids:
        for student in await work.referring(ids, "student"):
            found.setdefault(student.values().get("household") or "", set()).add(student.id)
    return found


async def _about(work: Work, held: Doc) -> Doc | None:
    """The doc that a held op wanted to change, or one of the sort that it wanted to make."""
    op = held_op(held)
    if op is None or work.env.forms.get(op.form, op.form_version) is None:
        return None
    await work.load([op.doc])
    return work.get(op.doc) or Doc(op.kind, "", 0, op.form or "", 1, state="submitted")


async def _write_holds(work: Work, person: Doc) -> None:
    where = (holds.c.school_id == work.school) & (holds.c.user_id == person.id) & holds.c.removed.is_(None)
    standing = set((await work.conn.execute(select(holds.c.tag).where(where))).scalars())
    wanted = {tag[:TAG] for tag in principal_of(person, work.school).tags()}
    if gone := _sorted(standing - wanted):
        await work.conn.execute(update(holds).where(where, holds.c.tag.in_(gone)).values(removed=work.rev))
    if new := _sorted(wanted - standing):
        rows = [
            {"school_id": work.school, "user_id": person.id, "tag": t, "added": work.rev, "removed": None}
            for t in new
        ]
        await work.conn.execute(upsert(work.conn, holds), rows)


def _sorted(tags: Iterable[str]) -> list[str]:
    return sorted(tags)
