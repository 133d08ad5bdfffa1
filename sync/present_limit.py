"""A reading against its limit: the gauge beside it and its words. Twin in ``pwa/present_limit.ts``."""

from __future__ import annotations

import math
from typing import Any

from sync.form_problems import Translate, fill
from sync.form_values import is_number, out_of
from sync.questions import Question
from sync.value_text import plain_number

RAIL = 316
"""The gauge's length in its own coordinates."""


def limit_words(question: Question, _: Translate) -> str:
    """至少 70℃, 至多 120分钟; ``""`` without a limit."""
    limit = question.limit
    if limit is None:
        return ""
    if limit.min is not None:
        return fill(_("至少 {n}{unit}"), n=plain_number(limit.min), unit=question.unit)
    return fill(_("至多 {n}{unit}"), n=plain_number(limit.max or 0), unit=question.unit)


def gauge(question: Question, value: Any, _: Translate) -> dict[str, Any] | None:
    """Where the tick and the dot stand, and which part of the rail is good; None without reading or limit."""
    limit = question.limit
    if limit is None or not is_number(value) or limit.lo is None or limit.hi is None:
        return None
    bound = limit.min if limit.min is not None else limit.max or 0
    tick, least = _at(bound, limit.lo, limit.hi), limit.min is not None
    return {
        "at": plain_number(_at(value, limit.lo, limit.hi)),
        "limit": plain_number(tick),
        "good_from": plain_number(tick) if least else "0",
        "good_to": str(RAIL) if least else plain_number(tick),
        "text_at": plain_number(_tenth(tick + 6 if least else tick - 6)),
        "anchor": "start" if least else "end",
        "words": limit_words(question, _),
        "bad": out_of(value, limit.min, limit.max),
    }


def _tenth(value: float) -> float:
    return math.floor(value * 10 + 0.5) / 10


def _at(value: float, low: float, high: float) -> float:
    """A place on the rail; what is beyond its ends stands at the end."""
    return _tenth(min(max((value - low) / (high - low), 0), 1) * RAIL)
