"""Writes cel.json: conditions and what the server's engine gives for them, for ``pwa/cel/``.

    python -m sync.vectors.make_cel

A case has an expression and its value by the index of the answers that it saw: null where it is an error,
numbers to the last bit. JSON has no NaN and no infinities: those are told as {"num": "nan"}.
"""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from sync.cel import Bound, evaluate
from sync.vectors.cel_expressions import KINDS, expressions
from sync.vectors.drawn import Json, Maker, drawn

TODAY = "2026-11-21"
ANSWERS, SEEN = 48, 3

TEXTS = st.sampled_from(
    ["my study", "study", "", "12.50", "-7", "007", "1e3", "1234567890123456", "龙䶮", "𠮷家", "𠮷", "！",
     "2026", "2026-11-01", "2024-02-29", "2026-02-30", "2025-11-21T23:00:00+08:00", "x", "X", "study!",
     "行\n第二行", "０", " 1", "true"]
)  # fmt: skip
NUMBERS = st.sampled_from(
    [0, 1, 2, -1, 45, 62, 70, 125, 999999999999999, 2**53 - 1, 0.0, -0.0, 0.1, 0.5, -2.25, 70.5, 1e-6, 1e-7,
     1e15, -1e15, 999999999999999.5, 1.5e300, 5e-324, 123456.789]
)  # fmt: skip
SCALARS = st.one_of(st.none(), TEXTS, NUMBERS, st.booleans())
ODD = st.sampled_from([None, 0, 1, 2])
"""What no set of texts should hold: with these, comparing and searching are errors."""

answer_sets = st.fixed_dictionaries({
    "word": st.one_of(st.none(), TEXTS),
    "count": st.one_of(st.none(), NUMBERS, TEXTS),
    "when": st.one_of(st.none(), TEXTS),
    "yes": st.one_of(st.none(), st.booleans(), TEXTS),
    "any": st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.fixed_dictionaries({"a": SCALARS})),
    "some": st.lists(TEXTS, max_size=3, unique=True) | st.lists(TEXTS | ODD, min_size=1, max_size=3),
    "items": st.lists(st.fixed_dictionaries({"a": SCALARS, "b": SCALARS}), max_size=3),
    "pair": st.fixed_dictionaries({"a": SCALARS, "b": SCALARS}),
})  # fmt: skip
"""Bound answers of a form with the questions of KINDS."""


EDGES = [
    "2.0 - 1.0 * 3.0 - 0.5", "12.0 / 2.0 / 3.0", "2.0 + 3.0 < 2.0 * 3.0", "1.0 <= 1.0",
    "0.0 / 0.0 != 0.0 / 0.0", "true || true && false", "!false == true", "-1.0 - -1.0", "-(0.0)",
    "false ? 1.0 : false ? 2.0 : 3.0",
    '"my study".contains("tud")', '"！" < "𠮷"', '"a" + "b" in ["ab"]', 'str(f.any) + "|" + str(f.pair.a)',
    'f.some.exists(s, s < "b")', 'f.some.all(s, s < "b")', 'f.some.exists_one(s, s == "x")',
    "strlen(f.pair.b)",
    'f.some.all(s, s < "b") || true', 'f.some.all(s, s < "b") && false',
    'count_selected(f.some.filter(s, s != "x"))',
]  # fmt: skip
EDGE = {
    "word": None, "count": 1e15, "when": "", "yes": False, "any": 1e-7, "some": ["a", None, "x"], "items": [],
    "pair": {"a": 1e-6, "b": "𠮷家"},
}  # fmt: skip
"""What chance may leave out: these expressions are in every file, over these answers among others."""


def told(value: Any) -> Any:
    """A value as the file has it."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"num": str(value)}
    return value


def result(source: str, answers: dict[str, Any]) -> Any:
    """What the engine gives, as the file has it."""
    return told(evaluate(source, Bound(KINDS, answers), TODAY))


def again(head: Json, case: Json) -> Json:
    """The case over the same answers."""
    source = case["source"]
    return {
        "source": source,
        "results": {i: result(source, head["answers"][int(i)]) for i in case["results"]},
    }


def draw(start: int, count: int) -> Json:
    """So many expressions, each over some of the answers."""
    head = {"today": TODAY, "answers": [EDGE, *drawn(answer_sets, ANSWERS - 1, start)]}
    cases = [again(head, {"source": source, "results": {"0": None, "1": None}}) for source in EDGES]
    for index, source in enumerate(drawn(expressions, count, start)):
        seen = [(index * SEEN + step) % ANSWERS for step in range(SEEN)]
        cases.append(again(head, {"source": source, "results": dict.fromkeys(map(str, seen))}))
    return {**head, "cases": cases}


CEL = Maker("cel.json", 1500, draw, again)

if __name__ == "__main__":
    CEL.write()
