"""Conditions in forms, evaluated by Google's CEL engine. Twin of ``pwa/cel.ts``; see ``cel_subset``.

Expressions see the answers as ``f`` and our own functions below. Numbers are doubles only: the two engines
differ in what they do with mixed ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Any

from cel_expr_python import cel

from sync.form_values import is_date

NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_today: ContextVar[str] = ContextVar("today", default="")


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


_T = cel.Type
_ANY = (_T.NULL, _T.BOOL, _T.INT, _T.DOUBLE, _T.STRING, _T.LIST, _T.MAP)
_TEXT = (_T.NULL, _T.STRING)


def _declare(
    name: str, impl: Callable[..., Any], result: cel.Type, *params: tuple[cel.Type, ...]
) -> cel.FunctionDecl:
    """One overload for each combination: a ``DYN`` parameter never matches in this engine."""
    overloads = [
        cel.Overload(
            id=f"{name}_" + "_".join(re.sub(r"\W", "", kind.name()) for kind in kinds),
            return_type=result,
            parameters=list(kinds),
            is_member=False,
            impl=impl,
        )
        for kinds in product(*params)
    ]
    return cel.FunctionDecl(name, overloads)


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    functions = [
        _declare("num", num, _T.DOUBLE, _ANY),
        _declare("str", str_, _T.STRING, _ANY),
        _declare("truthy", truthy, _T.BOOL, _ANY),
        _declare("empty", empty, _T.BOOL, _ANY),
        _declare("selected", selected, _T.BOOL, _ANY, (_T.STRING,)),
        _declare("count_selected", count_selected, _T.DOUBLE, _ANY),
        _declare("strlen", strlen, _T.DOUBLE, _ANY),
        _declare("days", days, _T.DOUBLE, _TEXT, _TEXT),
        _declare("today", _today.get, _T.STRING),
    ]
    return cel.NewEnv(variables={"f": _T.Map(_T.STRING, _T.DYN)}, functions=functions)


@lru_cache(maxsize=1024)
def compile_expression(source: str) -> cel.Expression:
    """A program. Raises RuntimeError where the engine refuses the source."""
    return _environment().compile(source)


def evaluate(source: str, answers: dict[str, Any], today: str) -> Any:
    """The value of an expression over bound answers; None where it has none (the engine reports an error)."""
    token = _today.set(today)
    try:
        result = compile_expression(source).eval(data={"f": answers})
        return None if result.type() in (_T.ERROR, _T.UNKNOWN) else result.plain_value()
    finally:
        _today.reset(token)
