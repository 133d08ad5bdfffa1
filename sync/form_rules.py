"""Which questions apply, and the answers as expressions see them. Twin of ``pwa/form_rules.ts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.cel import Bound, evaluate
from sync.cel_types import STR, VALUE, Kind
from sync.questions import Question

if TYPE_CHECKING:
    from sync.forms import Form

Answers = dict[str, Any]
"""Shown values by path, as ``Doc.values()`` gives them."""


def kind_of(question: Question) -> Kind:
    """The static type of ``f.<question>`` in an expression."""
    parts = frozenset(column.name for column in question.columns)
    if question.merge == "list":
        return Kind("list", item=Kind("map", parts, root=question.name))
    if question.merge == "set":
        return Kind("list", item=STR)
    if question.type == "matrix":
        return Kind("map", frozenset(row.name for row in question.rows))
    return Kind("map", parts) if question.columns else VALUE


def items_of(question: Question, answers: Answers) -> list[tuple[str, Any]]:
    """The paths and values of a list's items in the order of their ids: as they were made."""
    start = question.name + "/"
    return sorted(
        (path, item) for path, item in answers.items() if path.startswith(start) and item is not None
    )


def _parts(question: Question, value: Any) -> dict[str, Any]:
    known = value if isinstance(value, dict) else {}
    return {column.name: known.get(column.name) for column in question.columns}


def bound_value(question: Question, answers: Answers) -> Any:
    """An answer as expressions see it: null, or empty of its shape, where nothing was answered."""
    if question.merge == "list":
        return [_parts(question, item) for _, item in items_of(question, answers)]
    if question.type == "matrix":
        return {row.name: answers.get(f"{question.name}/{row.name}") for row in question.rows}
    if question.merge == "set":
        return answers.get(question.name) or []
    if question.columns:
        return _parts(question, answers.get(question.name))
    return answers.get(question.name)


def apply_relevance(form: Form, answers: Answers, today: str) -> tuple[set[str], Bound]:
    """The names of the questions that apply, and all answers bound; what does not apply is unanswered.

    A condition looks only at questions before its own, so one pass in their order is enough.
    """
    bound = Bound(form.kinds, {each.name: bound_value(each, answers) for each in form.questions})
    names = set()
    for question in form.questions:
        if question.relevant and evaluate(question.relevant, bound, today) is False:
            bound[question.name] = bound_value(question, {})
        else:
            names.add(question.name)
    return names, bound


def is_required(question: Question, bound: Bound, today: str) -> bool:
    """Whether a question that applies must be answered."""
    if isinstance(question.required, bool):
        return question.required
    return evaluate(question.required, bound, today) is True
