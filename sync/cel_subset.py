"""The part of CEL that forms may use, as a grammar of its own with types: what this cannot read is outside.

Two engines evaluate the same text, on the server and on the phone. Inside this subset they agree; outside
they differ in numbers, missing keys, time stamps and regular expressions, and each has limits of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sync.cel_types import BOOL, NULL, NUM, STR, VALUE, Kind, Outside, combine, compare, demand, same

MAX_LENGTH = 1000
MAX_TERMS = 24
MAX_NESTING = 12

FUNCTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "num": (("value",), "num"),
    "str": (("value",), "str"),
    "truthy": (("value",), "bool"),
    "empty": (("value",), "bool"),
    "selected": (("value", "str"), "bool"),
    "count_selected": (("value",), "num"),
    "strlen": (("value",), "num"),
    "days": (("text", "text"), "num"),
    "today": ((), "str"),
}
METHODS = ("contains", "startsWith", "endsWith")
MACROS = ("exists", "all", "exists_one", "filter")
_TOKEN = re.compile(
    r"""\s*(?:(?P<num>[0-9]+\.[0-9]+)|(?P<bad>[0-9]\w*)|(?P<name>[a-z_]\w*)"""
    r"""|(?P<str>"[^"\\\n]*"|'[^'\\\n]*')|(?P<op>&&|\|\||[=!<>]=|[-+*/<>!?:().,\[\]]))""",
    re.ASCII | re.IGNORECASE,
)


@dataclass
class Expression:
    """What is known of an expression after reading it: its type and the questions it looks at."""

    kind: Kind
    fields: set[str]
    constant: bool


