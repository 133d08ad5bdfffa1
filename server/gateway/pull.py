"""What came since a cursor: docs by the later of their rev and their entry into the person's scope.

A cursor is a place in that order: a rev and the last id of it that was sent ("" when all of it was). What
is read is one snapshot, and revs follow commits, so no commit that precedes a cursor is ever skipped.
"""

import base64
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Integer, and_, case, func, literal, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway.models import doc_tags, docs, holds
from server.gateway.scope import meeting, overlapping, standing, views_of
from server.gateway.visible import visible
from server.gateway.work import Env
from server.schools import schools
from sync.doc import decode
from sync.protocol import MAX_PAGE, MAX_SEQ, PAGE_BYTES, Gone
from sync.protocol import encode as encode_json


class Cursor(NamedTuple):
    """A place in the order of the pull, of one life of the database and one school."""

    epoch: str
    school: str
    rev: int
    doc: str


class BadCursor(ValueError):
    """Not a cursor of ours."""


class Page(NamedTuple):
    """One page of a pull."""

    docs: list[dict[str, Any]]
    drop: list[Gone]
    cursor: str
    more: bool


def write_cursor(cursor: Cursor) -> str:
    """The cursor as an opaque word."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def read_cursor(word: str) -> Cursor:
    """The cursor that a word stands for. Raises BadCursor."""
    try:
        raw = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadCursor(word) from error
    if not 0 <= cursor.rev <= MAX_SEQ or "\0" in cursor.doc:
        raise BadCursor(word)
    return cursor


async def pull(conn: AsyncConnection, env: Env, who: Principal, since: Cursor, limit: int) -> Page:
    """Up to `limit` (1…1000) docs and about 512 KiB after `since`."""
    limit = max(1, min(limit, MAX_PAGE))
    query = select(schools.c.rev).where(schools.c.id == who.school)
    counter = (await conn.execute(query)).scalar_one()
    end = since._replace(rev=counter, doc="")
    if since.rev >= counter and not since.doc:
        return Page([], [], write_cursor(end), False)
    rows = (await conn.execute(_moved(who, since, limit + 1))).all()
    views = await views_of(conn, who, [row.id for row in rows if row.alive])
    found, drop, size = [], [], 0
    for taken, row in enumerate(rows):
        if taken == limit or (size > PAGE_BYTES and taken):
            last = rows[taken - 1]
            return Page(found, drop, write_cursor(since._replace(rev=last.place, doc=last.id)), True)
        if row.alive:
            body = visible(decode(row.body), views[row.id], env.forms).wire()
            size += len(encode_json(body))
            found.append(body)
        elif since.rev or since.doc:
            drop.append(Gone(row.kind, row.id))
    return Page(found, drop, write_cursor(end), False)


def _moved(who: Principal, since: Cursor, limit: int) -> Any:
    """Docs that changed, entered or left after the cursor: `id, kind, body, place, alive`, in order."""
    candidates = _candidates(who, since).subquery("candidates")
    moved = func.max(
        _later(doc_tags.c.added, holds.c.added, doc_tags.c.removed, holds.c.removed),
        type_=Integer,
    )
    alive = func.max(case((standing(), 1), else_=0), type_=Integer)
    pairs = (
        select(doc_tags.c.doc_id, moved.label("moved"), alive.label("alive"))
        .join(holds, meeting())
        .join(candidates, candidates.c.id == doc_tags.c.doc_id)
        .where(doc_tags.c.school_id == who.school, holds.c.user_id == who.user, overlapping())
        .group_by(doc_tags.c.doc_id)
        .subquery("pairs")
    )
    # a doc that left is placed by its leaving alone: later changes are none of this person's business
    place = case(
        (and_(pairs.c.alive == 1, docs.c.rev > pairs.c.moved), docs.c.rev), else_=pairs.c.moved
    ).label("place")
    after = place > since.rev
    if since.doc:
        after = or_(after, and_(place == since.rev, docs.c.id > since.doc))
    return (
        select(docs.c.id, docs.c.kind, docs.c.body, place, pairs.c.alive)
        .join(pairs, pairs.c.doc_id == docs.c.id)
        .where(docs.c.school_id == who.school, after)
        .order_by(place, docs.c.id)
        .limit(limit)
    )


def _later(*columns: Any) -> Any:
    """The greatest of these columns, null counting as 0, in SQL that both databases read."""
    latest = columns[0]
    for column in columns[1:]:
        other = func.coalesce(column, literal(0))
        latest = case((other > latest, other), else_=latest)
    return latest


def _candidates(who: Principal, since: Cursor) -> Any:
    """Ids of docs of which anything moved at or after the cursor's rev; each part reads one index."""
    at = since.rev if since.doc else since.rev + 1
    mine = and_(holds.c.school_id == who.school, holds.c.user_id == who.user)
    tags = doc_tags.c.school_id == who.school
    return union(
        select(docs.c.id).where(docs.c.school_id == who.school, docs.c.rev >= at),
        select(doc_tags.c.doc_id).where(tags, doc_tags.c.added >= at),
        select(doc_tags.c.doc_id).where(tags, doc_tags.c.removed >= at),
        select(doc_tags.c.doc_id)
        .join(holds, meeting())
        .where(tags, mine, or_(holds.c.added >= at, holds.c.removed >= at)),
    )
