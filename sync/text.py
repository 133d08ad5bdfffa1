"""Three-way merge of free text, by lines and then by sentences, never inside a sentence."""

import re
import unicodedata
from bisect import bisect_left
from itertools import pairwise
from typing import Any

MAX_PAIRS = 2000
"""Pairs of equal tokens that a comparison looks at. A text has few more than it has lines, one that says the
same over and over has their square, and many of those would stop a server: both texts are kept instead."""
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_SENTENCES = re.compile(r"\n|[^。！？；\n]*[。！？；]+|[^。！？；\n]+")

Edit = tuple[int, int, tuple[str, ...]]  # base tokens [start, end) become these


def is_encodable(text: str) -> bool:
    """Whether a database can hold the text: no NUL, and no lone surrogate, which UTF-8 has no bytes for."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return "\0" not in text


def normalise(text: str | None) -> str:
    """NFC with LF line ends; null is the empty text."""
    if not text:
        return ""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def merge_text(was: str, shown: str, new: str) -> str | None:
    """`shown` and `new`, both made from `was`, as one text; None where they touch the same place."""
    for pattern in (_LINES, _SENTENCES):
        base, ours, theirs = (pattern.findall(t) for t in (was, shown, new))
        edited = _edits(base, ours), _edits(base, theirs)
        if edited[0] is None or edited[1] is None:
            return None
        merged = _weave(base, {*edited[0], *edited[1]})
        if merged is not None:
            return merged
    return None


def _edits(base: list[str], changed: list[str]) -> list[Edit] | None:
    """What was changed between the tokens that stayed; None where finding those would take long."""
    start, end = _ends(base, changed)
    stayed = _common(base[start : len(base) - end], changed[start : len(changed) - end])
    if stayed is None:
        return None
    edits: list[Edit] = []
    i = j = start
    last = (len(base) - end, len(changed) - end)
    for at, there in [*((start + a, start + b) for a, b in stayed), last]:
        if (i, j) != (at, there):
            edits.append((i, at, tuple(changed[j:there])))
        i, j = at + 1, there + 1
    return edits


def _ends(a: list[str], b: list[str]) -> tuple[int, int]:
    """How many tokens are equal at the beginning, and at the end of what is left."""
    most = min(len(a), len(b))
    start = next((n for n in range(most) if a[n] != b[n]), most)
    return start, next((n for n in range(most - start) if a[-1 - n] != b[-1 - n]), most - start)


def _common(a: list[str], b: list[str]) -> list[tuple[int, int]] | None:
    """Places of a longest common subsequence (Hunt and Szymanski); None beyond MAX_PAIRS."""
    places: dict[str, list[int]] = {}
    for j in range(len(b) - 1, -1, -1):
        places.setdefault(b[j], []).append(j)
    if sum(len(places.get(token, ())) for token in a) > MAX_PAIRS:
        return None
    ends: list[int] = []  # where in b the best common subsequence of each length ends
    chains: list[Any] = []  # and its pairs, the last one first: (i, j, the rest)
    for i, token in enumerate(a):
        for j in places.get(token, ()):
            n = bisect_left(ends, j)
            chain = (i, j, chains[n - 1] if n else None)
            ends[n : n + 1], chains[n : n + 1] = [j], [chain]
    found = []
    chain = chains[-1] if chains else None
    while chain:
        found.append(chain[:2])
        chain = chain[2]
    return found[::-1]


def _collide(a: Edit, b: Edit) -> bool:
    """Whether two different edits change, or insert at, the same place of the base."""
    if a[0] == a[1] and b[0] == b[1]:
        return a[0] == b[0]
    return a[0] < b[1] and b[0] < a[1]


def _weave(base: list[str], edits: set[Edit]) -> str | None:
    """The base with these edits; one that both sides made is there once."""
    ordered = sorted(edits)
    if any(_collide(a, b) for a, b in pairwise(ordered)):
        return None  # those of one side lie apart: where any two collide, two neighbours do
    out: list[str] = []
    at = 0
    for start, end, words in ordered:
        out += base[at:start]
        out += words
        at = end
    return "".join(out + base[at:])
