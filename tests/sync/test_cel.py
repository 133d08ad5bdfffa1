"""Conditions on the server: what they cost, and what the engine is spared."""

from __future__ import annotations

import gc
import sys
from datetime import date
from pathlib import Path

import pytest

from sync.cel import Bound, Kinds, evaluate
from sync.cel_types import VALUE, Kind
from sync.forms import load_forms, problems

KINDS = Kinds({"text": VALUE, "items": Kind("list", item=Kind("map", frozenset({"a", "b"}), root="items"))})
ITEMS = [{"a": 100, "b": "2026-11-01"}, {"a": None, "b": None}]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f.items.exists(i, num(i.a) < 125.0)", True),
        ("f.items.all(i, num(i.a) < 125.0)", False),
        ("f.items.exists(i, empty(i.a) && empty(i.b))", True),
        ("count_selected(f.items.filter(i, !empty(i.a) && days(i.b, today()) > 10.0)) == 1.0", True),
        ('f.items.exists(i, str(i.b).startsWith("2026") && strlen(f.text) == 2.0)', True),
        ("f.items.exists(i, f.items.exists(k, num(k.a) > 1.0) && empty(i.a))", True),
        ('str(f.text) + "!" == "龙䶮!"', True),
        ('selected(f.text, "c._1")', False),
    ],
)
def test_calls_are_worked_out_for_each_item(source: str, expected: bool) -> None:
    assert evaluate(source, Bound(KINDS, {"text": "龙䶮", "items": ITEMS}), "2026-11-21") is expected


@pytest.mark.parametrize(("count", "expected"), [(138, True), (139, None)])
def test_a_spent_budget_is_no_value_and_no_fault(count: int, expected: bool | None) -> None:
    """The engine looks at fewer than 10,000 items in one evaluation; pwa/cel/ counts as it does."""
    items = [{"a": number, "b": None} for number in range(count)]
    source = "f.items.all(i, f.items.exists(k, num(i.a) == num(k.a)))"
    assert evaluate(source, Bound(KINDS, {"text": None, "items": items}), "2026-11-21") is expected


def test_nothing_of_an_answer_stays_behind() -> None:
    """The engine leaks the arguments of functions written in Python, so none of ours is called by it."""
    form = load_forms(Path("templates/forms")).latest("home_visit")

    def blocks_after(runs: int) -> int:
        for _ in range(runs):
            problems(form, {"home_fb": "奶奶说" * 20, "photos/1": {"sha256": "a"}}, date(2026, 11, 21))
        gc.collect()
        return sys.getallocatedblocks()

    before = blocks_after(50)
    assert blocks_after(500) - before < 500, "less than one object a run"
