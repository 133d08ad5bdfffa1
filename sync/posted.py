"""What a posted form changes: names and values of inputs → entries of an op's ``set``. Twin of pwa/posted.ts.

A form posts *units*, one for each register. For a unit with path ``p`` it posts ``base:p`` (the revision
that it was rendered from) and ``was:p`` (the value that it showed), then its inputs: ``p`` itself (several
times for a set), or ``p:column`` for an item of a list and for a group. ``remove:p`` takes an item away;
``with:p`` holds what a prepared item gets once anything of it is filled (the dish that a reading is about).
Only a unit whose ``base:`` is there was on the page, so an empty set can be told from one not asked.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from sync.forms import Form
from sync.questions import Question

NUMBERS = ("int", "number", "money")
ITEMS = ("list", "photos", "group", "place")
_NUMBER = re.compile(r"-?([0-9]{1,15}\.?[0-9]{0,6}|\.[0-9]{1,6})")
_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")


class Change(Struct, frozen=True, omit_defaults=True):
    """One register that differs from what the page showed. ``value`` as in Op.set; ``was`` for texts only."""

    path: str
    base: int
    value: Any
    was: str | None = None


class Posted(Struct, frozen=True):
    """``changes`` in the order of the page; ``unreadable`` paths hold what is no number or no such field."""

    changes: list[Change]
    unreadable: list[str]


def posted(form: Form, pairs: Iterable[tuple[str, str]], offset: str = "+08:00") -> Posted:
    """Reads the pairs of a form body. Never raises: what cannot be read is named and left alone.

    ``offset``: of the school's time zone; inputs for date and time give none.
    """
    inputs: dict[str, list[str]] = {}
    for name, value in pairs:
        inputs.setdefault(name, []).append(value)
    changes, unreadable = [], []
    for path in [name.removeprefix("base:") for name in inputs if name.startswith("base:")]:
        try:
            change = _change(form, path, inputs, offset)
        except ValueError:
            unreadable.append(path)
            continue
        if change is not None:
            changes.append(change)
    return Posted(changes, unreadable)


def _change(form: Form, path: str, inputs: dict[str, list[str]], offset: str) -> Change | None:
    question = form.question_for(path)
    if question is None:
        raise ValueError(path)
    base = _whole(inputs[f"base:{path}"][0])
    was = inputs.get(f"was:{path}", [""])[0]
    if question.merge == "set":
        return _set_change(path, base, was, inputs.get(path, []))
    if question.merge == "text":
        shown, text = clean(was), clean(inputs.get(path, [""])[0])
        return None if shown == text else Change(path, base, text, shown)
    value = _value(question, path, inputs, offset)
    before = _before(question, was, offset)
    return None if value == before and type(value) is type(before) else Change(path, base, value)


def _set_change(path: str, base: int, was: str, chosen: list[str]) -> Change | None:
    before, now = set(was.split()), {name for name in chosen if name}
    value = {"add": sorted(now - before), "remove": sorted(before - now)}
    return Change(path, base, value) if now != before else None


def _value(question: Question, path: str, inputs: dict[str, list[str]], offset: str) -> Any:
    if question.type in ITEMS:
        return None if f"remove:{path}" in inputs else _columns(question, path, inputs, offset)
    if question.type == "sign":
        raw = inputs.get(path, [""])[0]
        return _object(raw) if raw else None
    raw = inputs.get(path, [""])[0]
    return _number(raw) if _is_number_cell(question) else scalar(question.type, raw, offset)


def _columns(
    question: Question, path: str, inputs: dict[str, list[str]], offset: str
) -> dict[str, Any] | None:
    """The parts that were filled; None when none was, so that an empty line stores nothing."""
    value = {}
    for column in question.columns:
        chosen = inputs.get(f"{path}:{column.name}")
        if chosen is None:
            continue
        part: Any = [c for c in chosen if c] if column.type in ("choices", "refs", "tags") else None
        part = part if part is not None else scalar(column.type, chosen[0], offset)
        if part is not None and part != []:
            value[column.name] = part
    kept = {k: v for k, v in _kept(inputs, path).items() if f"{path}:{k}" not in inputs}
    if f"with:{path}" in inputs:
        return {**kept, **_object(inputs[f"with:{path}"][0]), **value} if value else None
    return {**kept, **value} or None


def _kept(inputs: dict[str, list[str]], path: str) -> dict[str, Any]:
    """What the item held in columns that the page did not show."""
    was = inputs.get(f"was:{path}", [""])[0]
    return _object(was) if was else {}


def scalar(kind: str, raw: str, offset: str) -> Any:
    """One input's text as a value of that type, None when empty. Raises ValueError for what is no number."""
    text = clean(raw) if kind in ("text", "line") else clean(raw).strip()
    if text == "":
        return None
    if kind in NUMBERS:
        return _number(text)
    if kind == "bool":
        return text == "true"
    if kind == "datetime" and _MINUTE.fullmatch(text):
        return f"{text}:00{offset}"
    return text


def _before(question: Question, was: str, offset: str) -> Any:
    if was == "":
        return None
    if question.type in (*ITEMS, "sign"):
        return _object(was)
    return _number(was) if _is_number_cell(question) else scalar(question.type, was, offset)


def _is_number_cell(question: Question) -> bool:
    return question.type == "matrix" and not question.choices


def clean(text: str) -> str:
    """NFC with LF, as texts are stored."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _number(raw: str) -> int | float | None:
    """Digits as people type them (also full-width ones); whole numbers come as int."""
    text = unicodedata.normalize("NFKC", raw).replace("。", ".").replace(",", "").strip()
    if text == "":
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(raw)
    number = float(text)
    return int(number) if number.is_integer() else number


def _whole(raw: str) -> int:
    if not raw.isascii() or not raw.isdecimal():
        raise ValueError(raw)
    return int(raw)


def _object(raw: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except RecursionError as error:
        raise ValueError(raw) from error
    if not isinstance(value, dict):
        raise ValueError(raw)
    return value
