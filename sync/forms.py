"""Form definitions: what a form asks, in which words, and what may be stored in each of its fields.

A definition is data (YAML under ``templates/forms/``, a ``form`` doc on the wire). One mechanism reads,
checks and merges every kind of doc with it, so pupils and households have definitions as well as visits do.
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from sync.cel import Kinds
from sync.form_lint import lint
from sync.form_problems import Problem, Translate, chinese
from sync.form_problems import problems as _problems
from sync.form_rules import Answers, apply_relevance, kind_of
from sync.form_values import BadValue, Warning, check_value
from sync.questions import Choice, Limit, Move, Question, Rule, Section, Sees

__all__ = [
    "BadValue", "Choice", "Form", "FormError", "Forms", "Limit", "Move", "Problem", "Question", "Rule",
    "Section", "Warning", "load_forms", "parse_form", "problems", "relevant",
]  # fmt: skip


class FormError(Exception):
    """The definitions are unusable. ``faults`` has one line each, saying where and what."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Form(Struct, omit_defaults=True, forbid_unknown_fields=True, dict=True):
    """One version of one form.

    ``meta`` names what a doc is about: its keys, and ``id``, ``ids`` or ``line`` for each.
    """

    name: str
    version: int
    kind: str
    title: str
    questions: list[Question]
    sections: list[Section] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    sees: Sees = "all"

    def __post_init__(self) -> None:
        for question in self.questions:
            if question.sees is None:
                question.sees = self.sees

    @cached_property
    def by_name(self) -> dict[str, Question]:
        return {question.name: question for question in self.questions}

    @cached_property
    def kinds(self) -> Kinds:
        """The types of its answers as conditions see them."""
        return Kinds({question.name: kind_of(question) for question in self.questions})

    def definition(self) -> dict[str, Any]:
        """The definition as plain data, the shape that a ``form`` doc carries."""
        return msgspec.to_builtins(self)

    def question_for(self, path: str) -> Question | None:
        """The question that a path belongs to: ``carer``, ``sample``, ``sample/0193…``, ``hygiene/ban``.

        None when there is none, or when a path goes deeper than its question does.
        """
        if "/" not in path:
            return self.by_name.get(path)
        name, _slash, item = path.partition("/")
        question = self.by_name.get(name)
        if question is None:
            return None
        if question.merge == "list":
            return question if item and "/" not in item else None
        if question.type == "matrix":
            return question if any(row.name == item for row in question.rows) else None
        return None

    def check_value(self, path: str, value: Any) -> list[Warning]:
        """Checks what an op wants to set at a path.

        ``value`` has the shape of the wire: a scalar or None, ``{"add": […], "remove": […]}`` for a set, a
        text, a whole item of a list or None. Raises BadValue when the op must be held.
        """
        return check_value(self, path, value)


class Forms:
    """All definitions that are in use, by name and version."""

    def __init__(self, forms: list[Form]) -> None:
        self._forms = {(form.name, form.version): form for form in forms}

    def get(self, name: str | None, version: int | None) -> Form | None:
        return self._forms.get((name or "", version or 0))

    def latest(self, name: str) -> Form:
        """The newest version. Raises KeyError for an unknown name."""
        versions = [version for known, version in self._forms if known == name]
        if not versions:
            raise KeyError(name)
        return self._forms[name, max(versions)]

    def names(self) -> set[str]:
        return {name for name, _ in self._forms}

    def all(self) -> list[Form]:
        return [self._forms[key] for key in sorted(self._forms)]


def parse_form(definition: Any) -> Form:
    """A form from plain data. Raises msgspec.ValidationError where the shape is wrong."""
    return msgspec.convert(definition, Form)


def load_forms(folder: Path) -> Forms:
    """Reads and checks every ``*.yaml`` below a folder. Raises one FormError that lists every fault."""
    forms, faults = [], []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            forms.append(msgspec.yaml.decode(path.read_bytes(), type=Form))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            faults.append(f"{path.relative_to(folder)}: {error}")
    faults += lint(forms)
    if not forms and not faults:
        faults.append(f"{folder}: no form definitions here")
    if faults:
        raise FormError(faults)
    return Forms(forms)


def relevant(form: Form, answers: Answers, today: date) -> set[str]:
    """The names of the questions that apply to these answers (shown values by path)."""
    return apply_relevance(form, answers, today.isoformat())[0]


def problems(
    form: Form, answers: Answers, today: date, now: datetime | None = None, _: Translate = chinese
) -> list[Problem]:
    """What a submit checks, in the order of the questions. Only a problem of level ``error`` stops it.

    A question that does not apply never blocks; its value stays. ``today`` is the school's date, ``now`` an
    aware time that answers "is this in the future?"; ``_`` translates the messages.
    """
    return _problems(form, answers, today.isoformat(), now, _)


def main(argv: list[str]) -> int:
    """``python -m sync.forms lint DIR``: prints every fault; 1 if there is any."""
    if len(argv) != 2 or argv[0] != "lint":
        print("usage: python -m sync.forms lint DIR", file=sys.stderr)
        return 2
    try:
        found = load_forms(Path(argv[1])).all()
    except FormError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(found)} form definitions, no faults")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
