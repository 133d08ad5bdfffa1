"""The flat data of one control. Twin in ``pwa/present_control.ts``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sync.cel import Bound
from sync.form_problems import Problem
from sync.form_rules import is_required
from sync.form_values import is_date, is_datetime, is_number
from sync.present_limit import gauge, limit_words
from sync.present_options import options
from sync.questions import Question
from sync.value_text import (
    Words,
    datetime_text,
    parts_text,
    plain_number,
    scalar_text,
    school_time,
    value_text,
)

if TYPE_CHECKING:
    from sync.present import Context, DocLike

View = dict[str, Any]


@dataclass
class Asked:
    """What all questions of one form are shown with."""

    doc: DocLike
    context: Context
    words: Words
    problems: list[Problem]
    bound: Bound


def input_value(question: Question, value: Any, words: Words) -> str:
    """A value as its input holds it, which is also how ``was`` tells it."""
    if value is None:
        return ""
    if question.merge == "set":
        return " ".join(value) if isinstance(value, list) else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return plain_number(value)
    if question.type == "datetime" and is_datetime(value):
        return f"{school_time(value, words.offset):%Y-%m-%dT%H:%M}"
    if isinstance(value, dict | list):
        return json.dumps(_whole(value), ensure_ascii=False, separators=(",", ":"))
    return value


def _whole(value: Any) -> Any:
    """Numbers as JavaScript writes them: 70, not 70.0."""
    if isinstance(value, dict):
        return {key: _whole(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def control(asked: Asked, question: Question, path: str, value: Any, column: str = "") -> View:
    """What a question, an item, a column and a row of a matrix have in common; every key of the view."""
    typed = input_value(question, value, asked.words)
    required = is_required(question, asked.bound, asked.context.today)
    view: View = {
        "name": column or path,
        "path": path,
        "type": question.type,
        "label": question.label,
        "hint": question.hint,
        "required": required,
        "optional": not required and not question.auto,
        "gate": question.gate,
        "sealed": question.sealed,
        "readonly": asked.context.readonly,
        "value": "" if question.columns else typed,
        "was": "" if column else typed,
        "base": str(asked.context.base),
        "text": one_text(question, path, value, asked.words),
        "count": str(len(typed)),
        "unit": question.unit,
        "max_length": _digits(question.max_length),
        "step": _digits(question.step) or "1",
        **_bounds(question),
        **options(asked, question, value, typed),
        **_dates(asked, question),
        **_signature(question, value, typed),
        **_messages(asked, path, column),
        **_stamp(asked, "" if column else path),
        "gauge": gauge(question, value, asked.words.translate),
        "limit_text": limit_words(question, asked.words.translate),
        "limit_advice": question.limit.word if question.limit else "",
        "siblings": [] if column else _siblings(asked, question, path),
        "has_siblings": False,
        "decide_url": "",
        "entries": [],
        "rows": [],
        "columns": [],
        "add_label": "",
        "title": "",
        "removable": False,
        "note": "",
        "note_by": "",
        "position": "",
        "last_text": "",
        "last_was": "",
        "last_date": "",
        "changed": False,
    }
    return view


def _digits(value: float | None) -> str | None:
    return None if value is None else plain_number(value)


def _bounds(question: Question) -> View:
    names = ("min", "max", "soft_min", "soft_max")
    return {name: _digits(getattr(question, name)) for name in names}


def _dates(asked: Asked, question: Question) -> View:
    """Short cuts for a coming date: tomorrow, and Saturday of next week."""
    today = asked.context.today
    if not question.quick or not is_date(today):
        return {"quick": [], "earliest": "", "latest": ""}
    _, day = asked.words.translate, date.fromisoformat(today)
    saturday = day + timedelta(days=12 - day.weekday())
    quick = [
        {"value": (day + timedelta(days=1)).isoformat(), "label": _("明天")},
        {"value": saturday.isoformat(), "label": _("下周六")},
    ]
    return {"quick": quick, "earliest": today, "latest": ""}


def _signature(question: Question, value: Any, typed: str) -> View:
    drawn = value if question.type == "sign" and isinstance(value, dict) else {}
    path = drawn.get("path")
    size = {name: drawn.get(name) for name in ("width", "height")}
    return {
        "value_json": typed if question.type == "sign" else "",
        "sign_path": path if isinstance(path, str) else "",
        "sign_width": plain_number(size["width"]) if is_number(size["width"]) else "300",
        "sign_height": plain_number(size["height"]) if is_number(size["height"]) else "158",
    }


def _messages(asked: Asked, path: str, column: str) -> View:
    """The first error and the first warning. What is missing is only told to who tries to submit."""
    mine = [p for p in asked.problems if p.field == path and p.column == column]
    told = [p for p in mine if p.code != "required" or asked.context.submitting]
    error = next((p for p in told if p.level == "error"), None)
    warning = next((p for p in told if p.level != "error"), None)
    return {
        "error": error.message if error else "",
        "warning": warning.message if warning else "",
        "warning_level": ("danger" if warning.level == "danger" else "warn") if warning else "",
    }


def _stamp(asked: Asked, path: str) -> View:
    stamp = asked.doc.stamps.get(path) or {}
    by = asked.words.names.get(stamp.get("by") or "", "")
    return {"by_name": by, "at_text": datetime_text(stamp.get("at"), asked.words)}


def _siblings(asked: Asked, question: Question, path: str) -> list[View]:
    return [
        {
            "id": each["sibling"],
            "value_text": one_text(question, path, each.get("value"), asked.words),
            "by_name": asked.words.names.get(each.get("by") or "", ""),
            "at_text": datetime_text(each.get("at"), asked.words),
        }
        for each in asked.doc.siblings.get(path, [])
    ]


def one_text(question: Question, path: str, value: Any, words: Words) -> str:
    """The words for one register or one column: an item or a cell where the question has many."""
    if value is None:
        return ""
    if question.type == "photos" and isinstance(value, dict):
        return value.get("caption") or ""
    if question.merge == "list" and isinstance(value, dict):
        return parts_text(question, value, words)
    if question.type == "matrix" and "/" in path:
        return scalar_text(question, value, words)
    return value_text(question, value, words)
