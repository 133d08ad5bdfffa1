"""Three-way merge of free text, by lines and then by sentences, never inside a sentence."""

import re
import unicodedata
from difflib import SequenceMatcher

MAX_TOKENS = 2000  # beyond it a merge could take seconds; both texts are kept instead
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
        if max(len(base), len(ours), len(theirs)) > MAX_TOKENS:
            return None
        merged = _weave(base, _edits(base, ours), _edits(base, theirs))
        if merged is not None:
            return merged
    return None


def _edits(base: list[str], changed: list[str]) -> list[Edit]:
    codes = SequenceMatcher(None, base, changed, autojunk=False).get_opcodes()
    return [(i1, i2, tuple(changed[j1:j2])) for tag, i1, i2, j1, j2 in codes if tag != "equal"]


def _collide(a: Edit, b: Edit) -> bool:
    """Whether two different edits change, or insert at, the same place of the base."""
    if a[0] == a[1] and b[0] == b[1]:
        return a[0] == b[0]
    return a[0] < b[1] and b[0] < a[1]


def _weave(base: list[str], ours: list[Edit], theirs: list[Edit]) -> str | None:
    extra = [edit for edit in theirs if edit not in ours]
    if any(_collide(a, b) for a in ours for b in extra):
        return None
    out: list[str] = []
    at = 0
    for start, end, words in sorted([*ours, *extra], key=lambda edit: edit[:2]):
        out += base[at:start]
        out += words
        at = end
    return "".join(out + base[at:])
