"""A form and its answers as flat data that a template only prints. Twin of ``pwa/present.ts``.

Everything is a string, a bool or a list of such, so that two template engines print the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct, field

from sync.cel import Bound, evaluate
from sync.cel_functions import empty
from sync.form_problems import Problem, Translate, chinese, fill, problems
from sync.form_rules import apply_relevance
from sync.forms import Form
from sync.present_control import Asked
from sync.present_question import present_question
from sync.questions import Question
from sync.value_text import Words

View = dict[str, Any]
GIVEN = ("datetime", "refs")
"""Types that a record begins with (when, who): they do not make a section one that somebody has been to."""


class DocLike(Protocol):
    """What is shown of a doc: ``fields`` by path, ``siblings`` by path, ``stamps`` by path → {by, at}."""

    fields: dict[str, Any]
    siblings: dict[str, list[dict[str, Any]]]
    stamps: dict[str, dict[str, Any]]


class DocView(Struct):
    """A plain DocLike, for a doc that is not stored yet."""

    fields: dict[str, Any] = field(default_factory=dict)
    siblings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stamps: dict[str, dict[str, Any]] = field(default_factory=dict)


class Context(Struct):
    """What a form is shown with.

    ``last``: {"fields", "at"} of the visit before, shown beside. ``returned``: the note of a return.
    ``options``: for refs, by question or by kind: [{"name", "label"}]. ``fresh``: paths of items that are not
    stored yet → what they begin with. ``hidden``: questions that the reader may not see. ``decide``: where
    values that disagree are settled; the path follows. ``submitting``: also say what is missing.
    """

    today: str
    base: int = 0
    now: datetime | None = None
    offset: str = "+08:00"
    section: str | None = None
    readonly: bool = False
    submitting: bool = False
    last: dict[str, Any] | None = None
    returned: dict[str, Any] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, list[dict[str, str]]] = field(default_factory=dict)
    fresh: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    decide: str = ""


def present(form: Form, doc: DocLike, context: Context, _: Translate = chinese) -> View:
    """The whole form: its sections with their questions, where one stands, what is wrong, what fell away.

    ``questions`` are those of the section in hand; ``stops`` the trail, without the private section;
    ``problems`` what hinders a submit (each with its section), ``alarms`` what the call card is offered for.
    """
    names, bound = apply_relevance(form, doc.fields, context.today)
    found = problems(form, doc.fields, context.today, context.now, _)
    words = Words(context.today, context.offset, context.names, _)
    asked = Asked(doc, context, words, found, bound)
    shown = [question for question in form.questions if _is_shown(question, names, context)]
    places = {question.name: _place_of(question, bound, context) for question in shown}
    sections = []
    for section in form.sections or [_ONLY]:
        questions = [each for each in shown if places[each.name] in (section.name, "")]
        if questions:
            views = [present_question(asked, question) for question in questions]
            title, private = section.title or form.title, section.private
            sections.append({"name": section.name, "title": title, "private": private, "questions": views})
    _number_returned(sections, _)
    errors = [_problem_view(problem, places) for problem in found if problem.level == "error"]
    errors = [error for error in errors if error["section"] is not None]
    return {
        "title": form.title,
        "form": form.name,
        "sections": sections,
        **_where(sections, context, errors, bound, _),
        **_skipped(form, doc.fields, names, bound, context, _),
        "problems": errors,
        "problem_count": len(errors) if context.submitting else 0,
        "complete": not errors,
        "alarms": _alarms(form, bound, found),
    }


class _Section(Struct, frozen=True):
    name: str = ""
    title: str = ""
    private: bool = False


_ONLY = _Section()


def _is_shown(question: Question, names: set[str], context: Context) -> bool:
    if question.name not in names or question.name in context.hidden:
        return False
    return not question.auto or question.compute is not None


def _place_of(question: Question, bound: Bound, context: Context) -> str:
    """The section where a question is shown now."""
    move = question.moves
    if move and not context.readonly and evaluate(move.when, bound, context.today) is True:
        return move.to
    return question.section


def _problem_view(problem: Problem, places: dict[str, str]) -> View:
    root = problem.field.partition("/")[0]
    return {"path": problem.field, "root": root, "section": places.get(root), "message": problem.message}


def _number_returned(sections: list[View], _: Translate) -> None:
    """第1处, 第2处 … over the whole form, in its order."""
    marked = [view for section in sections for view in section["questions"] if view["note"]]
    for index, view in enumerate(marked):
        view["position"] = fill(_("第{n}处"), n=index + 1)


def _where(sections: list[View], context: Context, errors: list[View], bound: Bound, _: Translate) -> View:
    """The section in hand, its neighbours, and the trail of stops."""
    names = [section["name"] for section in sections]
    here = names.index(context.section) if context.section in names else 0
    open_ones = {error["section"] for error in errors}
    for index, section in enumerate(sections):
        asked = [view for view in section["questions"] if view["type"] not in GIVEN]
        answered = any(not empty(bound[view["name"]]) for view in asked)
        done = answered and section["name"] not in open_ones
        section["state"] = "here" if index == here else "done" if done else "todo"
    stops = [
        {"name": section["name"], "title": section["title"], "state": section["state"], "sub": ""}
        for section in sections
        if not section["private"]
    ]
    now = sections[here] if sections else {"name": "", "title": "", "private": False, "questions": []}
    following = sections[here + 1] if here + 1 < len(sections) else None
    place = f"{here + 1}/{len(stops)} {now['title']}" if not now["private"] and len(stops) > 1 else ""
    return {
        "section": now["name"],
        "section_title": now["title"],
        "private": now["private"],
        "questions": now["questions"],
        "stops": stops if len(stops) > 1 else [],
        "stops_text": place,
        "previous": sections[here - 1]["name"] if here else "",
        "next": following["name"] if following else "",
        "next_title": following["title"] if following else "",
    }


def _skipped(
    form: Form,
    fields: dict[str, Any],
    names: set[str],
    bound: Bound,
    context: Context,
    _: Translate,
) -> View:
    """How many questions fell away because of an answer to a gate, and because of which."""
    for gate in form.questions:
        if not gate.gate or gate.name not in names or empty(bound[gate.name]):
            continue
        without = {path: value for path, value in fields.items() if path != gate.name}
        gone = apply_relevance(form, without, context.today)[0] - names
        gone -= {question.name for question in form.questions if question.auto}
        if gone:
            label = gate.label_of(str(bound[gate.name]))
            title = fill(_("选了“{choice}”，后面{n}题不用填。"), choice=label, n=len(gone))
            text = _("改选别的，题目会回来，填过的字也还在。")
            return {
                "skipped": len(gone),
                "skipped_at": gate.name,
                "skipped_title": title,
                "skipped_text": text,
            }
    return {"skipped": 0, "skipped_at": "", "skipped_title": "", "skipped_text": ""}


def _alarms(form: Form, bound: Bound, found: list[Problem]) -> list[str]:
    """Names of what the urgent branch is offered for: a sealed yes, or a rule marked danger."""
    sealed = [
        question.name for question in form.questions if question.sealed and bound[question.name] is True
    ]
    rules = [
        problem.code for problem in found if problem.level == "danger" and problem.code != "out_of_range"
    ]
    return sealed + rules
