"""A stored record as the flat data that templates print, for one reader: `sync.present` and what it needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, shows
from server.gateway import read
from server.gateway.scope import views_of
from server.reviews.subjects import Docs, name_of, occurred
from server.text import _
from server.when import offset_of
from sync.forms import Form
from sync.present import Context, present
from sync.value_text import Words

View = dict[str, Any]


async def unseen(conn: AsyncConnection, who: Principal, form: Form, doc: read.VisibleDoc) -> list[str]:
    """The questions that this reader may not see, which must not look as if nobody had answered."""
    views = (await views_of(conn, who, [doc.id])).get(doc.id, set())
    return [q.name for q in form.questions if not any(shows(view, q, q.name) for view in views)]


def context_of(known: Docs, now: datetime, zone: ZoneInfo, **more: Any) -> Context:
    """What presenting needs of the world: the school's day, the names of everyone and everything in sight."""
    today = now.astimezone(zone).date().isoformat()
    names = {ident: name_of(known, ident) for ident in known}
    return Context(today=today, now=now, offset=offset_of(zone, now), names=names, **more)


def words_of(context: Context) -> Words:
    """What it takes to say single values in the same words."""
    return Words(context.today, context.offset, context.names, _)


def read_only(
    form: Form,
    doc: read.VisibleDoc,
    before: read.VisibleDoc | None,
    known: Docs,
    now: datetime,
    zone: ZoneInfo,
    hidden: list[str],
) -> View:
    """The whole record with last time's answers beside it; nothing in it can be changed."""
    last = {"fields": before.fields, "at": occurred(before)} if before else None
    context = context_of(known, now, zone, base=doc.rev, readonly=True, last=last, hidden=hidden)
    return present(form, doc, context, _)
