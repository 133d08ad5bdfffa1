"""Writes forms_*.json: cases that ``sync/`` and ``pwa/`` must both pass. Deterministic.

    python -m sync.vectors.make_forms

Answers are drawn at random from the right and the odd ones of each type, conditions from the subset.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from sync.cel import Bound, Kinds, evaluate
from sync.cel_types import STR, VALUE, Kind
from sync.forms import BadValue, Form, Question, load_forms, problems, relevant

HERE = Path(__file__).parent
FORMS = HERE.parent.parent / "templates" / "forms"
TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FILLED = ("home_visit", "night_round", "meal_audit_a", "meal_audit_b")

WORDS = ["奶奶说孩子懂事多了", "龙䶮", "x", "", "行\n第二行", "字" * 120, "𠮷家"]
POOL: dict[str, list[Any]] = {
    "text": WORDS,
    "line": WORDS,
    "int": [0, 1, 2, 35, 45, 90, 126, 301, -1, 25000],
    "number": [0, 0.5, 36.6, 62, 70, 84.25, 100, 125, 140, 1600],
    "money": [0, 4.5, 5, 5.05, 1200.5, -3],
    "bool": [True, False],
    "date": ["2026-11-20", "2026-11-21", "2026-12-05", "2027-06-30", "2026-01-02"],
    "datetime": [
        "2026-11-20T16:40:02+08:00",
        "2026-11-21T19:05:00+08:00",
        "2026-09-01T08:00:00Z",
        "2026-11-21T16:20:00.5+08:00",
        "2026-11-22T10:00:00+08:00",
    ],
    "time": ["11:40", "07:05", "23:59"],
    "tel": ["13800001234", "0834-1234567", "12345", "１３８"],
    "ref": ["0193a000-0000-7000-8000-000000000001"],
    "refs": ["p1", "p2", "p3"],
    "tags": ["三(2)班", "phone"],
    "json": [{"a": [1]}, "x"],
    "sign": [{"path": "M1 2L3 4", "fields": {"carer": "ab"}}],
}
WRONG: list[Any] = [
    None, "", "x", 7, 1.5, True, [], ["x"], {}, {"add": ["x"]}, {"add": [1]}, {"add": ["a"], "and": []},
    "a\0b", "\ud800", 2**53, 1e300, {"remove": ["study"]}, "2026-02-30", "2026-11-20T16:40:02", "24:00",
    {"dish": "x", "grams": 100}, {"dish": 3}, {"all": True}, {"where": "unknown", "contacted_at": None},
    [[[[[[[[[1]]]]]]]]],
]  # fmt: skip


def scalar(rng: random.Random, question: Question) -> Any:
    """One value of a question's type, now and then an odd one."""
    if question.type == "choice" or (question.type == "matrix" and question.choices):
        return rng.choice([choice.name for choice in question.choices] + ["gone"] * (rng.random() < 0.2))
    if question.columns:
        parts = {c.name: scalar(rng, c) if c.type != "list" else [] for c in question.columns}
        return {name: part for name, part in parts.items() if rng.random() < 0.8}
    return rng.choice(POOL.get(question.type, POOL["number"]))


def answers(rng: random.Random, form: Form) -> dict[str, Any]:
    """Shown values by path, as a doc has them: nothing for what was not answered."""
    found: dict[str, Any] = {}
    density = rng.choice([0.3, 0.7, 0.95])
    for question in form.questions:
        if rng.random() > density:
            continue
        if question.merge == "list":
            for index in range(rng.randint(1, 7 if question.type == "photos" else 3)):
                key = rng.choice(["201", "202", "三楼"]) if question.keys == "line" else f"0193-{index}"
                found[f"{question.name}/{key}"] = scalar(rng, question)
        elif question.type == "matrix":
            for row in rng.sample(question.rows, rng.randint(1, len(question.rows))):
                found[f"{question.name}/{row.name}"] = scalar(rng, question)
        elif question.merge == "set":
            names = [choice.name for choice in question.choices] or POOL["refs"]
            found[question.name] = sorted(rng.sample(names, rng.randint(1, min(3, len(names)))))
        else:
            found[question.name] = scalar(rng, question)
    return found


