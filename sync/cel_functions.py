"""Our own functions for conditions, and one call of one of them. Twins of those in ``pwa/cel/functions.ts``.

The engine on the server never calls Python: version 0.1.3 keeps every argument of every call for good, and
answers are about children. So the calls of a condition are worked out here, before it, and bound beside them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sync.form_values import is_date

NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")

FUNCTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "num": (("value",), "num"),
    "str": (("value",), "str"),
    "truthy": (("value",), "bool"),
    "empty": (("value",), "bool"),
    "selected": (("value", "str"), "bool"),
    "count_selected": (("value",), "num"),
    "strlen": (("value",), "num"),
    "days": (("text", "text"), "num"),
    "today": ((), "str"),
}
"""Name → types of what it takes, type of what it gives."""


def num(value: Any) -> float:
    """A number, or a text that is one; anything else is NaN, with which every comparison is false."""
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) else math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value)


def str_(value: Any) -> str:
    """Texts as they are, numbers in plain digits, ``true`` and ``false``; ``""`` for everything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, int | float) or not 1e-6 <= abs(value) < 1e15:
        return "0" if isinstance(value, int | float) and value == 0 else ""
    return str(int(value)) if float(value).is_integer() else format(Decimal(repr(value)), "f")


def empty(value: Any) -> bool:
    """Whether nothing was answered: null, an empty text or list, a group without parts. No is an answer."""
    if isinstance(value, dict):
        return all(empty(part) for part in value.values())
    return value is None or value == "" or value == []


def truthy(value: Any) -> bool:
    """Yes, a number other than zero, or anything that is not empty."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return not math.isnan(value) and value != 0
    return not empty(value)


def selected(value: Any, name: str) -> bool:
    """Whether this choice is among the chosen ones."""
    return name in value if isinstance(value, list) else isinstance(value, str) and value == name


def count_selected(value: Any) -> float:
    """How many are chosen, or how many items a list has."""
    return float(len(value)) if isinstance(value, list) else float(not empty(value))


def strlen(value: Any) -> float:
    """How many characters (code points) a text has."""
    return float(len(value)) if isinstance(value, str) else 0.0


def days(start: Any, end: Any) -> float:
    """Days from one date or time to another, by the dates as they are written; NaN where one is missing."""
    if not (isinstance(start, str) and isinstance(end, str) and is_date(start[:10]) and is_date(end[:10])):
        return math.nan
    return float((date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days)


PYTHON: dict[str, Callable[..., Any]] = {
    "num": num,
    "str": str_,
    "truthy": truthy,
    "empty": empty,
    "selected": selected,
    "count_selected": count_selected,
    "strlen": strlen,
    "days": days,
}


@dataclass(frozen=True)
class Call:
    """One call in a condition. Arguments are paths (``f.a``, ``f.a.b``, ``item.a``), texts, or ``today()``.

    ``item``: the name that its list's items have in the condition, and ``root`` that list; both empty for a
    call that looks at no item. ``start`` and ``end`` are its place in the source.
    """

    key: str
    function: str
    args: tuple[tuple[str, ...], ...]
    item: str
    root: str
    start: int
    end: int

    def value(self, bound: Mapping[str, Any], item: Mapping[str, Any], today: str) -> Any:
        """What the call gives over these answers, for this item."""
        if self.function == "today":
            return today
        return PYTHON[self.function](*(self._argument(path, bound, item, today) for path in self.args))

    def _argument(
        self, path: tuple[str, ...], bound: Mapping[str, Any], item: Mapping[str, Any], today: str
    ) -> Any:
        head, *rest = path
        if head in ("today", "text"):
            return today if head == "today" else rest[0]
        found: Any = bound if head == "f" else item
        for name in rest:
            found = found[name]
        return found
