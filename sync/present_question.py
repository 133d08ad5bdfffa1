"""One question as flat data: its control, what was there last time, what is wrong, who said what."""

from __future__ import annotations

from typing import Any

from sync.cel import evaluate
from sync.form_rules import bound_value, items_of
from sync.form_values import is_datetime, is_number
from sync.present_control import Asked, View, control
from sync.questions import Question
from sync.value_text import date_text, datetime_text, school_time, value_text

LAST_BESIDE = ("int", "number", "money", "text", "line", "date")
"""Types whose last answer is told in a line of its own; options carry a mark instead."""


def present_question(asked: Asked, question: Question) -> View:
    """A question with everything that a template prints. Keys are the same for every type."""
    path, bound = question.name, asked.bound[question.name]
    if question.compute is not None:
        bound = _computed(asked, question)
    view = control(asked, question, path, _stored(asked, question, bound))
    view |= _returned(asked, question) | _last(asked, question, bound)
    view["label"] = question.label if asked.context.readonly else question.ask or question.label
    view["readonly"] = asked.context.readonly or question.compute is not None
    view["text"] = value_text(question, bound, asked.words)
    view["changed"] = view["last_was"] not in ("", view["text"])
    if question.merge == "list":
        view["entries"] = _entries(asked, question)
    if question.type == "matrix":
        view["rows"] = [_row(asked, question, row.name, row.label) for row in question.rows]
    if question.type in ("group", "place"):
        view["columns"] = _columns(asked, question, path, asked.doc.fields.get(path))
    _mark_siblings(asked, question, view)
    return view


def _mark_siblings(asked: Asked, question: Question, view: View) -> None:
    """Whether values disagree here, and where the first of them is settled."""
    spread = question.merge == "list" or question.type == "matrix"
    open_ones = sorted(
        path
        for path, siblings in asked.doc.siblings.items()
        if siblings and (path == question.name or (spread and path.startswith(question.name + "/")))
    )
    view["has_siblings"] = bool(open_ones)
    if open_ones and asked.context.decide:
        view["decide_url"] = asked.context.decide + open_ones[0]


def _stored(asked: Asked, question: Question, bound: Any) -> Any:
    """What the doc holds at the question's own path, for controls that are one unit."""
    return bound if question.compute is not None else asked.doc.fields.get(question.name)


def _computed(asked: Asked, question: Question) -> float | None:
    value = evaluate(question.compute or "", asked.bound, asked.context.today)
    return value if is_number(value) and abs(value) < 1e15 else None


def _returned(asked: Asked, question: Question) -> View:
    """What a reviewer asks for at this question; a mark without words of its own carries the reason."""
    note = asked.context.returned or {}
    fields = note.get("fields") or {}
    marked = [path for path in fields if path.partition("/")[0] == question.name]
    if not marked:
        return {}
    own = fields[marked[0]] if isinstance(fields, dict) else ""
    by = asked.words.names.get(note.get("by") or "", "")
    at = datetime_text(note.get("at"), asked.words)
    _ = asked.words.translate
    signed = _("，").join(part for part in (by, at) if part)
    return {"note": own or note.get("reason") or "", "note_by": signed}


def _last(asked: Asked, question: Question, bound: Any) -> View:
    """Last visit's answer. On a form only where it helps; read-only everywhere."""
    last = asked.context.last
    if not last:
        return {}
    fields = last.get("fields", {})
    text = value_text(question, bound_value(question, fields), asked.words)
    day = fields.get("occurred_at") or last.get("at") or ""
    when = school_time(day, asked.words.offset).date().isoformat() if is_datetime(day) else day
    beside = asked.context.readonly or (question.type in LAST_BESIDE and not question.quick)
    shown = text if beside else ""
    return {"last_text": shown, "last_was": text, "last_date": date_text(when, asked.words) if shown else ""}


def _columns(asked: Asked, question: Question, path: str, value: Any) -> list[View]:
    known = value if isinstance(value, dict) else {}
    return [control(asked, column, path, known.get(column.name), column.name) for column in question.columns]


def _entries(asked: Asked, question: Question) -> list[View]:
    """A list's items, then those that were only begun."""
    stored = items_of(question, asked.doc.fields)
    begun = [
        (path, first)
        for path, first in sorted(asked.context.fresh.items())
        if path.startswith(question.name + "/") and asked.doc.fields.get(path) is None
    ]
    entries = [_entry(asked, question, path, item) for path, item in stored]
    return entries + [_entry(asked, question, path, item, begun=True) for path, item in begun]


def _entry(asked: Asked, question: Question, path: str, item: Any, begun: bool = False) -> View:
    view = control(asked, question, path, item)
    view["columns"] = _columns(asked, question, path, item)
    view["title"] = _title(asked, question, path, view["columns"])
    view["removable"] = not begun
    view["has_siblings"] = bool(view["siblings"])
    if begun:
        view["was"] = ""
    return view


def _title(asked: Asked, question: Question, path: str, columns: list[View]) -> str:
    """What an item is called: its key where that is a name, else the first word that it must have."""
    key = path.partition("/")[2]
    if question.keys == "line":
        return key
    if question.keys != "id":
        return asked.words.names.get(key, "—")
    words = [each for each in columns if each["type"] in ("line", "ref", "choice")]
    named = [each for each in words if each["required"]] or words[:1]
    return named[0]["text"] if named else ""


def _row(asked: Asked, question: Question, name: str, label: str) -> View:
    path = f"{question.name}/{name}"
    view = control(asked, question, path, asked.doc.fields.get(path))
    view["label"] = label
    view["has_siblings"] = bool(view["siblings"])
    return view
