"""Conditions in forms, evaluated by Google's CEL engine. Twin of ``pwa/cel/``; see ``cel_subset``.

Expressions see the answers as ``f``. What our own functions give is worked out before
(``cel_functions``) and bound beside the answers, so that the engine sees plain CEL.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from sync.cel_functions import Call
from sync.cel_subset import read
from sync.cel_types import Kind

_T = cel.Type


class Kinds(dict[str, Kind]):
    """The static types of a form's answers by question, and the conditions compiled over them."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        super().__init__(kinds)
        self.programs: dict[str, Program] = {}

    def program(self, source: str) -> Program:
        """Compiles once. Raises Outside or RuntimeError where source or engine refuse."""
        if source not in self.programs:
            self.programs[source] = Program(source, self)
        return self.programs[source]


class Bound(dict[str, Any]):
    """All answers of a form as its conditions see them, by question."""

    def __init__(self, kinds: Kinds, answers: dict[str, Any]) -> None:
        super().__init__(answers)
        self.kinds = kinds


class Program:
    """A compiled condition and the calls that it needs worked out."""

    def __init__(self, source: str, kinds: dict[str, Kind]) -> None:
        found = read(source, kinds)
        self.calls: list[Call] = found.calls
        self.expression = _environment().compile(found.native)


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    answers = _T.Map(_T.STRING, _T.DYN)
    return cel.NewEnv(variables={"f": answers, "c": answers})


def evaluate(source: str, bound: Bound, today: str) -> Any:
    """The value of an expression over bound answers; None where it has none (the engine reports an error)."""
    program = bound.kinds.program(source)
    answers, given = dict(bound), {}
    for call in program.calls:
        if call.item:
            items = answers[call.root]
            answers[call.root] = [{**item, call.key: call.value(bound, item, today)} for item in items]
        else:
            given[call.key] = call.value(bound, {}, today)
    try:
        result = program.expression.eval(data={"f": answers, "c": given})
    except RuntimeError:  # the budget of 10,000 items is spent
        return None
    return None if result.type() in (_T.ERROR, _T.UNKNOWN) else result.plain_value()