@dataclass
class _Reader:
    """Recursive descent over the tokens, CEL's precedence."""

    fields: dict[str, Kind]
    tokens: list[tuple[str, str]]
    seen: set[str] = field(default_factory=set)
    scope: dict[str, Kind] = field(default_factory=dict)
    depth: int = 0

    def peek(self) -> str:
        return self.tokens[0][1]

    def next(self) -> tuple[str, str]:
        return self.tokens.pop(0)

    def take(self, *wanted: str) -> str:
        """The next token if it is one of these and an operator, else ''."""
        kind, text = self.tokens[0]
        return self.next()[1] if kind in ("op", "word") and text in wanted else ""

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise Outside(f"expected {wanted} before {self.peek() or 'the end'}")

    def expression(self) -> Kind:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise Outside(f"nested deeper than {MAX_NESTING}; split it into two questions")
        kind = self.chain(("||",), self.conjunction)
        if self.take("?"):
            demand(kind, BOOL, "the condition before ?")
            kind = self.expression()
            self.need(":")
            same(kind, self.expression(), "the two sides of :")
        self.depth -= 1
        return kind

    def conjunction(self) -> Kind:
        return self.chain(("&&",), self.relation)

    def chain(self, ops: tuple[str, ...], operand: Callable[[], Kind]) -> Kind:
        """``a op b op c`` with operators of one rank."""
        kind, terms = operand(), 1
        while op := self.take(*ops):
            terms += 1
            if terms > MAX_TERMS:
                raise Outside(f"more than {MAX_TERMS} terms in a row")
            kind = combine(op, kind, operand())
        return kind

    def relation(self) -> Kind:
        left = self.sum()
        op = self.take("==", "!=", "<=", ">=", "<", ">", "in")
        return compare(op, left, self.sum()) if op else left

    def sum(self) -> Kind:
        return self.chain(("+", "-"), self.product)

    def product(self) -> Kind:
        return self.chain(("*", "/"), self.unary)

    def unary(self) -> Kind:
        if self.take("!"):
            demand(self.unary(), BOOL, "what follows !")
            return BOOL
        if self.take("-"):
            demand(self.unary(), NUM, "what follows -")
            return NUM
        return self.postfix()

    def postfix(self) -> Kind:
        kind = self.primary()
        while self.take("."):
            name = self.next()[1]
            kind = self.method(kind, name) if self.take("(") else self.select(kind, name)
        return kind

    def select(self, kind: Kind, name: str) -> Kind:
        if kind.name != "map" or name not in kind.parts:
            raise Outside(f"there is no part {name!r} here")
        return VALUE

    def method(self, kind: Kind, name: str) -> Kind:
        if name in MACROS:
            return self.macro(kind, name)
        if name not in METHODS:
            raise Outside(f"{name}() is outside the subset; there are {', '.join(METHODS + MACROS)}")
        demand(kind, STR, f"what {name}() is asked of (write str(…))")
        demand(self.expression(), STR, f"the argument of {name}()")
        self.need(")")
        return BOOL

    def macro(self, kind: Kind, name: str) -> Kind:
        if kind.name != "list" or kind.item is None:
            raise Outside(f"{name}() needs a list")
        variable = self.next()
        if variable[0] != "name" or variable[1] == "f" or variable[1] in self.scope:
            raise Outside(f"{name}() needs a new name for its item")
        self.need(",")
        self.scope[variable[1]] = kind.item
        demand(self.expression(), BOOL, f"the condition of {name}()")
        del self.scope[variable[1]]
        self.need(")")
        return kind if name == "filter" else BOOL

    def primary(self) -> Kind:
        if self.take("("):
            kind = self.expression()
            self.need(")")
            return kind
        if self.take("["):
            return self.literal_list()
        sort, text = self.next()
        if sort == "num":
            return NUM
        if sort == "str":
            return STR
        if sort == "word":
            return BOOL if text in ("true", "false") else NULL
        if sort != "name":
            raise Outside(f"{text or 'the end'} is not expected here")
        return self.call(text) if self.take("(") else self.variable(text)

    def literal_list(self) -> Kind:
        while not self.take("]"):
            demand(self.expression(), STR, "an item of a list")
            if not self.take(","):
                self.need("]")
                break
        return Kind("list", item=STR)

    def variable(self, name: str) -> Kind:
        if name in self.scope:
            return self.scope[name]
        if name != "f":
            raise Outside(f"{name!r} is not known; answers are f.{name}")
        self.need(".")
        asked = self.next()[1]
        if asked not in self.fields:
            raise Outside(f"there is no question {asked!r}")
        self.seen.add(asked)
        return self.fields[asked]

    def call(self, name: str) -> Kind:
        if name not in FUNCTIONS:
            raise Outside(f"{name}() is outside the subset; there are {', '.join(FUNCTIONS)}")
        params, result = FUNCTIONS[name]
        for index, param in enumerate(params):
            if index:
                self.need(",")
            kind = self.expression()
            if (param == "str" and kind != STR) or (
                param == "text" and kind.name not in ("str", "value", "null")
            ):
                raise Outside(f"argument {index + 1} of {name}() must be a text")
        self.need(")")
        return Kind(result)


def _tokens(source: str) -> list[tuple[str, str]]:
    found, at, source = [], 0, source.rstrip()
    while at < len(source):
        match = _TOKEN.match(source, at)
        if not match:
            raise Outside(f"{source[at:].strip()[:12]!r} is outside the subset")
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "bad":
            raise Outside(f"{text}: whole numbers are written as decimals, {text}.0")
        found.append(("word" if text in ("true", "false", "null", "in") else kind, text))
        at = match.end()
    return [*found, ("end", "")]


def read(source: str, fields: dict[str, Kind]) -> Expression:
    """Reads an expression over these questions. Raises Outside where it leaves the subset."""
    if len(source) > MAX_LENGTH:
        raise Outside(f"longer than {MAX_LENGTH} characters")
    reader = _Reader(fields, _tokens(source))
    kind = reader.expression()
    if reader.peek():
        raise Outside(f"{reader.peek()!r} is not expected here")
    return Expression(kind, reader.seen, constant=not reader.seen and "today" not in source)
