"""A form being filled online, as `shared/fill.html` prints it. Twin of pwa/fillview.ts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar.datastructures import MultiDict
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.fill.actions import Target, beginning
from server.fill.meals import is_prepared, notes, prepared
from server.gateway import read
from server.reviews.previous import HANDED_IN, previous_visit
from server.reviews.subjects import Docs, neighbours, occurred, title
from server.reviews.view import context_of
from server.text import _, fmt
from server.when import day, local_time
from sync.present import DocView, present

View = dict[str, Any]
MOST_PEOPLE = 500
NOT_YET = ("place", "photos")
"""Questions that nothing here can answer; they show where another device did."""


class Mode(msgspec.Struct, frozen=True):
    """How a form is shown: the section, whether submit was tried, a returned one as a whole, a new item."""

    section: str = ""
    checking: bool = False
    whole: bool = False
    add: str = ""


def read_mode(query: MultiDict[Any], section: str = "") -> Mode:
    """The mode that an address asks for."""
    add = str(query.get("add", ""))[:120]
    return Mode(
        section or str(query.get("s", ""))[:40], query.get("check") == "1", query.get("all") == "1", add
    )


class Around(msgspec.Struct, frozen=True):
    """What a form needs besides its record: the visit before, everyone's names, whom one can choose."""

    before: read.VisibleDoc | None
    known: Docs
    user: str
    meal: read.VisibleDoc | None
    part_a: read.VisibleDoc | None
    options: dict[str, list[dict[str, str]]]
    now: datetime
    zone: ZoneInfo


async def around(conn: AsyncConnection, env: Any, who: Principal, target: Target, zone: ZoneInfo) -> Around:
    """Read it. Colleagues can be chosen as co-visitors; pupils of the building where a round asks for one."""
    doc = target.doc or blank(target)
    before = await previous_visit(conn, env, who, doc)
    known = await neighbours(conn, env, who, [doc, *([before] if before else [])], [who.user])
    staff = await read.many(conn, env, who, kind="person", limit=MOST_PEOPLE)
    known |= {one.id: one for one in staff}
    options = {"person": _colleagues(staff, who.user)}
    if target.form.name == "night_round":
        pupils = await read.some(conn, env, who, _sleepers(known.get(str(target.meta.get("building")))))
        known |= {one.id: one for one in pupils}
        options["student"] = [{"name": one.id, "label": one.fields.get("name") or ""} for one in pupils]
    meal = known.get(str(target.meta.get("meal")))
    part_a = None
    if target.form.name == "meal_audit_b" and meal:
        asked: dict[str, Any] = {"kind": "visit", "form": "meal_audit_a", "ref": meal.id, "state": HANDED_IN}
        part_a = next(iter(await read.many(conn, env, who, **asked, limit=1)), None)
    return Around(before, known, who.user, meal, part_a, options, env.clock(), zone)


def _colleagues(staff: list[read.VisibleDoc], user: str) -> list[dict[str, str]]:
    """Everybody who may have come along, oneself first."""
    people = [(one, one.fields.get("name") or "", one.fields.get("post") or "") for one in staff]
    people.sort(key=lambda person: (person[0].id != user, person[1]))
    return [{"name": one.id, "label": f"{name} {post}".strip()} for one, name, post in people if name]


def blank(target: Target) -> read.VisibleDoc:
    """A record of this target in which nothing has been filled."""
    return read.VisibleDoc(
        kind=target.form.kind,
        id=target.id,
        rev=0,
        form=target.form.name,
        form_version=target.form.version,
        state="draft",
        fields={},
        siblings={},
        meta=target.meta,
        notes={},
        author=None,
        stamps={},
        created_at=None,
    )


def _sleepers(building: read.VisibleDoc | None) -> list[str]:
    found = []
    for path, room in (building.fields if building else {}).items():
        if path.startswith("rooms/") and isinstance(room, dict):
            found += [bed["student"] for bed in room.get("beds") or [] if bed.get("student")]
    return list(dict.fromkeys(found))


def heading(target: Target, near: Around) -> str:
    """What is filled, about whom."""
    return title(target.form.title, target.doc or blank(target), near.known)


