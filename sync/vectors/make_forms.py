"""Writes forms_*.json and value_text.json: forms, what is asked and wrong in them, what is stored and said.

    python -m sync.vectors.make_forms

Answers are drawn from the right and the odd ones of each type.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from hypothesis import strategies as st

from sync.form_rules import bound_value
from sync.forms import BadValue, Form, Question, load_forms, problems, relevant
from sync.value_text import Words, value_text
from sync.vectors.drawn import HERE, Json, Maker, as_text, drawn

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
MOMENT = {"today": TODAY.isoformat(), "now": NOW.isoformat()}
FILLED = ("home_visit", "night_round", "meal_audit_a", "meal_audit_b")
_ALL = load_forms(HERE.parent.parent / "templates" / "forms")
FORMS = {name: _ALL.latest(name) for name in FILLED}
NAMES = {"p1": "李秀芳", "p2": "戴达洛", "p3": "阿依努尔·麦合木提", "0193-1": "龙䶮", "0193-0": "彭雨桐"}
RANDOMS = st.randoms(use_true_random=False)
"""Dice of which Hypothesis throws each."""

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
            found[question.name] = _chosen(rng, question)
        else:
            found[question.name] = scalar(rng, question)
    return found


def _chosen(rng: random.Random, question: Question) -> list[str]:
    """Some choices; often one beside another that excludes it."""
    names = [choice.name for choice in question.choices] or POOL["refs"]
    chosen = rng.sample(names, rng.randint(1, min(3, len(names))))
    alone = [choice.name for choice in question.choices if choice.exclusive]
    return sorted({*chosen, *(alone if rng.random() < 0.4 else [])})


def rule_case(form: Form, given: Json) -> Json:
    """Which questions apply to these answers, and what is wrong with them."""
    return {
        "form": form.name,
        "answers": given,
        "relevant": sorted(relevant(form, given, TODAY)),
        "problems": [
            {"column": "", **msgspec.to_builtins(problem)} for problem in problems(form, given, TODAY, NOW)
        ],
    }


def value_case(form: Form, path: str, value: Any) -> Json:
    """What an op may set: warnings, or the code under which it would be held."""
    case = {"form": form.name, "path": path, "value": value}
    try:
        return {**case, "warnings": sorted(warning.code for warning in form.check_value(path, value))}
    except BadValue as bad:
        return {**case, "held": bad.code}


def text_case(form: Form, name: str, value: Any, offset: str) -> Json:
    """An answer in words."""
    question = form.question_for(name)
    assert question is not None, name  # noqa: S101 (a file with a question that is no more is made again)
    words = Words(TODAY.isoformat(), offset, NAMES)
    case = {"form": form.name, "question": name, "value": value, "offset": offset}
    return {**case, "text": value_text(question, value, words)}


def _paths(form: Form) -> list[str]:
    paths = [question.name for question in form.questions]
    paths += [f"{question.name}/0193-1" for question in form.questions]
    paths += [f"{question.name}/{row.name}" for question in form.questions for row in question.rows]
    return [*paths, "gone", "carer/", "a/b/c"]


def _values(rng: random.Random, form: Form, path: str) -> list[Any]:
    """Right ones for this path if it is one, and wrong ones."""
    question = form.question_for(path)
    right = [scalar(rng, question) for _ in range(3)] if question else []
    return [*right, *rng.sample(WRONG, 5)]


def _shown(rng: random.Random, form: Form) -> list[tuple[str, Any]]:
    """Questions with what is shown of them: the bound values, as conditions see them."""
    given = answers(rng, form)
    return [(each.name, bound_value(each, given)) for each in form.questions]


def draw_rules(start: int, count: int) -> Json:
    """So many sets of answers for each form."""
    cases = [
        rule_case(form, given)
        for form in FORMS.values()
        for given in drawn(st.builds(answers, RANDOMS, st.just(form)), count, start)
    ]
    return {**MOMENT, "cases": cases}


def draw_values(start: int, count: int) -> Json:
    """So many times eight values for each path of each form."""
    cases = []
    for form in FORMS.values():
        for path in _paths(form):
            for values in drawn(st.builds(_values, RANDOMS, st.just(form), st.just(path)), count, start):
                cases += [value_case(form, path, value) for value in values]
    return {"cases": cases}


def draw_texts(start: int, count: int) -> Json:
    """So many times all questions of each form."""
    cases = []
    for form in FORMS.values():
        for shown in drawn(st.builds(_shown, RANDOMS, st.just(form)), count, start):
            offset = ("+08:00", "-03:30", "+05:45")[len(cases) % 3]
            cases += [text_case(form, name, value, offset) for name, value in shown]
    return {**MOMENT, "names": NAMES, "cases": cases}


RULES = Maker(
    "forms_rules.json", 20, draw_rules, lambda _, case: rule_case(FORMS[case["form"]], case["answers"])
)
VALUES = Maker(
    "forms_values.json",
    1,
    draw_values,
    lambda _, case: value_case(FORMS[case["form"]], case["path"], case["value"]),
)
TEXTS = Maker(
    "value_text.json",
    6,
    draw_texts,
    lambda _, case: text_case(FORMS[case["form"]], case["question"], case["value"], case["offset"]),
)


def definitions() -> Json:
    """The forms of all cases."""
    return {"cases": [form.definition() for form in FORMS.values()]}


def write_definitions() -> None:
    """Stores the forms."""
    (HERE / "forms_definitions.json").write_text(as_text(definitions()), encoding="utf-8")


if __name__ == "__main__":
    write_definitions()
    for maker in (RULES, VALUES, TEXTS):
        maker.write()