def rule_cases(forms: list[Form]) -> Iterator[dict[str, Any]]:
    """Which questions apply, and what is wrong."""
    rng = random.Random(20261121)  # noqa: S311 (cases, not secrets)
    for form in forms:
        for _ in range(20):
            given = answers(rng, form)
            yield {
                "form": form.name,
                "answers": given,
                "relevant": sorted(relevant(form, given, TODAY)),
                "problems": [
                    {"column": "", **msgspec.to_builtins(problem)}
                    for problem in problems(form, given, TODAY, NOW)
                ],
            }


def value_cases(forms: list[Form]) -> Iterator[dict[str, Any]]:
    """What an op may set: warnings, or the code under which it would be held."""
    rng = random.Random(7)  # noqa: S311 (cases, not secrets)
    for form in forms:
        paths = [question.name for question in form.questions]
        paths += [f"{question.name}/0193-1" for question in form.questions]
        paths += [f"{q.name}/{row.name}" for q in form.questions for row in q.rows] + [
            "gone",
            "carer/",
            "a/b/c",
        ]
        for path in paths:
            question = form.question_for(path)
            right = [scalar(rng, question) for _ in range(3)] if question else []
            for value in [*right, *rng.sample(WRONG, 5)]:
                yield {"form": form.name, "path": path, "value": value, **_checked(form, path, value)}


def _checked(form: Form, path: str, value: Any) -> dict[str, Any]:
    try:
        return {"warnings": sorted(warning.code for warning in form.check_value(path, value))}
    except BadValue as bad:
        return {"held": bad.code}


CEL_ANSWERS: list[dict[str, Any]] = [
    {"word": None, "count": None, "when": None, "yes": None, "some": [], "items": [],
     "pair": {"a": None, "b": None}},
    {"word": "study", "count": 45, "when": "2026-11-01", "yes": True, "some": ["study", "none"],
     "items": [{"a": 100, "b": "x"}, {"a": None, "b": None}], "pair": {"a": 0.5, "b": "study"}},
    {"word": "", "count": -2.25, "when": "2026-02-30", "yes": False, "some": ["other"],
     "items": [{"a": 62, "b": "study"}], "pair": {"a": 1e15, "b": ""}},
    {"word": "12.50", "count": 0, "when": "2025-11-21T23:00:00+08:00", "yes": "true", "some": ["study"],
     "items": [{"a": 70.0, "b": "龙䶮"}, {"a": 125, "b": "study"}], "pair": {"a": 1e-7, "b": "𠮷"}},
]  # fmt: skip


CEL_KINDS = Kinds({
    **dict.fromkeys(("word", "count", "when", "yes"), VALUE),
    "some": Kind("list", item=STR),
    "items": Kind("list", item=Kind("map", frozenset("ab"), root="items")),
    "pair": Kind("map", frozenset("ab")),
})  # fmt: skip
COMPARE = ("<", "<=", ">", ">=", "==", "!=")
CONSTANTS = ('"study"', "null", "true")


def _value(rng: random.Random) -> str:
    return rng.choice(["f.word", "f.count", "f.when", "f.yes", "f.pair.a", "f.pair.b"])


def _num(rng: random.Random, depth: int) -> str:
    if depth <= 0 or rng.random() < 0.3:
        return rng.choice(["0.0", "2.0", "45.0", "70.5", f"num({_value(rng)})"])
    return rng.choice([
        lambda: f"({_num(rng, depth - 1)} {rng.choice('+-*/')} {_num(rng, depth - 1)})",
        lambda: f"count_selected({rng.choice(['f.some', 'f.items', 'f.word', 'f.pair'])})",
        lambda: f"strlen({_value(rng)})",
        lambda: f"days({rng.choice(['f.when', 'f.word', 'today()'])}, {rng.choice(['f.when', 'today()'])})",
        lambda: f"({_bool(rng, depth - 1)} ? {_num(rng, depth - 1)} : {_num(rng, depth - 1)})",
        lambda: f"-{_num(rng, 0)}",
    ])()  # fmt: skip


