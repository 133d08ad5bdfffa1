"""What waits for a decision (待裁定), and reading the decisions that a form brings."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from litestar.datastructures import FormMultiDict
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read
from server.gateway.work import DISPUTED
from server.reviews.actions import Choice, Refused
from server.reviews.subjects import Docs, name_of, neighbours, occurred, title
from server.text import _
from server.when import day, moment
from sync.posted import clean, scalar

MOST = 200
WHY = {
    "forbidden": _("当时已经不归这个人填"),
    "unknown_doc": _("要改的那条记录这里没有"),
    "duplicate_id": _("编号和别的记录重了"),
    "unknown_form": _("用的表格这里没有"),
    "bad_value": _("填的值读不出来"),
    "bad_op": _("传来的内容读不出来"),
    "illegal_event": _("那时记录已经走到别的步骤"),
    "signed": _("家长已签字，签过的不能改"),
    "void": _("记录已经作废"),
}


async def waiting(
    conn: AsyncConnection, env: Any, who: Principal, zone: ZoneInfo, open_id: str
) -> dict[str, Any]:
    """Everything that waits: records with siblings, and entries that could not be taken."""
    disputed = await read.many(conn, env, who, kind="visit", ref=DISPUTED, limit=MOST)
    held = await read.many(conn, env, who, kind="held", state="waiting", limit=MOST)
    targets = [(one.fields.get("op") or {}).get("doc") for one in held]
    known = await neighbours(conn, env, who, [*disputed, *held], targets)
    return {
        "rows": [_dispute_row(env, doc, known, open_id) for doc in disputed if doc.siblings],
        "held": [_held_row(env, doc, known, zone) for doc in held],
    }


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


def _held_row(env: Any, doc: read.VisibleDoc, known: Docs, zone: ZoneInfo) -> dict[str, Any]:
    op = doc.fields.get("op") or {}
    form = env.forms.get(op.get("form"), op.get("form_version"))
    return {
        "who": name_of(known, doc.author),
        "at": moment(doc.created_at, zone),
        "what": _wanted(form, op),
        "why": WHY.get(doc.fields.get("code") or "", _("服务器没能处理")),
        "href": f"/office/records/{op.get('doc')}?state=all" if op.get("doc") in known else "",
    }


def _wanted(form: Any, op: dict[str, Any]) -> str:
    """What a held op wanted, by the labels of its questions; its content is shown only to who may see it."""
    if form is None:
        return _("内容不归这里看")
    questions = [form.question_for(path) for path in op.get("set") or {}]
    labels = dict.fromkeys(question.label for question in questions if question and not question.sealed)
    return " ".join([form.title, "、".join(labels)]).strip()


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
                Choice(path, sees, _third(env, doc, path, str(form.get(f"other.{path}", "")), offset))
            )
        elif pick in values:
            found.append(Choice(path, sees, values[pick]))
    return found


def _third(env: Any, doc: read.VisibleDoc, path: str, raw: str, offset: str) -> Any:
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
