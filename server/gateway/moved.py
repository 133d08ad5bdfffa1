"""Docs that changed, entered or left somebody's scope after a place in the order of the pull.

Two ways to the same answer. For someone who was in step lately: whatever moved since then, held against the
tags that the person holds; it costs what has changed, however long the school's history is. For anyone else
(a long absence, new roles): all that the person's tags lead to, put in order for each page. A first sync has
nothing to be told of what was: it reads what is in the scope now, by revs, each page at a page's cost.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, bindparam, case, func, literal, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway.models import doc_tags, docs, holds
from server.gateway.scope import Views, meeting, overlapping, standing, views_of
from server.gateway.work import chunks
from server.prepared import run

LATELY = 1000
"""Docs that moved since a place, up to which somebody counts as having been in step lately."""


class Moved(NamedTuple):
    """A doc and its place in the pull; `alive`: it is in the scope now, else it left there."""

    place: int
    id: str
    kind: str
    body: bytes
    alive: bool


class Place(NamedTuple):
    """A rev, and the last id of it that was sent ("" when all of it was)."""

    rev: int
    doc: str

    @property
    def at(self) -> int:
        """The first rev of which something may still have to come."""
        return self.rev if self.doc else self.rev + 1

    def is_before(self, rev: int, doc: str) -> bool:
        """Whether what lies there has not been sent yet."""
        return rev > self.rev or (bool(self.doc) and rev == self.rev and doc > self.doc)


Found = tuple[list[Moved], Views]
"""Docs in order, and the person's views of those in scope."""


async def moved_lately(conn: AsyncConnection, who: Principal, since: Place, limit: int) -> Found | None:
    """Up to `limit` docs after `since`; None for someone who was not in step lately."""
    if not since.rev:
        return None
    held = list(await run(conn, _HOLDS, {"school": who.school, "user": who.user}))
    if any(max(hold.added, hold.removed or 0) >= since.at for hold in held):
        return None
    values = {"school": who.school, "at": since.at, "limit": LATELY + 1}
    ids = list((await run(conn, _LATELY, values)).scalars())
    return await _meeting(conn, who, since, limit, held, ids) if len(ids) <= LATELY else None


async def moved_ever(conn: AsyncConnection, who: Principal, since: Place, limit: int) -> Found:
    """Up to `limit` docs after `since`, for anyone."""
    values = {"school": who.school, "user": who.user, "rev": since.rev, "doc": since.doc, "limit": limit}
    rows = await conn.execute(_all(conn.dialect.name), values)
    found = [Moved(row.place, row.id, row.kind, row.body, bool(row.alive)) for row in rows]
    return found, await views_of(conn, who, [doc.id for doc in found if doc.alive])


async def standing_after(
    conn: AsyncConnection, who: Principal, since: Place, until: int, limit: int
) -> Found:
    """Up to `limit` docs in scope now whose revs lie after a place and not after a rev; placed by them."""
    values = {"school": who.school, "user": who.user, "until": until, "limit": limit}
    values |= {"rev": since.rev, "doc": since.doc}
    found = await run(conn, _standing(conn.dialect.name), values)
    views = {row.id: set(row.views.split(",")) for row in found}
    rows = await _rows(conn, _DOCS, who, views)
    return sorted(Moved(row.rev, row.id, row.kind, row.body, True) for row in rows), views


_SCHOOL = bindparam("school")
_HOLDS = select(holds.c.tag, holds.c.added, holds.c.removed).where(
    holds.c.school_id == _SCHOOL, holds.c.user_id == bindparam("user")
)
_AT = bindparam("at", type_=BigInteger)
_LATELY = union(  # each part reads one index
    select(docs.c.id).where(docs.c.school_id == _SCHOOL, docs.c.rev >= _AT),
    select(doc_tags.c.doc_id).where(doc_tags.c.school_id == _SCHOOL, doc_tags.c.added >= _AT),
    select(doc_tags.c.doc_id).where(doc_tags.c.school_id == _SCHOOL, doc_tags.c.removed >= _AT),
).limit(bindparam("limit"))
_IDS = bindparam("ids", expanding=True)
_TAGS = select(
    doc_tags.c.doc_id, doc_tags.c.tag, doc_tags.c.view, doc_tags.c.added, doc_tags.c.removed
).where(doc_tags.c.school_id == _SCHOOL, doc_tags.c.doc_id.in_(_IDS))
_DOCS = select(docs.c.id, docs.c.kind, docs.c.rev, docs.c.body).where(
    docs.c.school_id == _SCHOOL, docs.c.id.in_(_IDS)
)


