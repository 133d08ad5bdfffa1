"""What waits for a decision (待裁定), and reading the decisions that a form brings."""

from __future__ import annotations

from typing import Any

from litestar.datastructures import FormMultiDict
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read
from server.gateway.work import DISPUTED
from server.reviews.actions import Choice, Refused
from server.reviews.subjects import Docs, neighbours, occurred, title
from server.text import _
from server.when import day
from sync.posted import clean, scalar

MOST = 200


async def waiting(conn: AsyncConnection, env: Any, who: Principal, open_id: str) -> dict[str, Any]:
    """Records with siblings, as rows."""
    disputed = await read.many(conn, env, who, kind="visit", ref=DISPUTED, limit=MOST)
    known = await neighbours(conn, env, who, disputed)
    return {"rows": [_dispute_row(env, doc, known, open_id) for doc in disputed if doc.siblings]}


def _dispute_row(env: Any, doc: read.VisibleDoc, known: Docs, open_id: str) -> dict[str, Any]:
    form = env.forms.get(doc.form, doc.form_version)
    questions = [form.question_for(path) for path in doc.siblings] if form else []
    return {
        "id": doc.id,
        "on": doc.id == open_id,
        "href": f"/office/settle?record={doc.id}",
        "title": title(form.title if form else doc.form, doc, known),
        "date": day(occurred(doc)),
        "sub": "，".join(dict.fromkeys(question.label for question in questions if question)),
    }


def decisions(env: Any, doc: read.VisibleDoc, form: FormMultiDict, offset: str) -> list[Choice]:
    """The choices that a form brings. Fields without one stay open; a third value must be readable."""
    found = []
    for path, siblings in doc.siblings.items():
        pick = str(form.get(f"pick.{path}", ""))
        sees = [str(name) for name in form.getall(f"sees.{path}", [])]
        values = {sibling["sibling"]: sibling["value"] for sibling in siblings}
        if pick == "shown":
            found.append(Choice(path, sees, keep=True))
        elif pick == "other":
            found.append(
                Choice(path, sees, third(env, doc, path, str(form.get(f"other.{path}", "")), offset))
            )
        elif pick in values:
            found.append(Choice(path, sees, values[pick]))
    return found


def third(env: Any, doc: read.VisibleDoc, path: str, raw: str, offset: str) -> Any:
    """What somebody typed because neither of two values is right. Raises Refused where it can't be read."""
    form = env.forms.get(doc.form, doc.form_version)
    question = form.question_for(path) if form else None
    if question is None:
        raise Refused(_("这一项现在的表里没有了。"))
    try:
        value = clean(raw).strip() if question.merge == "text" else scalar(question.type, raw, offset)
    except ValueError as error:
        raise Refused(_("另写的值读不出来，请再看一下。"), f"other.{path}") from error
    if value in (None, ""):
        raise Refused(_("选了“都不对”，请把对的写上。"), f"other.{path}")
    return value
