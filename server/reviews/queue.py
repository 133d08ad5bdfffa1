"""The list of what came in, filtered and paged, and the choices of its filter."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read
from server.reviews.filters import PAGE, STATES, Filter
from server.reviews.subjects import Docs, classes, name_of, neighbours, occurred, people_of, title
from server.roster.classes import by_grade
from server.text import _, fmt
from server.when import day

Row = dict[str, Any]


async def page(
    conn: AsyncConnection, env: Any, who: Principal, asked: Filter, open_id: str, today: date
) -> Row:
    """Everything that the list needs: rows, pager, tabs, and what to say when it is empty."""
    docs = await read.many(conn, env, who, **asked.arguments(), limit=PAGE, offset=asked.offset)
    known = await neighbours(conn, env, who, docs)
    total = await read.count(conn, who, **asked.arguments())
    return {
        "rows": [_row(env, doc, known, asked, open_id, today) for doc in docs],
        "pager": pager(asked, total),
        "segments": await _segments(conn, env, who, asked),
        "picks": await _picks(conn, env, who, asked),
        "filter": asked,
        "empty": _("没有等着审核的记录") if asked == Filter() else _("没有这样的记录，换个条件看看"),
        "said_count": fmt(_("共{n}条"), n=total),
    }


def _row(env: Any, doc: read.VisibleDoc, known: Docs, asked: Filter, open_id: str, today: date) -> Row:
    form = env.forms.get(doc.form, doc.form_version)
    facts = [classes(doc, known), "、".join(name_of(known, ident) for ident in people_of(doc))]
    if doc.siblings:
        facts.append(fmt(_("{n}处填得不一样"), n=len(doc.siblings)))
    if doc.state == "submitted" and doc.notes.get("returned"):
        facts.append(_("退回后补好的"))
    return {
        "id": doc.id,
        "href": f"/office/records/{doc.id}{asked.query()}",
        "title": title(form.title if form else doc.form, doc, known),
        "date": day(occurred(doc), today),
        "sub": "，".join(fact for fact in facts if fact),
        "state": "" if asked.state else doc.state,
        "on": doc.id == open_id,
    }


def pager(asked: Filter, total: int) -> Row | None:
    """Links to the pages beside this one, None where all fits on one."""
    pages = max(1, -(-total // PAGE))
    if pages == 1 and asked.page == 1:
        return None
    return {
        "prev": "/office/" + asked.query(page=min(asked.page - 1, pages)) if asked.page > 1 else "",
        "next": "/office/" + asked.query(page=asked.page + 1) if asked.page < pages else "",
        "text": fmt(_("第{page}页，共{pages}页"), page=asked.page, pages=pages),
    }


async def _segments(conn: AsyncConnection, env: Any, who: Principal, asked: Filter) -> list[Row]:
    words = {"submitted": _("待审"), "returned": _("退回中"), "approved": _("已审"), "": _("全部")}
    found = []
    for state in STATES:
        count = None
        if state in ("submitted", "returned"):
            count = await read.count(conn, who, kind="visit", state=state)
        href = "/office/" + asked.query(state=state, page=1)
        found.append({"word": words[state], "count": count, "href": href, "on": state == asked.state})
    return found


async def _picks(conn: AsyncConnection, env: Any, who: Principal, asked: Filter) -> list[Row]:
    everything = {"name": "", "label": _("全部")}
    forms = {form.name: form.title for form in env.forms.all() if form.kind == "visit"}
    staff = await read.many(conn, env, who, kind="person", limit=1000)
    rooms = sorted(await read.classes(conn, who), key=by_grade)
    return [
        {
            "name": "form",
            "word": _("表格"),
            "value": asked.form,
            "options": [everything, *({"name": n, "label": t} for n, t in sorted(forms.items()))],
        },
        {
            "name": "class",
            "word": _("班级"),
            "value": asked.class_,
            "options": [everything, *({"name": name, "label": name} for name in rooms)],
        },
        {
            "name": "person",
            "word": _("走访人"),
            "value": asked.person,
            "options": [everything, *({"name": p.id, "label": p.fields.get("name") or p.id} for p in staff)],
        },
    ]
