"""Claim cards: values of one field entered without sight of each other. Nothing is chosen beforehand."""

from __future__ import annotations

from typing import Any

from server.gateway import read
from server.text import _, fmt
from sync.forms import Form
from sync.questions import Question

View = dict[str, Any]
WHOLE = ("group", "place", "json")
LONG = 16  # characters from which a value is set as text, not as a headline
INPUTS = {
    "int": "number",
    "number": "number",
    "money": "number",
    "date": "date",
    "tel": "tel",
    "time": "time",
}


def cards(form: Form, doc: read.VisibleDoc, view: list[View]) -> list[View]:
    """One entry for each field of the record with open siblings, in the order of the form."""
    units = {unit["path"]: (question, unit) for question in view for unit in _units(question)}
    return [_card(form, doc, path, *units[path]) for path in units if path in doc.siblings]


def _units(question: View) -> list[View]:
    return [question, *(question.get("entries") or []), *(question.get("rows") or [])]


def _card(form: Form, doc: read.VisibleDoc, path: str, question: View, unit: View) -> View:
    words = question["type"] in ("text", "line", "list")
    claims = [_claim("shown", unit["text"], unit["by_name"], unit["at_text"], words, shown=True)]
    for one in unit["siblings"]:
        claims.append(_claim(one["id"], one["value_text"], one["by_name"], one["at_text"], words))
    part = unit.get("title") or unit.get("label") or ""
    label = question["label"] if unit is question else f"{question['label']} {part}".strip()
    last = fmt(_("上次 {date} {text}"), date=question["last_date"], text=question["last_text"])
    return {
        "path": path,
        "key": path.replace("/", "-"),
        "label": label,
        "last": last if question["last_text"] else "",
        "sees": [sibling["sibling"] for sibling in doc.siblings[path]],
        "claims": claims,
        "other": other(form.question_for(path), str(doc.fields.get(path) or "")),
    }


def _claim(pick: str, text: str, by: str, at: str, words: bool, shown: bool = False) -> View:
    """`words`: set as a text to read; else as a headline, where it is short."""
    who = "，".join(part for part in (by, at) if part)
    return {
        "pick": pick,
        "text": text or _("空着"),
        "by": who,
        "shown": shown,
        "long": words or len(text) > LONG,
    }


def other(question: Question | None, text: str) -> View | None:
    """How a third value is given; None where it takes a whole form (items of lists, signatures)."""
    if (
        question is None
        or question.merge in ("list", "immutable")
        or question.type in ("group", "place", "json", "ref")
    ):
        return None
    blank: View = {"options": [], "text": "", "input": "text", "step": ""}
    if question.type == "bool":
        options = [{"name": "true", "label": _("是")}, {"name": "false", "label": _("否")}]
        return {**blank, "kind": "choice", "word": _("都不对，另选"), "options": options}
    if question.choices:
        options = [{"name": choice.name, "label": choice.label} for choice in question.choices]
        return {**blank, "kind": "choice", "word": _("都不对，另选"), "options": options}
    if question.merge == "text":
        return {**blank, "kind": "text", "word": _("两段都留，我来理顺"), "text": text}
    kind = INPUTS.get(question.type, "text")
    return {**blank, "kind": "input", "word": _("都不对，另填"), "input": kind, "step": "any"}
