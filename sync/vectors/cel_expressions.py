"""Random conditions of the subset, drawn by Hypothesis, over questions of every shape that a form has."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from sync.cel import Kinds
from sync.cel_subset import read
from sync.cel_types import STR, VALUE, Kind, Outside

KINDS = Kinds({
    **dict.fromkeys(("word", "count", "when", "yes", "any"), VALUE),
    "some": Kind("list", item=STR),
    "items": Kind("list", item=Kind("map", frozenset("ab"), root="items")),
    "pair": Kind("map", frozenset("ab")),
})  # fmt: skip

VALUES = ["f.word", "f.count", "f.when", "f.yes", "f.any", "f.pair.a", "f.pair.b"]
WORDS = [
    '"study"',
    "'2026'",
    '"龙䶮"',
    '"𠮷家"',
    '"！"',
    '""',
    "'a\"b'",
    '"it\'s"',
    '"12.50"',
    '"2026-11-01"',
    "'x'",
]
NUMBERS = ["0.0", "1.0", "2.0", "2.5", "0.1", "45.0", "70.5", "007.50", "1000000.0", "123456789012345678.9"]
METHODS = ["contains", "startsWith", "endsWith"]
SPACES = ["", " ", " ", " ", "\n  "]
DEPTH = 4


class _Writer:
    """Writes one expression. ``items``: names of items at hand, with parts or as texts."""

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw
        self.maps: list[str] = []
        self.texts: list[str] = []
        self.named = 0

    def pick(self, options: list[str]) -> str:
        return self.draw(st.sampled_from(options))

    def one(self, *options: Callable[[], str]) -> str:
        return self.draw(st.sampled_from(options))()

    def joined(self, left: str, op: str, right: str) -> str:
        """Often without parentheses, so that precedence decides."""
        space = self.pick(SPACES) if op != "in" else " "
        text = f"{left}{space}{op}{space}{right}"
        return f"({text})" if self.draw(st.booleans()) else text

    def chosen(self, depth: int, branch: Callable[[int], str]) -> str:
        other = branch(depth - 1)
        if self.draw(st.booleans()):
            other = f"{self.truth(0)} ? {other} : {branch(0)}"
        return f"({self.truth(depth - 1)} ? {branch(depth - 1)} : {other})"

    def value(self) -> str:
        return self.pick(VALUES + [f"{name}.{part}" for name in self.maps for part in "ab"])

    def given(self) -> str:
        """What our own functions take."""
        return self.one(
            self.value, self.value, self.value, lambda: self.pick([*WORDS, "today()", "f.pair", "f.some"])
        )

    def number(self, depth: int) -> str:
        if depth <= 0:
            return self.one(
                lambda: self.pick(NUMBERS), lambda: self.pick(NUMBERS), lambda: f"num({self.given()})"
            )
        return self.one(
            lambda: self.number(0),
            lambda: self.joined(
                self.number(depth - 1), self.pick(["+", "-", "*", "/"]), self.number(depth - 1)
            ),
            lambda: self.joined(self.number(depth - 1), self.pick(["+", "-", "*", "/"]), self.number(0)),
            lambda: f"count_selected({self.one(lambda: self.several(depth - 1), self.value)})",
            lambda: f"strlen({self.given()})",
            lambda: f"days({self.when()}, {self.when()})",
            lambda: self.chosen(depth, self.number),
            lambda: f"-{self.number(0)}",
        )

    def when(self) -> str:
        return self.one(
            self.value, lambda: self.pick(["f.when", "today()", '"2026-11-01"', "'2024-02-29T23:59'"])
        )

    def text(self, depth: int) -> str:
        if depth <= 0:
            return self.one(
                lambda: self.pick(self.texts * 3 + WORDS), lambda: f"str({self.given()})", lambda: "today()"
            )
        return self.one(
            lambda: self.text(0),
            lambda: self.joined(self.text(depth - 1), "+", self.text(depth - 1)),
            lambda: self.chosen(depth, self.text),
        )

    def several(self, depth: int) -> str:
        return self.one(
            lambda: "f.some",
            lambda: "f.items",
            lambda: f"[{', '.join(self.text(0) for _ in range(self.draw(st.integers(0, 3))))}]",
            lambda: self.macro("filter", depth),
        )

    def macro(self, name: str, depth: int) -> str:
        """Over a list of items with parts, or one of texts."""
        source = (
            "f.items" if self.draw(st.booleans()) else self.pick(["f.some", "f.some", '["study", "", "龙"]'])
        )
        self.named += 1
        item = f"{self.pick(['i', 'num', 'item', '_'])}{self.named}"
        scope = self.maps if source == "f.items" else self.texts
        scope.append(item)
        about_it = scope is self.texts and self.draw(st.integers(0, 2))
        condition = self.about(item) if about_it else self.truth(depth - 1)
        scope.remove(item)
        return f"{source}.{name}({item}, {condition})"

    def about(self, item: str) -> str:
        """Asks a text of its item: an error where that is no text."""
        return self.one(
            lambda: f"{item} {self.pick(['<', '>=', '=='])} {self.pick(WORDS)}",
            lambda: f"{item}.{self.pick(METHODS)}({self.pick(WORDS)}) || {item} == {self.pick(WORDS)}",
            lambda: f"!({item}.{self.pick(METHODS)}({self.pick(WORDS)}))",
            lambda: f"{item} + {self.pick(WORDS)} == {self.pick(WORDS)} && {self.truth(0)}",
        )

    def compared(self, depth: int) -> str:
        side = self.pick(["num", "str", "value", "value", "bool"])
        if side == "value":
            constant = self.pick([*WORDS, "null", "true", "false"])
            return self.joined(self.value(), self.pick(["==", "!="]), constant)
        if side == "bool":
            return self.joined(
                f"({self.truth(depth - 1)})", self.pick(["==", "!="]), f"({self.truth(depth - 1)})"
            )
        write = self.number if side == "num" else self.text
        return self.joined(write(depth - 1), self.pick(["<", "<=", ">", ">=", "==", "!="]), write(depth - 1))

    def truth(self, depth: int) -> str:
        if depth <= 0:
            return self.one(
                lambda: f"{self.pick(['empty', 'truthy'])}({self.given()})",
                lambda: f"selected({self.pick(['f.some', *VALUES])}, {self.pick([*WORDS, 'today()'])})",
                lambda: self.joined(
                    self.pick(self.texts or WORDS), self.pick(["<", ">=", "=="]), self.pick(WORDS)
                ),
                lambda: self.pick(["true", "false"]),
            )
        return self.one(
            lambda: self.truth(0),
            lambda: self.joined(self.truth(depth - 1), self.pick(["&&", "||"]), self.truth(depth - 1)),
            lambda: f"!{self.pick(['', '!'])}({self.truth(depth - 1)})",
            lambda: f"!{self.macro(self.pick(['exists', 'all']), depth)}",
            lambda: self.compared(depth),
            lambda: self.compared(depth),
            lambda: f"str({self.given()}).contains({self.pick(WORDS)})",
            lambda: self.joined(
                self.text(depth - 1), "in", self.pick(["f.some", '["study", "x", "12.50"]', "[]"])
            ),
            lambda: f"{self.text(0)}.{self.pick(METHODS)}({self.text(depth - 1)})",
            lambda: self.macro(self.pick(["exists", "all", "exists_one"]), depth),
            lambda: self.macro(self.pick(["exists", "all", "exists_one"]), depth),
            lambda: self.chosen(depth, self.truth),
        )


@st.composite
def _written(draw: DrawFn) -> str:
    writer = _Writer(draw)
    return writer.one(
        lambda: writer.truth(DEPTH),
        lambda: writer.truth(DEPTH),
        lambda: writer.number(DEPTH),
        lambda: f"str({writer.value()})",
        lambda: writer.text(DEPTH),
    )


def _is_inside(source: str) -> bool:
    """Whether reader and engine take it: dropped parentheses lead outside now and then."""
    try:
        read(source, KINDS)
        KINDS.program(source)
    except (Outside, RuntimeError):
        return False
    return True


expressions = _written().filter(lambda source: len(source) <= 400 and _is_inside(source))
"""Sources that the linter of forms would let pass, over KINDS."""
