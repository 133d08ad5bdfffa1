"""`/fill/`: what waits for this person, and where a new record begins."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.duties.actions import due_of
from server.duties.due import Due
from server.gateway import read
from server.pupils.search import find, places
from server.reviews.subjects import Docs, meal_name, neighbours, occurred, title
from server.text import _, fmt
from server.when import day

Cell = dict[str, Any]
SENT = 10
FOUND = 20
MEAL_FORMS = {"meal_audit_a": _("学校填报"), "meal_audit_b": _("现场审核")}
SORTS = ("breakfast", "snack", "lunch", "dinner")


async def home(conn: AsyncConnection, env: Any, who: Principal, today: date, q: str) -> dict[str, Any]:
    """Everything on the page; lists that a person has no use for are empty."""
    own = await read.many(conn, env, who, kind="visit", author=who.user, limit=200)
    known = await neighbours(conn, env, who, own)
    states: dict[str, list[Cell]] = {"draft": [], "returned": [], "submitted": [], "approved": []}
    for doc in own:
        if doc.state in states:
            states[doc.state].append(_own_cell(env, doc, known, today))
    return {
        "due": await _due(conn, env, who, today),
        "returned": states["returned"],
        "drafts": states["draft"],
        "sent": (states["submitted"] + states["approved"])[:SENT],
        "tonight": await _tonight(conn, env, who, own, today),
        "meals": await _meals(conn, env, who, own, today),
        "may_visit": who.may("write.home_visit"),
        "q": q,
        "found": await _found(conn, env, who, q) if q and who.may("write.home_visit") else [],
    }


def _cell(href: str, words: str, **more: Any) -> Cell:
    return {"href": href, "title": words, "sub": "", "due": "", "late": False, "state": "", **more}


def _own_cell(env: Any, doc: read.VisibleDoc, known: Docs, today: date) -> Cell:
    form = env.forms.get(doc.form, doc.form_version)
    sub = day(occurred(doc), today)
    asked = doc.notes.get("returned") or {}
    if doc.state == "returned" and asked.get("fields"):
        sub = fmt(_("要补{n}处"), n=len(asked["fields"]))
        if asked.get("until"):
            sub += "，" + fmt(_("{date}前补好"), date=day(asked["until"], today))
    words = title(form.title if form else doc.form, doc, known)
    return _cell(f"/fill/{doc.id}", words, sub=sub, state=doc.state)


async def _due(conn: AsyncConnection, env: Any, who: Principal, today: date) -> list[Cell]:
    if not who.may("write.home_visit"):
        return []
    dues = await due_of(conn, env, who.school, who.user)
    pupils = await read.some(conn, env, who, sorted({one for due in dues for one in due.students}))
    homes = await places(conn, env, who, pupils)
    names = {pupil.id: pupil.fields.get("name") or "" for pupil in pupils}
    return [_due_cell(due, names, homes, today) for due in dues if any(one in names for one in due.students)]


def _due_cell(due: Due, names: dict[str, str], homes: dict[str, dict[str, str]], today: date) -> Cell:
    late = (today - due.due).days
    words = fmt(_("已过{n}天"), n=late) if late > 0 else fmt(_("{date}前"), date=day(due.due, today))
    pupils = [one for one in due.students if one in names]
    return _cell(
        f"/fill/new/{due.form}?" + "&".join(f"student={one}" for one in pupils),
        "、".join(names[one] for one in pupils),
        sub=homes.get(pupils[0], {}).get("place", ""),
        due=words,
        late=late > 0,
    )


async def _tonight(
    conn: AsyncConnection, env: Any, who: Principal, own: list[read.VisibleDoc], today: date
) -> list[Cell]:
    if not who.may("write.night_round"):
        return []
    night = today.isoformat()
    begun = {doc.meta.get("building"): doc for doc in own if doc.meta.get("night") == night}
    cells = []
    for building in await read.many(conn, env, who, kind="building", limit=100):
        name = building.fields.get("name") or ""
        mine = begun.get(building.id)
        if mine is None:
            cells.append(_cell(f"/fill/new/night_round?building={building.id}", name))
        else:
            cells.append(_cell(f"/fill/{mine.id}", name, state=mine.state))
    return sorted(cells, key=lambda cell: cell["title"])


async def _meals(
    conn: AsyncConnection, env: Any, who: Principal, own: list[read.VisibleDoc], today: date
) -> list[Cell]:
    forms = [form for form in MEAL_FORMS if who.may(f"write.{form}")]
    if not forms:
        return []
    now = today.isoformat()
    meals = await read.many(conn, env, who, kind="meal", since=now, until=now, limit=20)
    meals.sort(key=lambda meal: SORTS.index(s) if (s := meal.fields.get("sort")) in SORTS else len(SORTS))
    begun = {(doc.form, doc.meta.get("meal")): doc for doc in own}
    cells = []
    for meal in meals:
        for form in forms:
            mine = begun.get((form, meal.id))
            href = f"/fill/{mine.id}" if mine else f"/fill/new/{form}?meal={meal.id}"
            dishes = [v.get("name") for p, v in meal.fields.items() if p.startswith("dishes/")]
            sub = "、".join(str(name) for name in dishes if name)
            words = f"{meal_name(meal)} {_(MEAL_FORMS[form])}"
            cells.append(_cell(href, words, sub=sub, state=mine.state if mine else ""))
    return cells


async def _found(conn: AsyncConnection, env: Any, who: Principal, q: str) -> list[Cell]:
    pupils = (await find(conn, env, who, q=q))[:FOUND]
    homes = await places(conn, env, who, pupils)
    return [
        _cell(
            f"/fill/new/home_visit?student={pupil.id}",
            pupil.fields.get("name") or "",
            sub=f"{pupil.fields.get('class') or ''} {homes.get(pupil.id, {}).get('place', '')}".strip(),
        )
        for pupil in pupils
    ]
