"""Writes posted_bodies.json: bodies of forms and what they change. posted.json has the cases written by hand.

python -m sync.vectors.make_posted
"""

from __future__ import annotations

import random

import msgspec
from hypothesis import strategies as st

from sync.forms import Form, Question
from sync.posted import posted
from sync.vectors.drawn import Json, Maker, drawn
from sync.vectors.make_forms import FORMS, RANDOMS

TYPED = [
    "", " ", "0", "7", "３５", "36.5", "36。6", "1,200.5", "-3", ".5", "1e3", "0x1f", "9" * 16, "true",
    "false", "study", "safety study", "none", "good", "2026-11-20", "2026-11-20T16:40",
    "2026-11-20T16:40:02+08:00", "11:40", "13800001234",
    "奶奶说\r\n孩子懂事", "cafe\u0301", "café", " 路不好 ", "龙䶮𠮷",
    '{"path": "M1 2L3 4", "fields": {"carer": "ab"}}', '{"dish": "米饭", "grams": 125}', '{"a": 1.0}', "[1]",
    "{",
]  # fmt: skip
BASES = ["0", "12", "12", "9007199254740991", "-1", "x", "１", "1.0", ""]


def _unit(dice: random.Random, question: Question) -> list[tuple[str, str]]:
    """What one register posts: as a page would, now and then with something missing or odd."""
    path = question.name
    if question.merge == "list":
        path += dice.choice(["/0193-1", "/201", ""])
    elif question.rows:
        path += "/" + dice.choice([row.name for row in question.rows])
    typed = TYPED + [choice.name for choice in question.choices]
    pairs = [(f"base:{path}", dice.choice(BASES))]
    if dice.random() < 0.8:
        pairs.append((f"was:{path}", dice.choice(typed)))
    pairs += [(path, dice.choice(typed)) for _ in range(dice.randint(0, 2))]
    for column in question.columns:
        if dice.random() < 0.6:
            names = [choice.name for choice in column.choices]
            pairs.append((f"{path}:{column.name}", dice.choice(TYPED + names)))
    for extra in ("remove", "with"):
        if question.columns and dice.random() < 0.2:
            pairs.append((f"{extra}:{path}", dice.choice(TYPED)))
    return pairs


def _body(dice: random.Random, form: Form) -> list[tuple[str, str]]:
    """The pairs of one page, of up to four questions, and of one that is not the form's."""
    pairs = []
    for question in dice.sample(form.questions, dice.randint(1, 4)):
        pairs += _unit(dice, question)
    if dice.random() < 0.1:
        pairs += [("base:gone", "1"), ("gone", "x")]
    return pairs


def again(_: Json, case: Json) -> Json:
    """The body and what it changes today."""
    pairs = [(name, value) for name, value in case["pairs"]]
    found = msgspec.to_builtins(posted(FORMS[case["form"]], pairs))
    return {"form": case["form"], "pairs": case["pairs"], **found}


def draw(start: int, count: int) -> Json:
    """So many bodies of each form."""
    cases = [
        again({}, {"form": form.name, "pairs": pairs})
        for form in FORMS.values()
        for pairs in drawn(st.builds(_body, RANDOMS, st.just(form)), count, start)
    ]
    return {"cases": cases}


POSTED = Maker("posted_bodies.json", 80, draw, again)

if __name__ == "__main__":
    POSTED.write()