def model(target: Target, near: Around, mode: Mode, query: str, wrong: dict[str, str], saved: str) -> View:
    """The view-model. `wrong`: words by path for what could not be stored; `saved`: says what was."""
    doc = target.doc
    returned = (doc.notes.get("returned") if doc and doc.state == "returned" else None) or None
    fresh = prepared(target, near.meal)
    fields = doc.fields if doc else beginning(target.form, near.user, local_time(near.now, near.zone))
    context = context_of(
        near.known,
        near.now,
        near.zone,
        base=doc.rev if doc else 0,
        section=mode.section or None,
        submitting=mode.checking,
        last={"fields": near.before.fields, "at": occurred(near.before)} if near.before else None,
        returned=returned,
        options=near.options,
        fresh={**fresh, **({mode.add: {}} if "/" in mode.add else {})},
        hidden=[name for name in NOT_YET if not any(p.partition("/")[0] == name for p in fields)],
    )
    shown = DocView(fields, doc.siblings, doc.stamps) if doc else DocView(fields)
    view = present(target.form, shown, context, _)
    marked = [q for section in view["sections"] for q in section["questions"] if q["note"]]
    part = bool(returned and marked and not mode.whole)
    questions = marked if part else view["questions"]
    signed = _signed_off(fields)
    for question in questions:
        _tell(question, wrong, signed)
        for entry in question["entries"]:
            _prepare(target, entry, fresh.get(entry["path"]))
    words = _problem_words(view)
    keep = {"all": "1"} if mode.whole else {}
    return {
        "action": address(target, query, keep),
        "autosave": address(target, query, keep, "/field"),
        "place": target.id,
        "section": view["section"],
        "stops": [] if part else view["stops"],
        "stops_text": view["stops_text"],
        "problem_count": view["problem_count"],
        **words,
        "meal": None if part else notes(target, near.meal, near.part_a, view["section"]),
        "questions": questions,
        "skipped_title": view["skipped_title"],
        "skipped_text": view["skipped_text"],
        "call_url": f"/fill/call?back={target.id}" if view["alarms"] else "",
        "whole_url": address(target, query, {"all": "1"}) if part else "",
        "previous": "" if part else view["previous"],
        "next": "" if part else view["next"],
        "next_title": "" if part or mode.checking else view["next_title"],
        "submit_word": _("补好了，再提交") if returned else _("提交"),
        "saved_text": saved,
        "saved_icon": "check",
        "problems": view["problems"],
        "returned": _returned_line(returned, near),
    }


def _tell(question: View, wrong: dict[str, str], signed: set[str]) -> None:
    """A unit that could not be stored says why; one that somebody signed for can't be changed any more."""
    units = [question, *question["entries"], *question["rows"]]
    for unit in units:
        unit["error"] = wrong.get(unit["path"], "") or unit["error"]
    if question["name"] in signed:
        parts = [part for entry in question["entries"] for part in entry["columns"]]
        for unit in (*units, *question["columns"], *parts):
            unit["readonly"] = True


def _prepare(target: Target, entry: View, given: dict[str, str] | None) -> None:
    """A line prepared for a dish asks only for what is measured; the dish is its title, stored with it."""
    if given:
        entry["value_json"] = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    if is_prepared(target, entry["path"]):
        entry["columns"] = [column for column in entry["columns"] if column["name"] != "dish"]


def _signed_off(fields: dict[str, Any]) -> set[str]:
    covers = [
        v["covers"] for v in fields.values() if isinstance(v, dict) and isinstance(v.get("covers"), dict)
    ]
    return {path.partition("/")[0] for covered in covers for path in covered}


def _problem_words(view: View) -> View:
    here = [problem for problem in view["problems"] if problem["section"] == view["section"]]
    text = _("标红的就是，填好再提交。填过的都在。") if here else _("这一段没有要补的了，点下面继续。")
    return {"problem_title": fmt(_("还有{n}处要填"), n=view["problem_count"]), "problem_text": text}


def _returned_line(returned: View | None, near: Around) -> str:
    if not returned:
        return ""
    by = near.known.get(str(returned.get("by")))
    name = (by.fields.get("name") if by else "") or _("学校")
    count = len(returned.get("fields") or {})
    until = day(returned.get("until"))
    parts = [
        fmt(_("{name}退回，请补{n}处，其他不用动"), name=name, n=count)
        if count
        else fmt(_("{name}退回"), name=name),
        str(returned.get("reason") or ""),
        fmt(_("{date}前补好"), date=until) if until else "",
    ]
    return "。".join(part for part in parts if part)


def address(target: Target, query: str, more: dict[str, str] | None = None, path: str = "") -> str:
    """`/fill/<id>` with what says what a new record is about, and with `more`."""
    carried = "" if target.doc else query.removeprefix("?")
    text = "&".join(part for part in (carried, urlencode(more or {})) if part)
    return f"/fill/{target.id}{path}" + (f"?{text}" if text else "")
