"""What can be chosen: choices, yes and no, people. Twin in ``pwa/present_options.ts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.questions import Question

if TYPE_CHECKING:
    from sync.present_control import Asked

View = dict[str, Any]
OPTION_TYPES = ("choice", "choices", "bool", "ref", "refs", "tags")
MANY = 12
"""Above this many people only the chosen ones stand open; the rest is one tap away."""
MARKS = 5
"""A number of at most this many values is chosen."""


def options(asked: Asked, question: Question, value: Any, typed: str) -> View:
    """The choices with those that are on and those of last time; long lists of people in two parts."""
    among = question.type in OPTION_TYPES or (question.type == "matrix" and question.choices)
    if not among and not is_mark(question):
        return {"options": [], "more": [], "layout": ""}
    chosen = set(value if isinstance(value, list) else [typed]) - {""}
    before = _last_chosen(asked, question)
    known = _known(asked, question)
    extra = [(name, _name(asked, question, name)) for name in sorted(chosen - {name for name, _, _ in known})]
    known += [(name, label, "") for name, label in extra]
    found = [
        {
            "name": name,
            "label": label,
            "on": name in chosen,
            "last": name in before,
            "alone": mark == "alone",
            "alarm": mark == "alarm",
            "wide": False,
        }
        for name, label, mark in known
    ]
    if question.to and len(found) > MANY:
        return {
            "options": [each for each in found if each["on"]],
            "more": [each for each in found if not each["on"]],
            "layout": "",
        }
    return {"options": found, "more": [], "layout": "marks" if is_mark(question) else _layout(found)}


def is_mark(question: Question) -> bool:
    """Whether a number is a mark of at most five (外观 1–5): tapped, not typed."""
    low, high = question.min, question.max
    return question.type == "int" and low is not None and high is not None and 0 < high - low < MARKS


def _known(asked: Asked, question: Question) -> list[tuple[str, str, str]]:
    """(name, label, mark) of everything that can be chosen."""
    _ = asked.words.translate
    if question.type == "bool":
        return [("true", _("是"), ""), ("false", _("否"), "")]
    if is_mark(question):
        low, high = int(question.min or 0), int(question.max or 0)
        return [(str(n), str(n), "") for n in range(low, high + 1)]
    if question.choices:
        mark = {True: "alone", False: ""}
        return [(c.name, c.label, "alarm" if c.alarm else mark[c.exclusive]) for c in question.choices]
    given = asked.context.options.get(question.name) or asked.context.options.get(question.to) or []
    return [(each["name"], each["label"], "") for each in given]


def _name(asked: Asked, question: Question, name: str) -> str:
    return asked.words.names.get(name, "—") if question.to else name


def _last_chosen(asked: Asked, question: Question) -> set[str]:
    if not asked.context.last or question.type not in ("choice", "choices"):
        return set()
    value = asked.context.last.get("fields", {}).get(question.name)
    return set(value) if isinstance(value, list) else {value}


def _layout(options: list[View]) -> str:
    """Many short answers (a last one may be long) in three columns, a few in a row, the rest in two."""
    lengths = [len(each["label"]) for each in options]
    if len(options) >= 7 and max(lengths[:-1]) <= 2:
        options[-1]["wide"] = lengths[-1] > 2
        return "three"
    return "flow" if 0 < len(options) <= 3 and sum(lengths) <= 8 else ""
