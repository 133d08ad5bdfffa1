"""The part of CEL that forms may use, as a grammar of its own with types: what this cannot read is outside.

Two engines evaluate the same text: Google's on the server, and on the phone one of our own that knows this
subset and nothing else (``pwa/cel/``). Google's has limits of length and depth, which are kept to here, and a
budget of items, which both keep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sync.cel_functions import FUNCTIONS, Call
from sync.cel_tokens import Token, tokens_of
from sync.cel_types import BOOL, NULL, NUM, STR, VALUE, Kind, Outside, combine, compare, demand, same

MAX_LENGTH = 1000
MAX_TERMS = 24
MAX_NESTING = 12

METHODS = ("contains", "startsWith", "endsWith")
MACROS = ("exists", "all", "exists_one", "filter")


@dataclass
class Expression:
    """What is known of an expression after reading it.

    Its type, the questions it looks at, the calls of our functions, and the same as CEL without them.
    """

    kind: Kind
    fields: set[str]
    constant: bool
    calls: list[Call]
    native: str


@dataclass
class _Reader:
    """Recursive descent over the tokens, CEL's precedence."""

    fields: Mapping[str, Kind]
    tokens: list[Token]
    seen: set[str] = field(default_factory=set)
    scope: dict[str, Kind] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    depth: int = 0

    def peek(self) -> str:
        return self.tokens[0].text

    def next(self) -> Token:
        return self.tokens.pop(0)

    def take(self, *wanted: str) -> str:
        """The next token if it is one of these and an operator, else ''."""
        token = self.tokens[0]
        return self.next().text if token.sort in ("op", "word") and token.text in wanted else ""

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
            name = self.next().text
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
        if variable.sort != "name" or variable.text in ("f", "c") or variable.text in self.scope:
            raise Outside(f"{name}() needs a new name for its item")
        self.need(",")
        self.scope[variable.text] = kind.item
        demand(self.expression(), BOOL, f"the condition of {name}()")
        del self.scope[variable.text]
        self.need(")")
        return kind if name == "filter" else BOOL

    def primary(self) -> Kind:
        if self.take("("):
            kind = self.expression()
            self.need(")")
            return kind
        if self.take("["):
            return self.literal_list()
        token = self.next()
        sort, text = token.sort, token.text
        if sort == "num":
            return NUM
        if sort == "str":
            return STR
        if sort == "word":
            return BOOL if text in ("true", "false") else NULL
        if sort != "name":
            raise Outside(f"{text or 'the end'} is not expected here")
        return self.call(token) if self.take("(") else self.variable(text)

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
        asked = self.next().text
        if asked not in self.fields:
            raise Outside(f"there is no question {asked!r}")
        self.seen.add(asked)
        return self.fields[asked]

    def call(self, token: Token) -> Kind:
        name = token.text
        if name not in FUNCTIONS:
            raise Outside(f"{name}() is outside the subset; there are {', '.join(FUNCTIONS)}")
        params, result = FUNCTIONS[name]
        given: list[list[Token]] = []
        kind = NULL
        for index, param in enumerate(params):
            if index:
                self.need(",")
            ahead = list(self.tokens)
            kind = self.expression()
            given.append(ahead[: len(ahead) - len(self.tokens)])
            if (param == "str" and kind != STR) or (param == "text" and kind.name not in ("str", "value")):
                raise Outside(f"argument {index + 1} of {name}() must be a text")
        close = self.tokens[0]
        self.need(")")
        if name == "count_selected" and kind.name == "list":
            self.edits += [(token.start, token.end, "double(size"), (close.start, close.end, "))")]
        else:
            self.work_out(token, given, close.end)
        return Kind(result)

    def work_out(self, token: Token, given: list[list[Token]], end: int) -> None:
        """Turns a call into something bound beforehand: under ``c``, or in each item of its list."""
        args = tuple(self.path(token.text, tokens) for tokens in given)
        items = sorted({path[0] for path in args} & set(self.scope))
        if len(items) > 1:
            raise Outside(f"{token.text}() can look at one item at a time")
        self.calls = [call for call in self.calls if call.start < token.start]
        self.edits = [edit for edit in self.edits if edit[0] < token.start]
        key = f"_{token.start}"
        item = items[0] if items else ""
        self.edits.append((token.start, end, f"{item or 'c'}.{key}"))
        root = self.scope[item].root if item else ""
        self.calls.append(Call(key, token.text, args, item, root, token.start, end))

    def path(self, name: str, tokens: list[Token]) -> tuple[str, ...]:
        """An argument as Call has it. Only answers, texts and today() can be worked out beforehand."""
        texts = [token.text for token in tokens]
        if texts == ["today", "(", ")"]:
            return ("today",)
        if len(tokens) == 1 and tokens[0].sort == "str":
            return ("text", texts[0][1:-1])
        known = texts[0] == "f" or (texts[0] in self.scope and self.scope[texts[0]].root)
        if not known or len(texts) < 2 or any(text != "." for text in texts[1::2]):
            raise Outside(f"{name}() takes an answer (f.…), not an expression")
        return tuple(texts[::2])


def _edited(source: str, edits: list[tuple[int, int, str]]) -> str:
    """The source with these places replaced; they do not overlap."""
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source


def read(source: str, fields: Mapping[str, Kind]) -> Expression:
    """Reads an expression over these questions. Raises Outside where it leaves the subset."""
    if len(source) > MAX_LENGTH:
        raise Outside(f"longer than {MAX_LENGTH} characters")
    reader = _Reader(fields, tokens_of(source))
    kind = reader.expression()
    if reader.peek():
        raise Outside(f"{reader.peek()!r} is not expected here")
    constant = not reader.seen and "today" not in source
    return Expression(kind, reader.seen, constant, reader.calls, _edited(source, reader.edits))
