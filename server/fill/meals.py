"""What a meal audit shows of its meal: menu, a line for each dish, part A's count (pwa/mealview.ts)."""

from __future__ import annotations

from typing import Any

from server.fill.actions import Target
from server.gateway import read
from server.text import _, fmt

BY_DISH = ("temp", "portion", "sample", "menu")
"""Lists that have a line for each dish: three of part B, one of part A."""


def dishes_of(meal: read.VisibleDoc | None) -> list[str]:
    """The menu, each dish once."""
    items = [v for p, v in (meal.fields if meal else {}).items() if p.startswith("dishes/")]
    return list(dict.fromkeys(str(v["name"]) for v in items if isinstance(v, dict) and v.get("name")))


def prepared(target: Target, meal: read.VisibleDoc | None) -> dict[str, dict[str, str]]:
    """A line for each dish that has none yet: path → what it begins with, by ids that stay the same."""
    fields = target.doc.fields if target.doc else {}
    asked = {question.name for question in target.form.questions}
    found = {}
    for n, name in enumerate(BY_DISH):
        items = [v for p, v in fields.items() if p.startswith(f"{name}/") and isinstance(v, dict)]
        told = {item.get("dish") for item in items}
        for i, dish in enumerate(dishes_of(meal) if name in asked else []):
            if dish not in told:
                found[f"{name}/{target.id[:24]}{n * 100 + i + 1:012x}"] = {"dish": dish}
    return found


def is_prepared(target: Target, path: str) -> bool:
    """Whether a line was prepared for a dish rather than added."""
    return path.partition("/")[2].startswith(target.id[:24])


def notes(
    target: Target, meal: read.VisibleDoc | None, part_a: read.VisibleDoc | None, section: str
) -> dict[str, Any] | None:
    """The menu beside its questions, and the gap between what was reported and what was counted."""
    if meal is None or section != "menu":
        return None
    price = meal.fields.get("price", meal.fields.get("standard"))
    entitled = meal.fields.get("entitled")
    return {
        "dishes": "、".join(dishes_of(meal)),
        "price": "" if price is None else fmt(_("{n}元"), n=price),
        "entitled": "" if entitled is None else fmt(_("{n}人"), n=entitled),
        **_gap(target, part_a),
    }


def is_finding(claimed: float, counted: float) -> bool:
    """A gap counts only above five people and three in a hundred."""
    return abs(claimed - counted) > max(5, claimed * 0.03)


def _gap(target: Target, part_a: read.VisibleDoc | None) -> dict[str, Any]:
    answers = target.doc.fields if target.doc else {}
    reported = part_a.fields if part_a else {}
    claimed, counted = reported.get("served", reported.get("eaters")), answers.get("seen_count")
    if target.form.name != "meal_audit_b" or claimed is None or counted is None:
        return {"gap": "", "gap_hot": False}
    if answers.get("counted") == "part":
        return {"gap": _("您点的是一部分，不和上报人数比。"), "gap_hot": False}
    if claimed == counted:
        return {"gap": fmt(_("总务处报{claimed}，和您点的一样。"), claimed=claimed), "gap_hot": False}
    text = _("总务处报{claimed}，您点了{counted}，差{n}。两个数都留着。")
    words = fmt(text, claimed=claimed, counted=counted, n=abs(claimed - counted))
    return {"gap": words, "gap_hot": is_finding(claimed, counted)}
