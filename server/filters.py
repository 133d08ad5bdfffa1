"""Filters of the templates, twins of pwa/filters.ts under the vectors of sync/vectors/filters.json."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from server.text import _, fmt

_DAY = re.compile(r"\d{4}-(\d{2})-(\d{2})")
_CLOCK = re.compile(r"\d{4}-\d{2}-\d{2}T(\d{2}:\d{2})")


def date_cn(iso: object) -> str:
    """``2026-11-05`` or a time on that day → 11月5日; anything else stays as it is."""
    found = _DAY.match(str(iso))
    return fmt(_("{m}月{d}日"), m=int(found[1]), d=int(found[2])) if found else str(iso)


def clock(iso: object) -> str:
    """``2026-11-05T14:32:08+08:00`` → 14:32, the time as it was written; anything else stays as it is."""
    found = _CLOCK.match(str(iso))
    return found[1] if found else str(iso)


FILTERS: dict[str, Callable[..., Any]] = {"fmt": fmt, "date_cn": date_cn, "clock": clock}
"""Name in templates → function."""
