"""What a column is called, and so which kind of sheet one has before one.

A header is compared without spaces, line breaks, brackets and marks. Each kind of sheet has its own words,
because 姓名 or 联系电话 mean another thing in each.
"""

import re
from functools import lru_cache
from pathlib import Path

import msgspec

from server.roster.cells import Cell, text

ROSTER, DORM, STAFF, PAIRS, MENU = "roster", "dorm", "staff", "pairs", "menu"
KINDS = (PAIRS, MENU, ROSTER, DORM, STAFF)

_WORDS = msgspec.yaml.decode(
    (Path(__file__).parent / "headers.yaml").read_bytes(), type=dict[str, dict[str, str]]
)

LOOKUP: dict[str, dict[str, str]] = {
    kind: {word: field for field, words in fields.items() for word in words.split()}
    for kind, fields in _WORDS.items()
}
KNOWN_WORDS = frozenset(word for table in LOOKUP.values() for word in table)

_PROOF_OF_ROSTER = frozenset(
    "sex ethnic birth ident enrolment_no hukou address village guardian relation phone boards left_behind "
    "category father mother grade class".split()
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^】]*】|<[^<>]*>")
_BEFORE = re.compile(r"^(学生|是否为|是否|请填写|填写|必填|本人|孩子|该生|现|主要|目前|当前)")
_AFTER = re.compile(r"(情况|信息|必填|1|一|名称)$")
_GROUP = re.compile(r"(基本)?(信息|情况|资料)$")
_DIGITS = re.compile(r"\d{4}")
_MARKS = re.compile(r"[\s*★☆※:：、，,。./\\|?？!\-_'\"“”()\[\]【】]+")


def plain(words: str) -> str:
    """A header as it is compared: without spaces, marks and brackets (their content stays)."""
    return _MARKS.sub("", words)


def group(cell: str) -> str:
    """The upper of two header rows without what only says that it is one: 监护人信息 → 监护人."""
    return _GROUP.sub("", plain(_BRACKETS.sub("", cell)))


@lru_cache(maxsize=20_000)
def spellings(cell: str) -> tuple[str, ...]:
    """The forms in which a header is looked up: as it stands, and without brackets or a word before it."""
    shown = text(cell)
    if not shown or len(shown) > 60 or _DIGITS.search(shown):
        return ()
    bare = [plain(shown), plain(_BRACKETS.sub("", shown))]
    found = [*bare, *(_BEFORE.sub("", one) for one in bare)]
    return tuple(dict.fromkeys([*found, *(_AFTER.sub("", one) for one in found)]))


def meaning(kind: str, cell: Cell) -> str:
    """The field that a header stands for in a kind of sheet, or ''."""
    words = LOOKUP[kind]
    found = (words[one] for one in spellings(cell) if one in words) if isinstance(cell, str) else ()
    return next(iter(found), "")


def looks_known(cell: Cell) -> bool:
    """Whether a cell could be a header of any kind of sheet."""
    return isinstance(cell, str) and any(one in KNOWN_WORDS for one in spellings(cell))


def columns(kind: str, row: list[Cell]) -> dict[str, int]:
    """Which column holds which field, the first of equals; unknown headers are left out."""
    found: dict[str, int] = {}
    for index, cell in enumerate(row):
        field = meaning(kind, cell)
        if field and field not in found:
            found[field] = index
    return found


def qualifies(kind: str, found: dict[str, int]) -> bool:
    """Whether these columns make a sheet of that kind."""
    fields = found.keys()
    if kind == PAIRS:
        return fields >= {"helper", "name"}
    if kind == MENU:
        return "dishes" in fields and bool(fields & {"date", "weekday"})
    if kind == DORM:
        return fields >= {"room", "name"} and bool(fields & {"bed", "building"})
    if kind == STAFF:
        return (
            "name" in fields
            and bool(fields & {"post", "role"})
            and bool(fields & {"phone", "classes", "role"})
        )
    return "name" in fields and len(fields & _PROOF_OF_ROSTER) >= 2


def recognise(row: list[Cell]) -> tuple[str, dict[str, int]] | None:
    """The kind of sheet that a header row begins, with its columns, or None if it is no header row."""
    best: tuple[int, str, dict[str, int]] | None = None
    for kind in KINDS:
        found = columns(kind, row)
        if qualifies(kind, found) and (best is None or len(found) > best[0]):
            best = (len(found), kind, found)
    return (best[1], best[2]) if best else None
