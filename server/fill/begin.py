"""Where a record begins: what it is about, checked against what its writer may see."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar.datastructures import MultiDict
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read
from server.problems import not_found
from sync.forms import Form

PARTS = {"meal_audit_a": "a", "meal_audit_b": "b"}


class Beginning(msgspec.Struct, frozen=True):
    """A record that is not stored yet: its form, what it is about, and the query that says so."""

    form: Form
    meta: dict[str, Any]
    about: list[read.VisibleDoc]
    query: str


async def begin(
    conn: AsyncConnection, env: Any, who: Principal, name: str, query: MultiDict[Any], today: date
) -> Beginning:
    """Read what an address asks for. Raises 404 where the form or what it is about is not this person's."""
    form = _form(env, who, name)
    if name == "night_round":
        building = await _seen(conn, env, who, str(query.get("building", "")), "building")
        night = _night(str(query.get("night", "")), today)
        meta = {"building": building.id, "night": night}
        return Beginning(form, meta, [building], _query(name, building=building.id, night=night))
    if name in PARTS:
        meal = await _seen(conn, env, who, str(query.get("meal", "")), "meal")
        return Beginning(form, {"meal": meal.id, "part": PARTS[name]}, [meal], _query(name, meal=meal.id))
    ids = list(dict.fromkeys(str(one) for one in query.getall("student", [])))[:20]
    pupils = [await _seen(conn, env, who, one, "student") for one in ids]
    if not pupils:
        raise not_found()
    meta = {"students": [pupil.id for pupil in pupils]}
    household = pupils[0].fields.get("household")
    if household:
        meta["household"] = household
    return Beginning(form, meta, pupils, _query(name, student=[pupil.id for pupil in pupils]))


async def siblings_at_home(
    conn: AsyncConnection, env: Any, who: Principal, beginning: Beginning
) -> list[read.VisibleDoc]:
    """Other pupils in sight who live in the same household: the visit may be theirs too."""
    household = beginning.meta.get("household")
    if not household:
        return []
    found = await read.many(conn, env, who, kind="student", ref=household, limit=50)
    chosen = set(beginning.meta["students"])
    return [pupil for pupil in found if pupil.id not in chosen]


def _form(env: Any, who: Principal, name: str) -> Form:
    try:
        form: Form = env.forms.latest(name)
    except KeyError as error:
        raise not_found() from error
    if form.kind != "visit" or not who.may(f"write.{name}"):
        raise not_found()
    return form


async def _seen(conn: AsyncConnection, env: Any, who: Principal, ident: str, kind: str) -> read.VisibleDoc:
    doc = await read.one(conn, env, who, ident)
    if doc is None or doc.kind != kind:
        raise not_found()
    return doc


def _night(text: str, today: date) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return today.isoformat()


def _query(form: str, **about: str | list[str]) -> str:
    return "?" + urlencode({"form": form, **about}, doseq=True)
