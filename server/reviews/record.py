"""One record as the office reads it: every answer with last time beside it, who and when, what disagrees."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.gateway import read
from server.gateway.clock import skew
from server.gateway.past import kept_until
from server.office import Desk, school_of, zone_of
from server.reviews import disputes, history, meals, past
from server.reviews.actions import Refused, open_held
from server.reviews.filters import Filter
from server.reviews.previous import previous_visit
from server.reviews.subjects import (
    Docs,
    classes,
    home_of,
    name_of,
    neighbours,
    occurred,
    people_of,
    title,
)
from server.reviews.view import context_of, read_only, unseen, words_of
from server.schools import School
from server.text import _, fmt
from server.when import day, moment
from sync.forms import Form

RETURN_DAYS = 7
ALWAYS_NEW = ("datetime", "date", "refs", "place", "sign")  # that these differ from last time says nothing
View = dict[str, Any]


class Draft(msgspec.Struct, frozen=True):
    """What a reviewer had marked and written when a return could not be done."""

    marks: list[str]
    notes: dict[str, str]
    reason: str
    until: str


async def record_page(
    conn: AsyncConnection,
    env: Any,
    desk: Desk,
    doc: read.VisibleDoc,
    today: date,
    asked: Filter,
    draft: Draft | None,
    refused: Refused | None,
) -> View:
    """Everything that `office/_record.html` prints."""
    form = env.forms.get(doc.form, doc.form_version)
    school = await school_of(conn, desk)
    zone = zone_of(school)
    before = await previous_visit(conn, env, desk.principal, doc)
    log = await read.changes(conn, desk.principal, doc.id)
    held = await open_held(conn, env, desk.principal, doc.id)
    was = await read.history(conn, env, desk.principal, doc.id)
    others = [entry["by"] for entry in log] + [(doc.notes.get("returned") or {}).get("by"), *past.named(was)]
    known = await neighbours(conn, env, desk.principal, [doc, *([before] if before else [])], others)
    hidden = await unseen(conn, desk.principal, form, doc)
    whole = read_only(form, doc, before, known, env.clock(), zone, hidden)
    view = [question for section in whole["sections"] for question in section["questions"]]
    words = words_of(context_of(known, env.clock(), zone))
    before_now = past.lines(form, was, known, words, zone)
    marks = draft.marks if draft else []
    open_for_review = doc.state == "submitted" and desk.principal.may("office.review")
    return {
        "id": doc.id,
        "rev": doc.rev,
        "href": f"/office/records/{doc.id}",
        "query": asked.query(),
        "list_href": "/office/" + asked.query(),
        "title": title(form.title, doc, known),
        "sub": _sub(form, doc, known, log, zone, today),
        "state": doc.state,
        "others": await meals.others(conn, env, desk.principal, doc),
        "notices": _notices(form, doc, held, known, zone, today),
        "last_head": fmt(_("上次 {date}"), date=day(occurred(before), today)) if before else "",
        "fields": [
            _field(question, doc, draft, refused, known, zone, before_now.get(question["name"], []))
            for question in view
        ],
        "disputes": disputes.cards(form, doc, view) if desk.principal.may("office.settle") else [],
        "settle_text": fmt(_("有{n}处填得不一样"), n=len(doc.siblings)),
        "may_return": open_for_review,
        "may_approve": open_for_review,
        "marked": len(marks),
        "marked_text": fmt(_("标了{n}处"), n=len(marks))
        if marks
        else _("都没问题就通过，有问题就在那一行标出"),
        "return_hint": fmt(_("退回后只请{name}补标出的地方，其他不用动"), name=name_of(known, doc.author)),
        "return_word": fmt(_("退回这{n}处"), n=len(marks)) if marks else _("退回"),
        "reason": draft.reason if draft else "",
        "until": (draft.until if draft else "") or (today + timedelta(days=RETURN_DAYS)).isoformat(),
        "today": today.isoformat(),
        "problem": refused.field if refused else "",
        "history": history.lines(form, doc, log, known, zone),
        "kept": _kept(school, doc, today),
    }


def _kept(school: School, doc: read.VisibleDoc, today: date) -> str:
    """Until when the record is kept, where the school has set a term."""
    made = occurred(doc)
    until = kept_until(school.settings, doc.kind, date.fromisoformat(made)) if made else None
    return fmt(_("这条记录和经过保留到{date}"), date=day(until, today)) if until else ""


def _marked_text(marked: int) -> str:
    none = _("都没问题就通过，有问题就在那一行标出")
    return fmt(_("标了{n}处"), n=marked) if marked else none


def _sub(form: Form, doc: read.VisibleDoc, known: Docs, log: list[View], zone: ZoneInfo, today: date) -> str:
    """Whom it is about, who did it (in the form's own word: 走访人, 点名人, 审核人) and when."""
    visitors = form.question_for("visitors")
    people = "、".join(name_of(known, ident) for ident in people_of(doc))
    parts = [
        classes(doc, known),
        home_of(doc, known),
        f"{visitors.label if visitors else ''} {people}".strip(),
        _when(doc, zone, today),
    ]
    submits = [entry for entry in log if entry["event"] == "submit" and entry["result"] != "held"]
    if submits:
        parts.append(fmt(_("提交 {when}"), when=moment(submits[-1]["received"], zone, today)))
    return "，".join(part for part in parts if part)


def _when(doc: read.VisibleDoc, zone: ZoneInfo, today: date) -> str:
    at = doc.fields.get("occurred_at")
    return moment(at, zone, today) if at else day(occurred(doc), today)


def _field(
    question: View,
    doc: read.VisibleDoc,
    draft: Draft | None,
    refused: Refused | None,
    known: Docs,
    zone: ZoneInfo,
    was: list[past.Line],
) -> View:
    name = question["name"]
    stamps = [s for path, s in doc.stamps.items() if path.partition("/")[0] == name]
    others = [s for s in stamps if s.get("by") and s["by"] != doc.author]
    before = (doc.notes.get("returned") or {}).get("fields") or {}
    return {
        "name": name,
        "label": question["label"],
        "q": question,
        "changed": question["changed"] and question["type"] not in ALWAYS_NEW,
        "last_text": question["last_text"],
        "warning": question["warning"],
        "stamp": _stamp(others[-1], known, zone) if others else "",
        "marked": bool(draft and name in draft.marks),
        "note": draft.notes.get(name, "") if draft else "",
        "was": was,
        "was_text": fmt(_("以前的{n}个值"), n=len(was)),
        "asked": before.get(name, ""),
        "wrong": bool(refused and refused.field == f"note.{name}"),
    }


def _stamp(stamp: View, known: Docs, zone: ZoneInfo) -> str:
    """Who else filled it in; the author's own answers say nothing."""
    return fmt(_("{name}填，{when}"), name=name_of(known, stamp["by"]), when=moment(stamp.get("at"), zone))


def _notices(
    form: Form, doc: read.VisibleDoc, held: list[read.VisibleDoc], known: Docs, zone: ZoneInfo, today: date
) -> list[View]:
    found = []
    asked = doc.notes.get("returned")
    if asked and doc.state in ("submitted", "returned"):
        found.append(_asked_notice(form, doc.state, asked, known, zone, today))
    if "unseen_return" in doc.notes:
        text = _("提交时他还没看到退回的话，请再对一遍。")
        found.append({"kind": "warn", "icon": "return", "title": _("退回和提交错过了"), "text": text})
    for stale in doc.notes.get("stale_signature") or []:
        labels = [q.label for path in stale.get("fields") or [] if (q := form.question_for(path))]
        text = fmt(_("签字以后又传来改动：{what}。"), what="、".join(dict.fromkeys(labels)))
        found.append({"kind": "warn", "icon": "draft", "title": _("签名没有包含后来的改动"), "text": text})
    if off := skew(doc.fields):
        text = _("发生时间按校准后的时间算。")
        found.append({"kind": "warn", "icon": "clock", "title": _clock_words(off), "text": text})
    if held:
        text = _("在“待裁定”里能看到。处理完才能通过。")
        words = fmt(_("有{n}条改动没能接收"), n=len(held))
        found.append({"kind": "warn", "icon": "warn", "title": words, "text": text})
    return found


def _clock_words(off: timedelta) -> str:
    """How wrong the phone's clock was: 填的时候手机的时间快了24小时."""
    minutes = round(abs(off) / timedelta(minutes=1))
    much = fmt(_("{n}分钟"), n=minutes) if minutes < 120 else fmt(_("{n}小时"), n=round(minutes / 60))
    words = _("填的时候手机的时间快了{much}") if off < timedelta(0) else _("填的时候手机的时间慢了{much}")
    return fmt(words, much=much)


def _asked_notice(
    form: Form, state: str | None, asked: View, known: Docs, zone: ZoneInfo, today: date
) -> View:
    questions = [form.question_for(str(path)) for path in asked.get("fields") or {}]
    labels = "、".join(question.label for question in questions if question)
    who = f"{name_of(known, asked.get('by'))} {moment(asked.get('at'), zone, today)}"
    until = fmt(_("{date}前补好"), date=day(asked.get("until"), today)) if asked.get("until") else ""
    words = _("退回后补好又交来了") if state == "submitted" else _("已退回，等他补好")
    text = "，".join(part for part in (asked.get("reason") or "", labels, until, who) if part)
    return {"kind": "warn", "icon": "return", "title": words, "text": text}
