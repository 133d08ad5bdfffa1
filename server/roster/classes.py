"""Grades and classes: 三年级(2)班, 3.2班, 三2班, 302, 2023级1班 all become 三年级 and 三(2)班."""

import re
from dataclasses import dataclass
from datetime import date

from server.roster.cells import Cell, digits_as_written

_NUMERALS = "一二三四五六七八九"
_TO_NUMBER = {numeral: index for index, numeral in enumerate(_NUMERALS, 1)}
_GRADE = r"(?P<grade>[一二三四五六七八九1-9])"
_SECTION = r"(?P<section>[1-9]\d?|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_JUNIOR = {"初一": "七", "初二": "八", "初三": "九", "初1": "七", "初2": "八", "初3": "九"}

_GRADE_ONLY = re.compile(rf"(?:小学|初中)?{_GRADE}(?:年级|年|级)?")
_COHORT = re.compile(r"(?P<year>20\d\d)(?:级|届)")
_SECTION_ONLY = re.compile(rf"\(?{_SECTION}\)?(?:班|\)班)?")
_TOGETHER = (
    re.compile(rf"(?:小学|初中)?{_GRADE}(?:年级|年)\(?{_SECTION}\)?班?"),
    re.compile(rf"{_GRADE}[.\-·、 ]{_SECTION}班?"),
    re.compile(rf"{_GRADE}[(\[]{_SECTION}[)\]]班?"),
    re.compile(r"(?P<grade>[1-9])0(?P<section>[1-9])班?"),
    re.compile(r"(?P<grade>[一二三四五六七八九])(?P<section>[1-9]\d?)班?"),
    re.compile(r"(?P<grade>[1-9一二三四五六七八九])(?P<section>[1-9一二三四五六七八九])班"),
)
_IN_TEXT = (
    re.compile(rf"{_GRADE}年级\(?{_SECTION}\)?班"),
    re.compile(rf"{_GRADE}\({_SECTION}\)"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pupil is taught: grade (三年级) and class (三(2)班); either may be unknown ('')."""

    grade: str = ""
    class_: str = ""


def school_year(today: date) -> int:
    """The year in which the school year of a day began; it turns on the first of August."""
    return today.year if today.month >= 8 else today.year - 1


def year_in(words: str) -> int | None:
    """The school year that a title names (2026—2027学年度 → 2026), or None."""
    found = re.search(r"(20\d\d)\s*[-~至到/]+\s*(?:20)?\d\d\s*学年|(20\d\d)\s*学年", words)
    return int(found.group(1) or found.group(2)) if found else None


def place(grade: Cell, class_: Cell, year: int) -> Place:
    """Grade and class from their two cells, either of which may hold both or nothing."""
    first, second = _plain(grade), _plain(class_)
    own, section = _grade(first, year), _section(second)
    if own and section:
        return _named(own, section)
    whole = together(second, year) or (together(first, year) if not section else None)
    if whole and (not own or whole.grade == f"{own}年级"):
        return whole
    if not own and not first:
        own = _grade(second, year) if "级" in second else ""
    return _named(own, "") if own else Place()


def _named(grade: str, section: str) -> Place:
    return Place(f"{grade}年级", f"{grade}({section})班" if section else "")


def together(words: str, year: int) -> Place | None:
    """Grade and class written in one: 三年级(2)班, 3.2班, 三2班, 302, 2023级1班; else None."""
    words = _plain(words)
    for junior, numeral in _JUNIOR.items():
        if words.startswith(junior):
            words = f"{numeral}年级{words[2:].removeprefix('年级')}"
    cohort = re.match(r"(20\d\d)[级届](.+)", words)
    if cohort:
        grade, section = _cohort(cohort.group(1), year), _section(cohort.group(2))
        return _named(grade, section) if grade and section else None
    for shape in _TOGETHER:
        found = shape.fullmatch(words)
        if found:
            return _named(_numeral(found.group("grade")), _section(found.group("section")))
    return None


def within(words: str, year: int) -> Place | None:
    """A class named somewhere in a title or a sheet's name (三年级(2)班学生花名册), or None."""
    plain = _plain(words)
    whole = together(re.sub(r"(学生)?(花?名册|名单|信息表?|登记表|基本情况表?).*$", "", plain), year)
    if whole:
        return whole
    for shape in _IN_TEXT:
        found = shape.search(plain)
        if found:
            return _named(_numeral(found.group("grade")), _section(found.group("section")))
    cohort = re.search(r"(20\d\d)[级届]\(?(\d{1,2})\)?班", plain)
    return together(f"{cohort.group(1)}级{cohort.group(2)}班", year) if cohort else None


def grade_within(words: str, year: int) -> str:
    """A grade named in a title or a sheet's name (三年级学生花名册 → 三年级), or ''."""
    found = re.search(r"([一二三四五六七八九1-9])年级", _plain(words))
    return f"{_numeral(found.group(1))}年级" if found else ""


def several(cell: Cell, year: int) -> tuple[list[str], list[str]]:
    """The classes of a cell that may name several (`三(1)班、三(2)班`), and the words not understood."""
    good, odd = [], []
    for part in re.split(r"[、,;，；/\n]+|\s+(?=[一二三四五六七八九1-9])", digits_as_written(cell)):
        found = together(part, year) if part.strip() else None
        if found:
            good.append(found.class_)
        elif part.strip():
            odd.append(part.strip())
    return list(dict.fromkeys(good)), odd


def _plain(cell: Cell) -> str:
    return re.sub(r"\s+", "", digits_as_written(cell)).replace("（", "(").replace("）", ")")


def _grade(words: str, year: int) -> str:
    if words[:2] in _JUNIOR and words[2:] in ("", "年级"):
        return _JUNIOR[words[:2]]
    cohort = _COHORT.fullmatch(words)
    if cohort:
        return _cohort(cohort.group("year"), year)
    found = _GRADE_ONLY.fullmatch(words)
    return _numeral(found.group("grade")) if found else ""


def _cohort(entered: str, year: int) -> str:
    """The grade this school year of those who entered in a year; '' outside one to nine."""
    number = year - int(entered) + 1
    return _NUMERALS[number - 1] if 1 <= number <= 9 else ""


def _section(words: str) -> str:
    found = _SECTION_ONLY.fullmatch(words)
    return str(_count(found.group("section"))) if found else ""


def _count(numeral: str) -> int:
    if numeral.isdecimal():
        return int(numeral)
    if "十" in numeral:
        tens, _, ones = numeral.partition("十")
        return _TO_NUMBER.get(tens, 1) * 10 + _TO_NUMBER.get(ones, 0)
    return _TO_NUMBER[numeral]


def _numeral(grade: str) -> str:
    return _NUMERALS[int(grade) - 1] if grade.isdecimal() else grade


def by_grade(name: str) -> tuple[int, str]:
    """Sorts classes as a school does: 一(1)班 before 二(1)班, whatever the code points say."""
    return (_NUMERALS.find(name[:1]), name)
