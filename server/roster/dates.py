"""Dates as people write them: 2019/7/19, 20191122, 2019年6月, 19.6.5, 二〇一九年六月五日, Excel's serials."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.roster.cells import Cell, text, whole

_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 73_050  # 1927 to 2100: what Excel stores for plausible dates
_PARTS = re.compile(r"(\d{1,4})\s*[年/\-.、\s]\s*(\d{1,2})(?:\s*[月/\-.、\s]\s*(\d{1,2}))?\s*[日号]?月?")
_TIME = re.compile(r"[T\s]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$")


@dataclass(frozen=True, slots=True)
class When:
    """A date; `day` is None where only year and month were written; `doubt` is a code or ''."""

    year: int = 0
    month: int = 0
    day: int | None = None
    doubt: str = ""

    def whole(self) -> date | None:
        """The whole date, or None if it has no day."""
        return date(self.year, self.month, self.day) if self.year and self.day else None

    def agrees(self, other: date) -> bool:
        """Whether a full date is the same as far as this one goes."""
        return (self.year, self.month) == (other.year, other.month) and self.day in (None, other.day)


def when(cell: Cell, today: date) -> When | None:
    """Reads a date; None for an empty cell. Years of two digits are the latest that is not in the future."""
    if isinstance(cell, datetime):
        return When(cell.year, cell.month, cell.day)
    if isinstance(cell, date):
        return When(cell.year, cell.month, cell.day)
    if isinstance(cell, bool):
        return When(doubt="date_unreadable")
    if isinstance(cell, (int, float)):
        return _from_number(float(cell))
    shown = _TIME.sub("", text(cell)).strip()
    if not shown or shown in "/-":
        return None
    return _from_text(shown, today)


def _from_number(number: float) -> When:
    if _FIRST_SERIAL <= number <= _LAST_SERIAL:
        day = _EXCEL_DAY_ZERO + timedelta(days=int(number))
        return When(day.year, day.month, day.day)
    if number != number or abs(number) > 1e8:
        return When(doubt="date_unreadable")
    if number != int(number):
        year, _, month = repr(number).partition(".")
        # 2019.1 may have been 2019.10 before Excel took it for a number
        doubt = "date_float" if month == "1" else ""
        return _checked(year, month, None, doubt)
    return _from_text(whole(number), date.max)


def _from_text(shown: str, today: date) -> When:
    shown = _han(shown)
    if re.fullmatch(r"\d+\.0", shown):
        shown = shown[:-2]
    if re.fullmatch(r"\d{8}", shown):
        return _checked(shown[:4], shown[4:6], shown[6:])
    if re.fullmatch(r"\d{6}", shown):
        return _checked(shown[:4], shown[4:], None)
    if re.fullmatch(r"\d{5}", shown):
        return _from_number(float(shown))
    american = re.fullmatch(r"(\d{1,2})[/\-.](\d{1,2})[/\-.](\d{4})", shown)
    if american:
        return _american(*american.groups())
    found = _PARTS.fullmatch(shown)
    if not found:
        return When(doubt="date_unreadable")
    year = found.group(1)
    if len(year) <= 2:
        century = 2000 if 2000 + int(year) <= today.year else 1900
        return _checked(str(century + int(year)), found.group(2), found.group(3), "date_short_year")
    return _checked(year, found.group(2), found.group(3))


def _american(first: str, second: str, year: str) -> When:
    """`6/26/2019`: month first, unless it can't be; where both could be, that is a doubt."""
    month, day = (second, first) if int(first) > 12 else (first, second)
    unsure = int(first) <= 12 and int(second) <= 12 and first != second
    return _checked(year, month, day, "date_order" if unsure else "")


def _checked(year: str, month: str, day: str | None, doubt: str = "") -> When:
    try:
        date(int(year), int(month), int(day or 1))
    except (ValueError, OverflowError):
        return When(doubt="date_unreadable")
    if not 1900 <= int(year) <= 2100:
        return When(doubt="date_unreadable")
    return When(int(year), int(month), int(day) if day else None, doubt)


def _han(shown: str) -> str:
    """Chinese numerals as digits: 二〇一九年十二月二十五日 → 2019年12月25日."""
    if not re.search("[〇零○一二三四五六七八九十]", shown):
        return shown
    shown = re.sub(r"([一二三四五六七八九]?)十([一二三四五六七八九]?)", _tens, shown)
    return shown.translate(_HAN_DIGITS)


def _tens(found: re.Match[str]) -> str:
    tens = found.group(1).translate(_HAN_DIGITS) or "1"
    return tens + (found.group(2).translate(_HAN_DIGITS) or "0")
