"""What stands between a record and its submit, in words that say what to do. Twin of pwa/form_problems.ts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sync.cel import Bound, evaluate
from sync.cel_functions import empty
from sync.form_rules import Answers, apply_relevance, is_required, items_of
from sync.form_values import doubts, is_datetime, is_number, out_of
from sync.questions import Question

if TYPE_CHECKING:
    from sync.forms import Form

Translate = Callable[[str], str]


class Problem(Struct, frozen=True, omit_defaults=True):
    """One thing about one answer. Only level ``error`` stops a submit; ``danger`` is a warning shown in red.

    ``field`` is a path as in a doc; ``column`` names the part of an item or a group, if it is about one.
    """

    field: str
    code: str
    level: str
    message: str
    column: str = ""


def chinese(text: str) -> str:
    """The text itself: Chinese is the language that all messages are written in."""
    return text


def fill(text: str, **values: Any) -> str:
    """Puts values into the ``{names}`` of a text."""
    return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), text)


def plain(value: float) -> str:
    """A number without needless decimals: 70, 36.5."""
    return str(int(value)) if float(value).is_integer() else str(value)


@dataclass
class _Check:
    """One walk over a form's questions."""

    bound: Bound
    today: str
    now: datetime | None
    _: Translate
    found: list[Problem] = field(default_factory=list)

    def add(self, path: str, code: str, level: str, message: str, column: str = "") -> None:
        self.found.append(Problem(path, code, level, message, column))

    def question(self, question: Question, answers: Answers) -> None:
        blank = empty(self.bound[question.name])
        if blank and not question.auto and is_required(question, self.bound, self.today):
            self.add(question.name, "required", "error", self.missing(question))
        if question.merge == "list":
            for path, item in items_of(question, answers):
                self.parts(question, path, item)
        elif question.type == "matrix":
            self.matrix(question, blank)
        elif question.columns and not blank:
            self.parts(question, question.name, answers.get(question.name))
        elif not question.columns:
            self.value(question, question.name, self.bound[question.name])
        self.count(question)
        for rule in question.warnings:
            if evaluate(rule.when, self.bound, self.today) is True:
                self.add(question.name, rule.code, rule.level, rule.message)

    def missing(self, question: Question) -> str:
        _, label = self._, question.label
        if question.required_message:
            return question.required_message
        if question.type in ("choice", "bool"):
            return fill(_("请选“{label}”"), label=label)
        if question.type == "choices":
            return fill(_("“{label}”请至少选一样"), label=label)
        if question.merge in ("set", "list"):
            return fill(_("“{label}”请至少填一项"), label=label)
        return fill(_("请填“{label}”"), label=label)

    def matrix(self, question: Question, blank: bool) -> None:
        """An unanswered matrix was reported as a whole; a begun one says how many rows are left."""
        _, cells = self._, self.bound[question.name]
        left = sum(1 for value in cells.values() if value is None)
        if left and not blank and is_required(question, self.bound, self.today):
            text = fill(_("“{label}”还有{n}项没填"), label=question.label, n=left)
            self.add(question.name, "required", "error", text)
        for row, value in cells.items():
            self.value(question, f"{question.name}/{row}", value)

    def parts(self, question: Question, path: str, value: Any) -> None:
        """The columns of an item or a group."""
        known = value if isinstance(value, dict) else {}
        for column in question.columns:
            part = known.get(column.name)
            if column.required is True and empty(part):
                self.add(path, "required", "error", self.missing(column), column.name)
            self.value(column, path, part, column.name)

    def count(self, question: Question) -> None:
        _, value = self._, self.bound[question.name]
        if question.merge not in ("set", "list") or not value:
            return
        if question.min_items is not None and len(value) < question.min_items:
            text = fill(_("“{label}”至少要{n}项"), label=question.label, n=question.min_items)
            self.add(question.name, "too_few", "error", text)
        if question.max_items is not None and len(value) > question.max_items:
            text = fill(_("“{label}”最多{n}项，请删掉几项"), label=question.label, n=question.max_items)
            self.add(question.name, "too_many", "error", text)

    def value(self, question: Question, path: str, value: Any, column: str = "") -> None:
        """One scalar, text or set of the right type."""
        if empty(value):
            return
        if isinstance(value, list) and question.type in ("choices", "refs", "tags"):
            self.choices(question, path, value)
            return
        for code in doubts(question, value):
            if code == "out_of_range":
                self.range(question, path, value, column)
            else:
                level = "error" if code == "too_long" else "warning"
                self.add(path, code, level, self.doubt(question, code), column)
        if self.is_ahead(question, value):
            _ = self._
            text = fill(_("“{label}”比现在还晚，请核对"), label=question.label)
            self.add(path, "ahead", "warning", text, column)

    def is_ahead(self, question: Question, value: Any) -> bool:
        if question.ahead_minutes is None or self.now is None or not is_datetime(value):
            return False
        return datetime.fromisoformat(value) > self.now + timedelta(minutes=question.ahead_minutes)

    def choices(self, question: Question, path: str, chosen: list[str]) -> None:
        if question.type == "choices" and not question.choice_names.issuperset(chosen):
            self.add(path, "unknown_choice", "warning", self.doubt(question, "unknown_choice"))
        alone = next((c for c in question.choices if c.exclusive and c.name in chosen), None)
        if alone and len(chosen) > 1:
            _ = self._
            text = fill(_("“{choice}”不能和别的一起选，请去掉一样"), choice=alone.label)
            self.add(path, "exclusive", "error", text)

    def doubt(self, question: Question, code: str) -> str:
        _ = self._
        if code == "too_long":
            return fill(_("“{label}”太长了，请删到{n}字以内"), label=question.label, n=question.max_length)
        if code == "bad_format":
            return _("号码应是11位手机号，或区号加7到8位，请核对")
        return _("选的这一项在这张表里没有了，请重选")

    def range(self, question: Question, path: str, value: Any, column: str) -> None:
        """A hard bound is an error; a soft one a warning, red where its limit says danger."""
        if is_number(value) and out_of(value, question.min, question.max):
            self.add(path, "out_of_range", "error", bounds_text(question, self._), column)
            return
        limit = question.limit
        level = "danger" if limit and limit.level == "danger" else "warning"
        self.add(path, "out_of_range", level, limit_text(question, value, self._), column)


