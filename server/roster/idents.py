"""ID numbers (居民身份证号): GB 11643-1999, eighteen characters, the last a check of the others.

Region 99 is used for fictional people, so the region is not looked up.
"""

import re
from dataclasses import dataclass
from datetime import date

from server.roster.cells import Cell, text

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_SHAPE = re.compile(r"\d{17}[\dX]")


@dataclass(frozen=True, slots=True)
class Ident:
    """A number as it is compared (upper case), and the code of what is wrong with it ('' is well)."""

    number: str = ""
    doubt: str = ""
    birth: date | None = None
    sex: str = ""


def check_digit(first17: str) -> str:
    """The eighteenth character that belongs to seventeen digits."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def ident(cell: Cell) -> Ident:
    """Reads a number as people write it: spaces, full-width digits, a lower-case x, a leading apostrophe."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and cell >= 1e15:
        return Ident(text(cell), "ident_float")
    shown = re.sub(r"[\s'`‘’\-_]", "", text(cell)).upper().replace("×", "X")
    if not shown or not re.search(r"\d", shown):
        return Ident("", "ident_missing" if not shown or len(shown) < 4 else "ident_unreadable")
    if re.fullmatch(r"\d\.\d+E\+?\d+", shown):
        return Ident(shown, "ident_float")
    if not _SHAPE.fullmatch(shown):
        return Ident(shown[:30], "ident_shape")
    born = _birth(shown[6:14])
    sex = "男" if int(shown[16]) % 2 else "女"
    if check_digit(shown[:17]) != shown[17]:
        return Ident(shown, "ident_check", born, sex)
    return Ident(shown, "" if born else "ident_birth", born, sex)


def _birth(eight: str) -> date | None:
    try:
        return date(int(eight[:4]), int(eight[4:6]), int(eight[6:]))
    except ValueError:
        return None
