"""What may be stored in a field, whatever a phone sends: semantic checks, type by type."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeGuard

from msgspec import Struct

from sync.questions import Question
from sync.text import is_encodable

if TYPE_CHECKING:
    from sync.forms import Form

MAX_DEPTH = 8
MAX_PATH = 120
MAX_SAFE_INT = 2**53 - 1
TEL = re.compile(r"1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DATETIME = re.compile(
    r"([0-9-]{10})T(([01][0-9]|2[0-3])(:[0-5][0-9]){2})(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


class BadValue(Exception):
    """A value that cannot be stored at all, so its op is held as ``bad_value``.

    ``code``: ``unknown_field``, ``wrong_type`` or ``not_storable`` (NUL, lone surrogates, numbers that
    JSON or a phone cannot hold).
    """

    def __init__(self, code: str, field: str) -> None:
        super().__init__(f"{field}: {code}")
        self.code = code
        self.field = field


class Warning(Struct, frozen=True):
    """A value that is stored and doubted.

    ``code``: ``out_of_range``, ``too_long``, ``unknown_choice`` or ``bad_format``.
    """

    field: str
    code: str


def storable(value: Any, depth: int = 0) -> bool:
    """Whether JSON, both databases and a phone's numbers can all hold this."""
    if isinstance(value, str):
        return is_encodable(value)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return abs(value) <= MAX_SAFE_INT
    if isinstance(value, float):
        return math.isfinite(value) and (abs(value) <= MAX_SAFE_INT or not value.is_integer())
    if depth == MAX_DEPTH:
        return False
    if isinstance(value, dict):
        return all(isinstance(k, str) and storable(k) and storable(v, depth + 1) for k, v in value.items())
    return isinstance(value, list) and all(storable(item, depth + 1) for item in value)


def is_number(value: Any) -> TypeGuard[float]:
    """A number as JSON has them; a bool is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_date(value: Any) -> bool:
    """``2026-11-20``, a day that exists."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_datetime(value: Any) -> bool:
    """RFC 3339 with its offset: ``2026-11-20T16:40:02+08:00``."""
    found = _DATETIME.fullmatch(value) if isinstance(value, str) else None
    return found is not None and is_date(found[1])


def _is_int(value: Any) -> bool:
    return is_number(value) and float(value).is_integer()


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


RIGHT_TYPE: dict[str, Callable[[Any], bool]] = {
    "int": _is_int,
    "number": is_number,
    "money": is_number,
    "bool": lambda value: isinstance(value, bool),
    "date": is_date,
    "datetime": is_datetime,
    "time": lambda value: isinstance(value, str) and bool(_TIME.fullmatch(value)),
    "json": lambda value: True,
    "sign": lambda value: isinstance(value, dict),
}
"""Types that are not simply text; parts of groups and items are checked column by column."""

SET_TYPES = ("choices", "refs", "tags")
ITEM_TYPES = ("list", "photos", "group", "place")


def doubts(question: Question, value: Any) -> list[str]:
    """Codes of what is odd about a value of the right type. An empty one is never odd."""
    if isinstance(value, str):
        return _doubts_of_text(question, value)
    if is_number(value) and out_of(value, question.min, question.max, question.soft_min, question.soft_max):
        return ["out_of_range"]
    return []


def _doubts_of_text(question: Question, value: str) -> list[str]:
    codes = []
    if question.type in ("choice", "choices") and value not in question.choice_names:
        codes.append("unknown_choice")
    if question.max_length is not None and len(value) > question.max_length:
        codes.append("too_long")
    if question.type == "tel" and value and not TEL.fullmatch(value):
        codes.append("bad_format")
    return codes


def out_of(value: float, *bounds: float | None) -> bool:
    """Whether a number is below any of the first bounds of each pair (low, high) or above a second one."""
    lows, highs = bounds[::2], bounds[1::2]
    return any(low is not None and value < low for low in lows) or any(
        high is not None and value > high for high in highs
    )


def check_value(form: Form, path: str, value: Any) -> list[Warning]:
    """Checks one entry of an op's ``set``; the shapes are those of the wire. Raises BadValue."""
    question = form.question_for(path)
    whole = "/" not in path
    if question is None or whole == (question.merge == "list" or question.type == "matrix"):
        raise BadValue("unknown_field", path)
    if len(path) > MAX_PATH or not is_encodable(path):
        raise BadValue("unknown_field", path)
    if not storable(value):
        raise BadValue("not_storable", path)
    if question.merge == "set":
        values = _set_entries(path, value)
        return [Warning(path, code) for item in values for code in doubts(question, item)]
    return [] if value is None else _check(question, path, value)


def _set_entries(path: str, value: Any) -> list[str]:
    """What a set op adds; what it removes is only checked for its type."""
    if not isinstance(value, dict) or not value.keys() <= {"add", "remove"}:
        raise BadValue("wrong_type", path)
    added, removed = value.get("add", []), value.get("remove", [])
    for items in (added, removed):
        if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
            raise BadValue("wrong_type", path)
    return added


def _check(question: Question, path: str, value: Any) -> list[Warning]:
    if question.type in ITEM_TYPES:
        return _check_columns(question, path, value)
    if question.type == "matrix":
        right = isinstance(value, str) if question.choices else is_number(value)
        if question.choices and right and value not in question.choice_names:
            return [Warning(path, "unknown_choice")]
    elif question.type in SET_TYPES:
        right = isinstance(value, list) and all(isinstance(item, str) for item in value)
    else:
        right = RIGHT_TYPE.get(question.type, _is_text)(value)
    if not right:
        raise BadValue("wrong_type", path)
    return [Warning(path, code) for code in doubts(question, value)]


def _check_columns(question: Question, path: str, value: Any) -> list[Warning]:
    """An item or a group: a mapping with known columns, each of the right type or null."""
    if not isinstance(value, dict):
        raise BadValue("wrong_type", path)
    columns = {column.name: column for column in question.columns}
    found: list[Warning] = []
    for name, part in value.items():
        if name not in columns:
            raise BadValue("unknown_field", path)
        if columns[name].type == "list":
            found += _check_nested(columns[name], path, part)
        elif part is not None:
            found += _check(columns[name], path, part)
    return found


def _check_nested(column: Question, path: str, value: Any) -> list[Warning]:
    """A list inside an item (the beds of a room) is part of the item's one value."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadValue("wrong_type", path)
    return [warning for item in value for warning in _check_columns(column, path, item)]