def bounds_text(question: Question, _: Translate) -> str:
    """What a number may be: 请填0到300之间的数."""
    low, high = question.min, question.max
    if low is not None and high is not None:
        return fill(_("请填{low}到{high}之间的数"), low=plain(low), high=plain(high))
    if low is not None:
        return fill(_("请填不小于{low}的数"), low=plain(low))
    return fill(_("请填不大于{high}的数"), high=plain(high or 0))


def limit_text(question: Question, value: float, _: Translate) -> str:
    """What is wrong with a reading, and what to do: 低于70℃，请回锅再量."""
    low, high, unit = question.soft_min, question.soft_max, question.unit
    if low is not None and value < low:
        words = _("低于{n}{unit}") if unit == "℃" else _("少于{n}{unit}")
        text = fill(words, n=plain(low), unit=unit)
    else:
        text = fill(_("超过{n}{unit}"), n=plain(high or 0), unit=unit)
    advice = question.limit.word if question.limit else ""
    return _("，").join(part for part in (text, advice) if part)


def problems(
    form: Form, answers: Answers, today: str, now: datetime | None = None, _: Translate = chinese
) -> list[Problem]:
    """Everything that a submit checks, in the order of the questions; only those that apply.

    ``now`` is needed for times in the future only.
    """
    names, bound = apply_relevance(form, answers, today)
    check = _Check(bound, today, now, _)
    for question in form.questions:
        if question.name in names:
            check.question(question, answers)
    return check.found
