"""Answers in words, for screens and paper. Twin of ``pwa/value_text.ts``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec import Struct

from sync.form_problems import Translate, chinese, fill
from sync.form_values import is_date, is_datetime, is_number
from sync.questions import Question


class Words(Struct, frozen=True):
    """What it takes to say a value: today (for the year), the school's offset, who is behind an id."""

    today: str
    offset: str = "+08:00"
    names: Mapping[str, str] = {}
    translate: Translate = chinese


def plain_number(value: float) -> str:
    """Digits without needless decimals or an exponent: 70, 36.5, 0.00001."""
    return str(int(value)) if float(value).is_integer() else format(Decimal(repr(value)), "f")


def money(value: float) -> str:
    """Yuan: 5 or 4.50, halves rounded away from zero as JavaScript does."""
    if float(value).is_integer():
        return str(int(value))
    return str(Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP))


def school_time(value: str, offset: str) -> datetime:
    """A moment on the school's clock."""
    sign = -1 if offset.startswith("-") else 1
    shift = sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    return datetime.fromisoformat(value).astimezone(timezone(shift))


def date_text(value: Any, words: Words) -> str:
    """11月20日; with its year when that is not this year's."""
    if not is_date(value):
        return str(value or "")
    day, _ = date.fromisoformat(value), words.translate
    if value[:4] == words.today[:4]:
        return fill(_("{m}月{d}日"), m=day.month, d=day.day)
    return fill(_("{y}年{m}月{d}日"), y=day.year, m=day.month, d=day.day)


def datetime_text(value: Any, words: Words) -> str:
    """11月20日 16:40, on the school's clock."""
    if not is_datetime(value):
        return str(value or "")
    moment = school_time(value, words.offset)
    return f"{date_text(moment.date().isoformat(), words)} {moment:%H:%M}"


def join(parts: list[str], words: Words) -> str:
    _ = words.translate
    return _("、").join(part for part in parts if part)


def _chosen(question: Question, value: Any) -> list[str]:
    """Labels in the order of the choices, whatever the order of the answer; unknown ones last."""
    names = [choice.name for choice in question.choices]
    found = sorted(value, key=lambda name: (names.index(name) if name in names else len(names), name))
    return [question.label_of(name) for name in found]


def name_of(words: Words, ident: Any) -> str:
    """A person's or pupil's name; a dash for one that is not known here."""
    return words.names.get(str(ident), "—")


def _with_unit(question: Question, digits: str) -> str:
    return f"{digits}{question.unit}"


def scalar_text(question: Question, value: Any, words: Words) -> str:
    """One value of a type that is not made of parts."""
    _ = words.translate
    kind = question.type
    if kind == "bool":
        return _("是") if value is True else _("否")
    if is_number(value):
        return _with_unit(question, money(value) if kind == "money" else plain_number(value))
    if kind in ("choice", "matrix"):
        return question.label_of(str(value))
    if kind == "date":
        return date_text(value, words)
    if kind == "datetime":
        return datetime_text(value, words)
    if kind == "ref":
        return name_of(words, value)
    if kind == "sign":
        return _("已签名")
    return value if isinstance(value, str) else ""


def value_text(question: Question, value: Any, words: Words) -> str:
    """A whole answer as ``form_rules.bound_value`` gives it; ``""`` for none."""
    if value is None or value in ([], "", {}):
        return ""
    _ = words.translate
    if question.merge == "list":
        pattern = _("{n}张") if question.type == "photos" else _("{n}项")
        return fill(pattern, n=len(value))
    if question.merge == "set":
        names = (
            [name_of(words, one) for one in value] if question.type == "refs" else _chosen(question, value)
        )
        return join(names, words)
    if question.type == "matrix":
        return _matrix_text(question, value, words)
    if question.type == "place":
        return _place_text(value, words)
    if question.columns:
        return parts_text(question, value, words)
    return scalar_text(question, value, words)


def parts_text(question: Question, value: Any, words: Words) -> str:
    """The answered parts of a group or an item, each behind its label: 味道 4，分量 5."""
    _, known = words.translate, value if isinstance(value, dict) else {}
    told = [
        f"{column.label} {value_text(column, known[column.name], words)}"
        for column in question.columns
        if value_text(column, known.get(column.name), words)
    ]
    return _("，").join(told)


def _matrix_text(question: Question, value: Mapping[str, Any], words: Words) -> str:
    """Rows by answer; what is normal (the first choice) is only counted: 合格11项，不合格 禁用菜."""
    _ = words.translate
    if not question.choices:
        told = [
            f"{row.label} {plain_number(value[row.name])}"
            for row in question.rows
            if is_number(value.get(row.name))
        ]
        return _("，").join(told)
    told = []
    for index, choice in enumerate(question.choices):
        rows = [row.label for row in question.rows if value.get(row.name) == choice.name]
        if rows and index == 0:
            told.append(fill(_("{choice}{n}项"), choice=choice.label, n=len(rows)))
        elif rows:
            told.append(f"{choice.label} {join(rows, words)}")
    return _("，").join(told)


def _place_text(value: Any, words: Words) -> str:
    """Never the coordinates: they are shown as a distance, where anybody needs it."""
    _ = words.translate
    accuracy = value.get("accuracy") if isinstance(value, dict) else None
    if not isinstance(value, dict) or value.get("lat") is None:
        return ""
    if not is_number(accuracy):
        return _("已记位置")
    return fill(_("已记位置，误差约{n}米"), n=plain_number(int(accuracy + 0.5)))
