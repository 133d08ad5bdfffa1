"""Days and times as people read them: 11月20日, 11月20日 21:15, with the year where it is another."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.text import _, fmt


def day(value: Any, today: date | None = None) -> str:
    """An ISO date or the date of an ISO time; "" for what is neither."""
    found = _date(value)
    if found is None:
        return ""
    near = today is None or found.year == today.year
    text = _("{m}月{d}日") if near else _("{y}年{m}月{d}日")
    return fmt(text, y=found.year, m=found.month, d=found.day)


def moment(value: Any, zone: ZoneInfo, today: date | None = None) -> str:
    """A point in time (ISO text or datetime; without a zone it is UTC) at the school: day and minute."""
    found = _moment(value)
    if found is None:
        return day(value, today)
    local = found.astimezone(zone)
    return f"{day(local.date().isoformat(), today)} {local:%H:%M}"


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def offset_of(zone: ZoneInfo, now: datetime) -> str:
    """The zone's offset at that time, as ISO times carry it: +08:00."""
    text = now.astimezone(zone).strftime("%z")
    return f"{text[:3]}:{text[3:]}"


def local_time(now: datetime, zone: ZoneInfo) -> str:
    """A point in time as records carry it: ISO, to the second, with the school's offset."""
    return now.astimezone(zone).isoformat(timespec="seconds")
