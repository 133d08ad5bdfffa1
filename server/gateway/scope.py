"""Which docs are in a person's scope: where the tags of a doc meet the tags that the person holds."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway.models import doc_tags, holds
from server.gateway.work import chunks
from server.prepared import run

Views = dict[str, set[str]]  # doc id → the views that the person has of it


def meeting() -> Any:
    """The condition under which a doc's tag and a person's hold are the same tag of the same school."""
    return and_(holds.c.school_id == doc_tags.c.school_id, holds.c.tag == doc_tags.c.tag)


def overlapping() -> Any:
    """… and stood at the same time, be it long ago."""
    return and_(
        doc_tags.c.removed.is_(None) | (doc_tags.c.removed > holds.c.added),
        holds.c.removed.is_(None) | (holds.c.removed > doc_tags.c.added),
    )


def standing() -> Any:
    """… and stand now."""
    return and_(doc_tags.c.removed.is_(None), holds.c.removed.is_(None))


_TAGGED = (
    doc_tags.c.school_id == bindparam("school"),
    holds.c.user_id == bindparam("user"),
    doc_tags.c.doc_id.in_(bindparam("ids", expanding=True)),
)
_VIEWS = select(doc_tags.c.doc_id, doc_tags.c.view).join(holds, meeting()).where(*_TAGGED, standing())
_EVER = select(doc_tags.c.doc_id).join(holds, meeting()).where(*_TAGGED, overlapping())


async def views_of(conn: AsyncConnection, who: Principal, ids: Iterable[str]) -> Views:
    """The views that a person has now of these docs; a doc out of scope is absent."""
    found: Views = {}
    for part in chunks(ids):
        rows = await run(conn, _VIEWS, {"school": who.school, "user": who.user, "ids": part})
        for doc_id, view in rows:
            found.setdefault(doc_id, set()).add(view)
    return found


async def ever_seen(conn: AsyncConnection, who: Principal, ids: Iterable[str]) -> set[str]:
    """Which of these docs are or once were in the person's scope."""
    found: set[str] = set()
    for part in chunks(ids):
        rows = await run(conn, _EVER, {"school": who.school, "user": who.user, "ids": part})
        found |= set(rows.scalars())
    return found
