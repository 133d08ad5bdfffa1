"""Finds what is wrong with form definitions before anybody fills one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sync.cel_subset import Expression, read
from sync.cel_types import BOOL, NUM, Kind, Outside
from sync.questions import MERGE_OF, Question

if TYPE_CHECKING:
    from sync.forms import Form

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
META_TYPES = ("id", "ids", "line")
NEED_CHOICES = ("choice", "choices")
NEED_COLUMNS = ("list", "photos", "group", "place")
IN_COLUMNS = (
    "choice",
    "line",
    "int",
    "number",
    "money",
    "bool",
    "date",
    "datetime",
    "time",
    "tel",
    "ref",
    "json",
)


def lint(forms: list[Form]) -> list[str]:
    """One line for each fault, naming form, version, question and what to change."""
    faults = [f"{form.name} v{form.version}: {fault}" for form in forms for fault in _form_faults(form)]
    return faults + list(_version_faults(forms))


def _repeated(names: list[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _form_faults(form: Form) -> Iterator[str]:
    for name in _repeated([question.name for question in form.questions]):
        yield f"two questions are called {name!r}; names are unique in a form"
    for name in _repeated([section.name for section in form.sections]):
        yield f"two sections are called {name!r}"
    if not NAME.fullmatch(form.name) or form.version < 1:
        yield "a form needs a lower-case ASCII name and a version from 1 up"
    for key, kind in form.meta.items():
        if kind not in META_TYPES:
            yield f"meta {key!r} must be one of {', '.join(META_TYPES)}, not {kind!r}"
    for question in form.questions:
        for fault in [*_shape_faults(question), *_section_faults(form, question)]:
            yield f"{question.name}: {fault}"
    yield from _expression_faults(form)


def _section_faults(form: Form, question: Question) -> Iterator[str]:
    known = {section.name for section in form.sections}
    if form.sections and question.section not in known:
        yield f"section {question.section!r} is not among the form's"
    if question.moves and question.moves.to not in known:
        yield f"moves to section {question.moves.to!r}, which is not among the form's"


def _shape_faults(question: Question, column: bool = False) -> Iterator[str]:
    if not NAME.fullmatch(question.name):
        yield "a name is lower-case ASCII letters, digits and _"
    if not question.label.strip():
        yield "it has no label"
    if question.type in NEED_CHOICES and not question.choices:
        yield f"a {question.type} needs choices"
    if question.type == "matrix" and not question.rows:
        yield "a matrix needs rows"
    if question.type in NEED_COLUMNS and not question.columns:
        yield f"a {question.type} needs columns"
    for sort, choices in (("choices", question.choices), ("rows", question.rows)):
        for name in _repeated([choice.name for choice in choices]):
            yield f"two of its {sort} are called {name!r}"
        for choice in choices:
            if not NAME.fullmatch(choice.name):
                yield f"{sort}: {choice.name!r} is not a lower-case ASCII name"
    yield from _bound_faults(question)
    yield from _merge_faults(question)
    yield from _column_faults(question, column)


def _bound_faults(question: Question) -> Iterator[str]:
    for sort, low, high in (
        ("range", question.min, question.max),
        ("soft range", question.soft_min, question.soft_max),
        ("number of items", question.min_items, question.max_items),
    ):
        if low is not None and high is not None and low > high:
            yield f"its {sort} is empty: {low} is above {high}"
    if question.limit and question.limit.min is None and question.limit.max is None:
        yield "its limit has neither min nor max"


def _merge_faults(question: Question) -> Iterator[str]:
    """A set, a list and a text have shapes of their own; only a scalar may be made immutable."""
    own = MERGE_OF.get(question.type, "scalar")
    if question.merge != own and not (own == "scalar" and question.merge == "immutable"):
        yield f"a {question.type} merges as {own}, not as {question.merge}"


def _column_faults(question: Question, column: bool) -> Iterator[str]:
    for name in _repeated([part.name for part in question.columns]):
        yield f"two columns are called {name!r}"
    for part in question.columns:
        for fault in _shape_faults(part, column=True):
            yield f"{part.name}: {fault}"
        if part.relevant or part.warnings or part.moves or isinstance(part.required, str):
            yield f"{part.name}: a column has no conditions; write them at the question"
        if part.type not in IN_COLUMNS and (column or part.type != "list"):
            yield f"{part.name}: a column cannot be a {part.type}"


def _expressions(question: Question) -> Iterator[tuple[str, str, Kind]]:
    if question.relevant is not None:
        yield "relevant", question.relevant, BOOL
    if isinstance(question.required, str):
        yield "required", question.required, BOOL
    if question.moves:
        yield "moves", question.moves.when, BOOL
    if question.compute is not None:
        yield "compute", question.compute, NUM
    for index, rule in enumerate(question.warnings):
        yield f"warnings[{index}]", rule.when, BOOL


def _expression_faults(form: Form) -> Iterator[str]:
    place = {question.name: index for index, question in enumerate(form.questions)}
    looks_at: dict[str, set[str]] = {}
    for index, question in enumerate(form.questions):
        for where, source, wanted in _expressions(question):
            try:
                found = read(source, form.kinds)
                form.kinds.program(source)
            except (Outside, RuntimeError) as error:
                yield f"{question.name}: {where}: {error}"
                continue
            if found.kind != wanted:
                yield f"{question.name}: {where}: gives {found.kind.name}, not {wanted.name}"
            if where == "relevant":
                looks_at[question.name] = found.fields
                for fault in _relevance_faults(question, found, index, place):
                    yield f"{question.name}: {fault}"
    for name in sorted(looks_at):
        if name in _reach(name, looks_at):
            yield f"{name}: relevant: its own relevance hangs on itself (a cycle)"


def _relevance_faults(
    question: Question, found: Expression, index: int, place: dict[str, int]
) -> Iterator[str]:
    for name in sorted(found.fields):
        if place[name] > index:
            yield f"relevant: looks at {name!r}, which is asked later; ask that first"
    if found.constant:
        yield "relevant: is always the same; leave it out, or the question"
        if question.required:
            yield "required: of a question that may never apply"
    if isinstance(question.required, str) and _negates(question.required, question.relevant or ""):
        yield "required: holds only where the question does not apply"


def _negates(one: str, other: str) -> bool:
    one, other = one.strip(), other.strip()
    return one in (f"!({other})", f"!{other}") or other in (f"!({one})", f"!{one}")


def _reach(name: str, looks_at: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = set(looks_at[name])
    while ahead:
        reached |= ahead
        ahead = {far for near in ahead for far in looks_at.get(near, ())} - reached
    return reached


def _version_faults(forms: list[Form]) -> Iterator[str]:
    """What must hold between versions: an op of an old one is merged into a doc of a new one."""
    for name, version in _repeated_versions(forms):
        yield f"{name} v{version}: defined twice"
    merges: dict[tuple[str, str], tuple[str | None, str, int]] = {}
    kinds: dict[str, str] = {}
    for form in sorted(forms, key=lambda form: (form.name, form.version)):
        if kinds.setdefault(form.name, form.kind) != form.kind:
            yield f"{form.name} v{form.version}: its kind changed from {kinds[form.name]}"
        for question in form.questions:
            shape = (question.merge, "matrix" if question.type == "matrix" else "", form.version)
            before = merges.setdefault((form.name, question.name), shape)
            if before[:2] != shape[:2]:
                yield (
                    f"{form.name} v{form.version}: {question.name}: merged as {before[0]} in version"
                    f" {before[2]}, now as {question.merge}; give it a new name"
                )


def _repeated_versions(forms: list[Form]) -> list[tuple[str, int]]:
    found = Counter((form.name, form.version) for form in forms)
    return sorted(key for key, count in found.items() if count > 1)