async def _meeting(
    conn: AsyncConnection, who: Principal, since: Place, limit: int, held: Iterable[Any], ids: list[str]
) -> Found:
    """Those of these docs that the person's tags meet, or once met."""
    mine: dict[str, list[Any]] = {}
    for hold in held:
        mine.setdefault(hold.tag, []).append(hold)
    entered: dict[str, int] = {}
    views: Views = {}
    for tag in await _rows(conn, _TAGS, who, ids):
        for hold in mine.get(tag.tag, ()):
            if not _overlap(tag, hold):
                continue
            last = max(tag.added, hold.added, tag.removed or 0, hold.removed or 0)
            entered[tag.doc_id] = max(last, entered.get(tag.doc_id, 0))
            if tag.removed is None and hold.removed is None:
                views.setdefault(tag.doc_id, set()).add(tag.view)
    found = []
    for doc in await _rows(conn, _DOCS, who, entered):
        # a doc that left is placed by its leaving alone: later changes are none of this person's business
        alive = doc.id in views
        place = max(doc.rev, entered[doc.id]) if alive else entered[doc.id]
        if since.is_before(place, doc.id):
            found.append(Moved(place, doc.id, doc.kind, doc.body, alive))
    return sorted(found)[:limit], views


async def _rows(conn: AsyncConnection, query: Any, who: Principal, ids: Iterable[str]) -> list[Any]:
    rows: list[Any] = []
    for part in chunks(ids):
        rows += await run(conn, query, {"school": who.school, "ids": part})
    return rows


def _overlap(tag: Any, hold: Any) -> bool:
    """Whether both stood at the same time, be it long ago (`overlapping` in server.gateway.scope)."""
    return (tag.removed is None or tag.removed > hold.added) and (
        hold.removed is None or hold.removed > tag.added
    )


def _later(*columns: Any) -> Any:
    """The greatest of these columns, null counting as 0, in SQL that both databases read."""
    latest = columns[0]
    for column in columns[1:]:
        other = func.coalesce(column, literal(0))
        latest = case((other > latest, other), else_=latest)
    return latest


def _ordered(ident: Any, dialect: str) -> Any:
    """In the order of the characters' numbers, as SQLite and Python have it: PostgreSQL knows others."""
    return ident.collate("C") if dialect == "postgresql" else ident


@cache
def _standing(dialect: str) -> Any:
    """What the person's tags lead to now, after a rev and a doc's id: `id, views, rev`, views by commas."""
    rev, ident = bindparam("rev", type_=BigInteger), _ordered(docs.c.id, dialect)
    tagged = and_(doc_tags.c.school_id == docs.c.school_id, doc_tags.c.doc_id == docs.c.id)
    return (
        select(docs.c.id, func.aggregate_strings(doc_tags.c.view, ",").label("views"), docs.c.rev)
        .join(doc_tags, tagged)
        .join(holds, meeting())
        .where(docs.c.school_id == _SCHOOL, holds.c.user_id == bindparam("user"), standing())
        .where(docs.c.rev >= rev, docs.c.rev <= bindparam("until", type_=BigInteger))
        .where((docs.c.rev > rev) | (ident > bindparam("doc")))
        .group_by(docs.c.rev, docs.c.id)
        .order_by(docs.c.rev, ident)
        .limit(bindparam("limit"))
    )


@cache
def _all(dialect: str) -> Any:
    """All that the person's tags lead to, after a rev and a doc's id: `id, kind, body, place, alive`."""
    ident = _ordered(docs.c.id, dialect)
    moved = func.max(
        _later(doc_tags.c.added, holds.c.added, doc_tags.c.removed, holds.c.removed), type_=BigInteger
    )
    alive = func.max(case((standing(), 1), else_=0), type_=BigInteger)
    pairs = (
        select(doc_tags.c.doc_id, moved.label("moved"), alive.label("alive"))
        .join(holds, meeting())
        .where(doc_tags.c.school_id == _SCHOOL, holds.c.user_id == bindparam("user"), overlapping())
        .group_by(doc_tags.c.doc_id)
        .subquery("pairs")
    )
    place = case(
        (and_(pairs.c.alive == 1, docs.c.rev > pairs.c.moved), docs.c.rev), else_=pairs.c.moved
    ).label("place")
    rev, doc = bindparam("rev", type_=BigInteger), bindparam("doc")
    after = (place > rev) | and_(doc != "", place == rev, ident > doc)
    return (
        select(docs.c.id, docs.c.kind, docs.c.body, place, pairs.c.alive)
        .join(pairs, pairs.c.doc_id == docs.c.id)
        .where(docs.c.school_id == _SCHOOL, after)
        .order_by(place, ident)
        .limit(bindparam("limit"))
    )
