"""Phones' clocks are wrong: when a visit took place, by the phone's time and the skew that syncs measured."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

OFF = timedelta(minutes=10)
"""A clock that is wrong by less is as good as right."""


def skew(values: Mapping[str, Any]) -> timedelta:
    """What must be added to the phone's time as the record has it (`clock`); 0 where it is right enough."""
    clock = values.get("clock")
    seconds = clock.get("skew") if isinstance(clock, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return timedelta(0)
    try:
        found = timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return timedelta(0)
    return found if abs(found) >= OFF else timedelta(0)


def occurred_at(values: Mapping[str, Any]) -> str | None:
    """When it took place, as ISO text.

    A time that was still to come when it was written down is the wrong clock's and is corrected; any other
    may have been corrected on the phone, or typed by someone who had looked at a better clock.
    """
    told, off = values.get("occurred_at"), skew(values)
    if not isinstance(told, str) or not off:
        return told if isinstance(told, str) else None
    try:
        at, now = datetime.fromisoformat(told), datetime.fromisoformat(values["clock"]["device"]) + off
        return (at + off).isoformat() if at > now + OFF else told
    except (KeyError, TypeError, ValueError, OverflowError):
        return told
