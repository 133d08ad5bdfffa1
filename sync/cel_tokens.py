"""The pieces of a condition's source."""

from __future__ import annotations

import re
from typing import NamedTuple

from sync.cel_types import Outside

_TOKEN = re.compile(
    r"""\s*(?:(?P<num>[0-9]+\.[0-9]+)|(?P<bad>[0-9]\w*)|(?P<name>[a-z_]\w*)"""
    r"""|(?P<str>"[^"\\\n]*"|'[^'\\\n]*')|(?P<op>&&|\|\||[=!<>]=|[-+*/<>!?:().,\[\]]))""",
    re.ASCII | re.IGNORECASE,
)


class Token(NamedTuple):
    """A piece of the source and its place. ``sort``: ``num str name word op end``."""

    sort: str
    text: str
    start: int
    end: int


def tokens_of(source: str) -> list[Token]:
    """All pieces and an ``end``. Raises Outside for what is not in the subset."""
    found, at, source = [], 0, source.rstrip()
    while at < len(source):
        match = _TOKEN.match(source, at)
        if not match:
            raise Outside(f"{source[at:].strip()[:12]!r} is outside the subset")
        sort = match.lastgroup or ""
        text, at = match[sort], match.end()
        if sort == "bad":
            raise Outside(f"{text}: whole numbers are written as decimals, {text}.0")
        word = text in ("true", "false", "null", "in")
        found.append(Token("word" if word else sort, text, match.start(sort), at))
    return [*found, Token("end", "", at, at)]
