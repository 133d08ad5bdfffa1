"""What people write into cells, and what it means: text, names, yes and no, phone numbers, amounts.

Pure functions. Each answers a value and, where a person should look, the code of a doubt
(worded in `wording.py`); none of them raises on any cell.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from server.roster.vocabulary import WORDS

Cell = str | float | int | bool | date | None

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES = dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2007\u2009\u202f\t\r\n\v\f"), " ")
_GONE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
_DASHES = dict.fromkeys(map(ord, "—–―‐‑−"), "-")
_NARROW = _WIDE | _SPACES | _GONE | _DASHES
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_EXPONENT = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_DOTTED_ZERO = re.compile(r"(\d+)\.0+")

MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Phones:
    """The first usable number of a cell, further ones, the words beside them, and a doubt's code."""

    number: str = ""
    others: tuple[str, ...] = ()
    remark: str = ""
    doubt: str = ""


def text(cell: Cell) -> str:
    """A cell as narrow, trimmed text: full-width forms, odd spaces and Excel's floats made plain."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        if not cell.isascii():
            cell = cell.translate(_NARROW)
        elif not cell.isprintable():
            cell = cell.translate(_SPACES)
        return _CONTROL.sub("", cell).strip()[:MAX_TEXT]
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return whole(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    return str(cell)


def whole(number: float) -> str:
    """A float without the `.0` that Excel gave it; never in scientific notation."""
    if number != number or number in (float("inf"), float("-inf")):
        return ""
    return str(int(number)) if number == int(number) else repr(number)


def written(cell: Cell) -> str:
    """What the cell showed, for reports: bounded, nothing tidied but floats and dates."""
    raw = cell if isinstance(cell, str) else text(cell)
    return _CONTROL.sub("", raw)[:200]


def digits_as_written(cell: Cell) -> str:
    """A number that people treat as text (phone, room): undoes `1.79E+10` and `17913617152.0`."""
    shown = text(cell)
    if _EXPONENT.fullmatch(shown):
        return whole(float(shown))
    zero = _DOTTED_ZERO.fullmatch(shown)
    return zero.group(1) if zero else shown


_HAN = r"\u3400-\u9fff\uf900-\ufaff\u3007\U00020000-\U0003ffff"
_NAME_DOTS = re.compile(r"\s*[·•・‧∙⋅●.．]\s*")
_NAME_REMARK = re.compile(r"[(\[【<][^)\]】>]*[)\]】>]")
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_GOOD_NAME = re.compile(rf"[{_HAN}A-Za-zÀ-ɏ' -]+(·[{_HAN}A-Za-zÀ-ɏ' -]+)*")


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name, a remark that stood beside it, and a doubt's code."""

    name: str
    remark: str = ""
    doubt: str = ""


def name(cell: Cell) -> Name:
    """A name without the spaces that line columns up (于 秀); the dot of 阿依古丽·买买提 stays."""
    shown = text(cell)
    remark = " ".join(found[1:-1].strip() for found in _NAME_REMARK.findall(shown))
    bare = _NAME_REMARK.sub("", shown).strip(" *#★☆△▲※,;:、，。")
    bare = _BETWEEN_HAN.sub("", _NAME_DOTS.sub("·", bare)).strip("· ")
    bare = re.sub(r"\s+", " ", bare)
    if not bare:
        return Name("", remark)
    doubt = "" if _GOOD_NAME.fullmatch(bare) and len(bare) <= 30 else "name_odd"
    return Name(bare[:60], remark, doubt or ("name_remark" if remark else ""))


_TICKS = frozenset("√✓✔☑■●V")
_YES = frozenset(WORDS["answers"]["yes_words"])
_NO = frozenset(WORDS["answers"]["no_words"])
_BOX_FIRST = re.compile(r"[√✓✔☑■](是|否|有|无)")
_BOX_LAST = re.compile(r"(是|否|有|无)\(?[√✓✔☑■]")


def yes(cell: Cell) -> tuple[bool | None, str]:
    """Yes, no, or None with a doubt: ticks, words, 1 and 0; an empty cell or a dash is a no."""
    if isinstance(cell, bool):
        return cell, ""
    shown = re.sub(r"\s+", "", digits_as_written(cell)).upper()
    if not shown:
        return False, ""
    boxes = _BOX_FIRST if shown[0] in "√✓✔☑■□☐" else _BOX_LAST
    boxed = set(boxes.findall(shown)) if len(shown) > 1 else set()
    if len(boxed) == 1:
        return boxed <= {"是", "有"}, ""
    if shown in _YES or (len(shown) <= 3 and set(shown) <= _TICKS):
        return True, ""
    if shown in _NO:
        return False, ""
    bare = re.sub(r"\(.*\)", "", shown)
    if bare != shown and bare in _YES | _NO:
        return bare in _YES, "yes_remark"
    return None, "yes_unclear"


_NUMBER = re.compile(r"(?<!\d)(?:\+?86[- ]?|0086[- ]?)?(\d(?:[ \-.]?\d){6,14})(?!\d)")
_MOBILE = re.compile(r"1\d{10}")
_LANDLINE = re.compile(r"0\d{2,3}\d{7,8}|[2-8]\d{6,7}")


def phones(cell: Cell) -> Phones:
    """The numbers in a cell: blanks and country code gone, remarks like `(爷爷)` kept apart."""
    shown = digits_as_written(cell)
    if not shown or shown in _NO:
        return Phones()
    found, cursor, words = [], 0, []
    for match in _NUMBER.finditer(shown):
        words.append(shown[cursor : match.start()])
        cursor = match.end()
        found.extend(_numbers(match.group(1)))
    words.append(shown[cursor:])
    remark = " ".join(re.sub(r"[()\[\]【】:,;/、，。;|和或\s]+", " ", " ".join(words)).split())
    if not found:
        return Phones("", (), shown[:100], "phone_unreadable")
    good = [number for number in found if usable(number)]
    first = good[0] if good else found[0]
    others = tuple(dict.fromkeys(number for number in found if number != first))
    doubt = "phone_wrong" if not good else ("phone_remark" if remark or others else "")
    return Phones(first, others, remark[:100], doubt)


def _numbers(run: str) -> list[str]:
    """One run of digits and gaps as numbers: `130 9329 7991` is one, two mobiles side by side are two."""
    bare = re.sub(r"\D", "", run)
    if len(bare) == 13 and bare.startswith("861"):
        bare = bare[2:]
    return [bare]


def usable(number: str) -> bool:
    """Whether a number can be called: eleven digits that begin with 1, or a landline."""
    return bool(_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number))


def mobile(number: str) -> bool:
    """Whether a number is a mobile's, which is what an account needs."""
    return bool(_MOBILE.fullmatch(number))


def amount(cell: Cell) -> float | None:
    """A number with or without its unit (`4.92元`, `304人`), or None."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, (int, float)):
        return float(cell) if cell == cell and abs(cell) < 1e12 else None
    found = re.fullmatch(r"[¥￥]?\s*(-?\d{1,12}(?:,\d{3})*(?:\.\d{1,6})?)\s*[^\d\s]{0,6}", text(cell))
    return float(found.group(1).replace(",", "")) if found else None
