"""Writes forms_present.json: forms as screens see them, for ``sync.present`` and ``pwa/present.ts``.

    python -m sync.vectors.make_forms_present

Views are stored without what is empty: most keys of most questions are.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec
from hypothesis import strategies as st

from sync.forms import Form
from sync.present import Context, DocView, present
from sync.vectors.drawn import Json, Maker, drawn
from sync.vectors.make_forms import FORMS, NAMES, NOW, RANDOMS, TODAY, answers

STAFF = [{"name": name, "label": label} for name, label in NAMES.items()]


def pruned(view: Any) -> Any:
    """A view without its empty parts, as a vector keeps it."""
    if isinstance(view, dict):
        parts = {key: pruned(part) for key, part in view.items() if key != "questions" or "state" in view}
        return {key: part for key, part in parts.items() if part not in (None, "", False, [], {}, 0)}
    return [pruned(part) for part in view] if isinstance(view, list) else view


def _context(rng: random.Random, form: Form, filled: dict[str, Any]) -> dict[str, Any]:
    """What the form is shown with: every part of it in some cases."""
    sections = [section.name for section in form.sections]
    given: dict[str, Any] = {"today": TODAY.isoformat(), "base": rng.randint(0, 9000), "names": NAMES}
    extra: dict[str, Any] = {
        "section": rng.choice([*sections, "gone"]),
        "readonly": True,
        "submitting": True,
        "last": {"fields": answers(rng, form), "at": "2025-09-18T23:30:00Z"},
        "returned": {
            "reason": "请补全。",
            "fields": rng.choice([list(filled)[:3], dict.fromkeys(list(filled)[:2], "写清楚些。")]),
            "by": "p2",
            "at": "2026-11-20T01:30:00Z",
        },
        "options": {"person": STAFF * rng.choice([1, 3]), "student": STAFF[:2]},
        "fresh": {f"{q.name}/0194": {"dish": "米饭"} for q in form.questions if q.merge == "list"},
        "hidden": [question.name for question in rng.sample(form.questions, 3)],
        "decide": "/app/decide/01/",
        "offset": rng.choice(["+08:00", "-03:30"]),
    }
    return given | {key: value for key, value in extra.items() if rng.random() < 0.5}


def _doc(rng: random.Random, filled: dict[str, Any]) -> dict[str, Any]:
    paths = rng.sample(sorted(filled), min(3, len(filled)))
    at = "2026-11-19T17:25:00+08:00"
    return {
        "fields": filled,
        "siblings": {
            path: [{"sibling": "c:41", "value": rng.choice([filled[path], None]), "by": "p1", "at": at}]
            for path in paths[:2]
            if not isinstance(filled[path], list)
        },
        "stamps": {path: {"by": rng.choice(["p2", "p9"]), "at": rng.choice([at, None])} for path in paths},
    }


def _asked(rng: random.Random, form: Form) -> Json:
    """A record and what it is looked at with."""
    doc = _doc(rng, answers(rng, form))
    return {"form": form.name, "doc": doc, "context": _context(rng, form, doc["fields"])}


def again(_: Json, case: Json) -> Json:
    """The case with what is shown today."""
    doc = msgspec.convert(case["doc"], DocView)
    context = msgspec.convert({**case["context"], "now": NOW}, Context)
    view = pruned(present(FORMS[case["form"]], doc, context))
    return {"form": case["form"], "doc": case["doc"], "context": case["context"], "view": view}


def draw(start: int, count: int) -> Json:
    """So many views of each form."""
    cases = [
        again({}, asked)
        for form in FORMS.values()
        for asked in drawn(st.builds(_asked, RANDOMS, st.just(form)), count, start)
    ]
    return {"now": NOW.isoformat(), "cases": cases}


PRESENT = Maker("forms_present.json", 3, draw, again)

if __name__ == "__main__":
    PRESENT.write()
