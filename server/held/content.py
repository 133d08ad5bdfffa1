"""What a held op wanted to set, as the lines that a record has: label, value, what stands there now.

The values come from outside and were not taken: nothing about them is sure. What does not fit its question is
shown as it came.
"""

from __future__ import annotations

import json
from typing import Any

from server.gateway import read
from server.text import _, fmt
from sync.cel import Bound
from sync.form_rules import bound_value
from sync.form_values import BadValue
from sync.forms import Form
from sync.present import Context, DocView
from sync.present_control import Asked
from sync.present_question import present_question
from sync.questions import Question
from sync.value_text import Words

Line = dict[str, Any]
LONGEST = 2000  # characters of a value that could not be read


def lines(form: Form, op: dict[str, Any], now: read.VisibleDoc | None, context: Context) -> list[Line]:
    """A line for each question that the op touches, in the form's order; then what no question knows.

    `now` is the doc as it stands, for the column beside. A line is `label`, `q` (a question as the templates
    know it, or None), `raw` (the value as it came, where it could not be read), `removed`, `now`.
    """
    found = op.get("set")
    given: dict[str, Any] = found if isinstance(found, dict) else {}
    fitting, raw = _sorted_out(form, given)
    wanted = _asked(form, DocView(fields={path: _shown(value) for path, value in fitting.items()}), context)
    standing = _asked(form, now, context) if now else None
    touched = {path.partition("/")[0] for path in given}
    known = [
        _line(question, fitting, raw, wanted, standing)
        for question in form.questions
        if question.name in touched
    ]
    strange = [path for path in raw if path.partition("/")[0] not in form.by_name]
    return known + [{**_BLANK, "label": path, "raw": _raw(raw[path])} for path in strange]


_BLANK: Line = {"label": "", "q": None, "raw": "", "removed": "", "now": ""}


def _sorted_out(form: Form, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What fits its question, and what does not."""
    fitting, raw = {}, {}
    for path, value in given.items():
        try:
            form.check_value(path, value)
        except (BadValue, ValueError, TypeError, KeyError):
            raw[path] = value
        else:
            fitting[path] = value
    return fitting, raw


def _shown(value: Any) -> Any:
    """A value as a doc shows it: of a set, what is added."""
    if isinstance(value, dict) and value.keys() <= {"add", "remove"}:
        return value.get("add", [])
    return value


def _asked(form: Form, doc: Any, context: Context) -> Asked:
    """Every question of the form counts here, whether or not it applies: something was entered there."""
    bound = Bound(form.kinds, {each.name: bound_value(each, doc.fields) for each in form.questions})
    words = Words(context.today, context.offset, context.names, _)
    return Asked(doc, context, words, [], bound)


def _line(
    question: Question, fitting: dict[str, Any], raw: dict[str, Any], wanted: Asked, standing: Asked | None
) -> Line:
    mine = {path: value for path, value in fitting.items() if path.partition("/")[0] == question.name}
    unread = [value for path, value in raw.items() if path.partition("/")[0] == question.name]
    now = present_question(standing, question)["text"] if standing else ""
    return {
        "label": question.label,
        "q": present_question(wanted, question) if any(_adds(value) for value in mine.values()) else None,
        "raw": "；".join(_raw(value) for value in unread),
        "removed": _removed(question, mine),
        "now": fmt(_("现在 {text}"), text=now) if now else "",
    }


def _adds(value: Any) -> bool:
    return bool(_shown(value)) or (value is not None and not isinstance(value, dict))


def _removed(question: Question, mine: dict[str, Any]) -> str:
    """What the op takes away, in words."""
    gone = [name for value in mine.values() if isinstance(value, dict) for name in _removals(question, value)]
    if gone:
        return fmt(_("去掉 {what}"), what="、".join(gone))
    return _("清空") if any(value is None for value in mine.values()) else ""


def _removals(question: Question, value: dict[str, Any]) -> list[str]:
    return [question.label_of(name) for name in value.get("remove", ())] if question.merge == "set" else []


def _raw(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