def _str(rng: random.Random, depth: int) -> str:
    if depth <= 0 or rng.random() < 0.5:
        return rng.choice(['"study"', "'2026'", '"龙䶮"', f"str({_value(rng)})", "today()"])
    return f"({_str(rng, depth - 1)} + {_str(rng, depth - 1)})"


def _bool(rng: random.Random, depth: int) -> str:
    if depth <= 0:
        return rng.choice(
            [f"empty({_value(rng)})", f"truthy({_value(rng)})", 'selected(f.some, "study")', "true"]
        )
    return rng.choice([
        lambda: f"({_bool(rng, depth - 1)} {rng.choice(['&&', '||'])} {_bool(rng, depth - 1)})",
        lambda: f"!{_bool(rng, 0)}",
        lambda: f"{_num(rng, depth - 1)} {rng.choice(COMPARE)} {_num(rng, depth - 1)}",
        lambda: f"{_str(rng, depth - 1)} {rng.choice(['<', '==', '!=', '>='])} {_str(rng, depth - 1)}",
        lambda: f"{_value(rng)} {rng.choice(COMPARE[-2:])} {rng.choice(CONSTANTS)}",
        lambda: f'{_str(rng, depth - 1)} in ["study", "x", "12.50"]',
        lambda: f"{_str(rng, 0)}.{rng.choice(['contains', 'startsWith', 'endsWith'])}({_str(rng, 0)})",
        lambda: f"f.items.{rng.choice(['exists', 'all', 'exists_one'])}(i, num(i.a) < {_num(rng, 0)})",
        lambda: f'count_selected(f.items.filter(i, str(i.b) == "study")) == {_num(rng, 0)}',
    ])()  # fmt: skip


def cel_cases() -> Iterator[dict[str, Any]]:
    """Expressions of the subset with what they give for each set of answers."""
    rng = random.Random(42)  # noqa: S311 (cases, not secrets)
    for _ in range(400):
        source = rng.choice([_bool, _bool, _num, _str])(rng, 3)
        if "f.some.filter" in source:
            continue
        yield {"source": source, "results": [_result(source, given) for given in CEL_ANSWERS]}


def _result(source: str, given: dict[str, Any]) -> Any:
    """JSON has no NaN; a number is told in ten digits because engines print the last ones differently."""
    value = evaluate(source, Bound(CEL_KINDS, given), TODAY.isoformat())
    if isinstance(value, float):
        return f"{value + 0.0:.9e}" if math.isfinite(value) else str(value)
    return value


def vectors() -> dict[str, Any]:
    """File name → content."""
    loaded = load_forms(FORMS)
    forms = [loaded.latest(name) for name in FILLED]
    definitions = {form.name: form.definition() for form in forms}
    moment = {"today": TODAY.isoformat(), "now": NOW.isoformat()}
    return {
        "forms_definitions.json": {"cases": list(definitions.values())},
        "forms_rules.json": {**moment, "cases": list(rule_cases(forms))},
        "forms_values.json": {"cases": list(value_cases(forms))},
        "forms_cel.json": {**moment, "answers": CEL_ANSWERS, "cases": list(cel_cases())},
    }


def _line(case: Any) -> str:
    """Chinese stays readable; lone surrogates, which no file can hold, are escaped."""
    text = json.dumps(case, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(case)


def as_text(content: dict[str, Any]) -> str:
    """One case a line, so that a change shows as one."""
    head = {key: value for key, value in content.items() if key != "cases"}
    lines = ",\n".join(_line(case) for case in content["cases"])
    return f'{{"head": {_line(head)},\n"cases": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    for name, content in vectors().items():
        (HERE / name).write_text(as_text(content), encoding="utf-8")
