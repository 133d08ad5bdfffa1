"""Reading docs for a person: pages, lists, files. Nothing is returned that is out of the person's scope."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.erasure.models import ERASED
from server.gateway.models import doc_refs, doc_tags, docs, ops
from server.gateway.past import history
from server.gateway.scope import views_of
from server.gateway.visible import VisibleDoc, server_views, visible
from server.gateway.work import Env, chunks
from sync.doc import decode

__all__ = ["VisibleDoc", "changes", "classes", "count", "history", "many", "one", "some"]


async def one(conn: AsyncConnection, env: Env, who: Principal, doc_id: str) -> VisibleDoc | None:
    """The doc, or None where there is none or it is out of scope: answer 404 to both."""
    found = await some(conn, env, who, [doc_id])
    return found[0] if found else None


async def some(conn: AsyncConnection, env: Env, who: Principal, ids: Sequence[str]) -> list[VisibleDoc]:
    """Those of the docs that are in scope, in the order of `ids`."""
    known = list(dict.fromkeys(ids))
    bodies = {}
    for part in chunks(known):
        query = select(docs.c.id, docs.c.body).where(docs.c.school_id == who.school, docs.c.id.in_(part))
        bodies |= {row.id: row.body for row in await conn.execute(query) if row.body}
    return await _shown(conn, env, who, [bodies[i] for i in known if i in bodies])


async def many(
    conn: AsyncConnection,
    env: Env,
    who: Principal,
    *,
    limit: int = 100,
    offset: int = 0,
    newest: bool = True,
    **filters: Any,
) -> list[VisibleDoc]:
    """Docs in scope, newest first by the day that they are about. `filters`: see `_where`."""
    order = [docs.c.occurred.desc(), docs.c.id.desc()] if newest else [docs.c.occurred, docs.c.id]
    query = select(docs.c.body).where(*_where(who, **filters)).order_by(*order)
    query = query.limit(limit).offset(offset)
    return await _shown(conn, env, who, list((await conn.execute(query)).scalars()))


async def count(conn: AsyncConnection, who: Principal, **filters: Any) -> int:
    """How many docs `many` would find."""
    query = select(func.count()).select_from(docs).where(*_where(who, **filters))
    return (await conn.execute(query)).scalar_one()


async def changes(conn: AsyncConnection, who: Principal, doc_id: str) -> list[dict[str, Any]]:
    """The log of a doc that the caller may see, oldest first, without values: those the doc itself shows.

    `{"op", "event", "args", "fields", "by", "at", "received", "rev", "result"}` each.
    """
    query = (
        select(ops.c.body, ops.c.user_id, ops.c.received, ops.c.rev, ops.c.result)
        .where(ops.c.school_id == who.school, ops.c.doc_id == doc_id)
        .order_by(ops.c.rev, ops.c.seq)
    )
    found = []
    for row in await conn.execute(query):
        body, result = _logged(row.body), msgspec.json.decode(row.result)
        found.append(
            {
                "op": body.get("op"),
                "event": body.get("event"),
                "args": _mapping(body.get("args")),
                "fields": sorted(_mapping(body.get("set"))),
                "by": row.user_id,
                "at": body.get("at"),
                "received": row.received,
                "rev": row.rev,
                "result": result["result"],
            }
        )
    return found


def _logged(raw: bytes) -> dict[str, Any]:
    """An op as it was logged; of one that could not be read (it was held) nothing."""
    try:
        return _mapping(msgspec.json.decode(raw))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


async def classes(conn: AsyncConnection, who: Principal) -> list[str]:
    """The classes of the pupils that the school has now, as `三(2)班`, in no particular order."""
    query = (
        select(doc_tags.c.tag)
        .distinct()
        .where(
            doc_tags.c.school_id == who.school, doc_tags.c.tag.like("class:%"), doc_tags.c.removed.is_(None)
        )
    )
    return [tag.removeprefix("class:") for tag in (await conn.execute(query)).scalars()]


def _where(
    who: Principal,
    *,
    kind: str | Sequence[str] | None = None,
    form: str | Sequence[str] | None = None,
    state: str | Sequence[str] | None = None,
    class_: str | None = None,
    author: str | None = None,
    ref: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> list[Any]:
    """Conditions. `kind`, `form`, `state`: one or several; `class_`: as `三(2)班`; `author`: a person's id;
    `ref`: the pupil, household, meal … it is about; `since`, `until`: local days, both included."""
    where: list[Any] = [docs.c.school_id == who.school]
    if who.is_server:
        where.append(docs.c.state.is_distinct_from(ERASED))
    else:
        where.append(docs.c.id.in_(_tagged(who, who.tags())))
    for column, wanted in ((docs.c.kind, kind), (docs.c.form, form), (docs.c.state, state)):
        if wanted is not None:
            where.append(column == wanted if isinstance(wanted, str) else column.in_(wanted))
    if class_ is not None:
        where.append(docs.c.id.in_(_tagged(who, [f"class:{class_}"])))
    if author is not None:
        where.append(docs.c.author == author)
    if ref is not None:
        about = select(doc_refs.c.doc_id).where(doc_refs.c.school_id == who.school, doc_refs.c.ref == ref)
        where.append(docs.c.id.in_(about))
    if since is not None:
        where.append(docs.c.occurred >= since)
    if until is not None:
        where.append(docs.c.occurred <= until)
    return where


def _tagged(who: Principal, tags: Any) -> Any:
    return select(doc_tags.c.doc_id).where(
        doc_tags.c.school_id == who.school, doc_tags.c.tag.in_(list(tags)), doc_tags.c.removed.is_(None)
    )


async def _shown(conn: AsyncConnection, env: Env, who: Principal, bodies: list[bytes]) -> list[VisibleDoc]:
    found = [decode(body) for body in bodies]
    whole = server_views(who)
    views = {} if whole else await views_of(conn, who, [doc.id for doc in found])
    return [visible(doc, v, env.forms) for doc in found if (v := whole or views.get(doc.id))]
