"""A meal's audit at the office: what others found at the same meal, and the gap between counts."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.fill.meals import is_finding
from server.gateway import read
from server.reviews.previous import HANDED_IN
from server.reviews.subjects import name_of, neighbours
from server.text import _, fmt

MOST = 30
View = dict[str, Any]


async def others(conn: AsyncConnection, env: Any, who: Principal, doc: read.VisibleDoc) -> list[View]:
    """The other records of the same meal, each with a link; none for what is no meal's audit."""
    meal = doc.meta.get("meal")
    if not doc.form.startswith("meal_audit") or not isinstance(meal, str):
        return []
    found = await read.many(conn, env, who, kind="visit", ref=meal, state=HANDED_IN, limit=MOST)
    found = [one for one in found if one.id != doc.id]
    known = await neighbours(conn, env, who, found)
    return [
        {
            "href": f"/office/records/{one.id}?state=all",
            "text": f"{_part(one)} {name_of(known, one.author)}",
            "gap": gap(doc, one),
        }
        for one in sorted(found, key=lambda one: (one.form, one.id))
    ]


def _part(doc: read.VisibleDoc) -> str:
    return _("总务处填报") if doc.form == "meal_audit_a" else _("现场审核")


def gap(one: read.VisibleDoc, other: read.VisibleDoc) -> str:
    """The claimed and the counted number where a member counted everybody and they differ; else ""."""
    part_a, part_b = (one, other) if one.form == "meal_audit_a" else (other, one)
    if (part_a.form, part_b.form) != ("meal_audit_a", "meal_audit_b"):
        return ""
    claimed = part_a.fields.get("served", part_a.fields.get("eaters"))
    counted = part_b.fields.get("seen_count")
    if claimed is None or counted is None or part_b.fields.get("counted") == "part" or claimed == counted:
        return ""
    text = _("总务处报{claimed}，现场点了{counted}，差{n}")
    words = fmt(text, claimed=claimed, counted=counted, n=abs(claimed - counted))
    return words if is_finding(claimed, counted) else words + _("，在允许范围内")
