"""Whom to call when a child is in danger: the police, the ambulance, the principal (报告20)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, server_principal
from server.gateway import read
from server.text import _, fmt

MOST = 2000


async def numbers(conn: AsyncConnection, env: Any, who: Principal) -> list[dict[str, str]]:
    """The principals' names and numbers. Everyone who may have to report must be able to call them."""
    staff = await read.many(conn, env, server_principal(who.school), kind="person", limit=MOST)
    return [
        {"who": fmt(_("校长 {name}"), name=one.fields.get("name") or ""), "tel": one.fields["phone"]}
        for one in staff
        if "principal" in (one.fields.get("roles") or []) and one.fields.get("phone")
    ]


async def guardians(conn: AsyncConnection, env: Any, who: Principal, student: str) -> list[dict[str, str]]:
    """A missing pupil's guardians and class teacher. For whoever reports the pupil missing."""
    hand = server_principal(who.school)
    pupil = await read.one(conn, env, hand, student)
    home = await read.one(conn, env, hand, str(pupil.fields.get("household"))) if pupil else None
    items = [v for p, v in (home.fields if home else {}).items() if p.startswith("guardians/")]
    people = [
        {
            "who": fmt(
                _("监护人 {name} {relation}"), name=v.get("name") or "", relation=v.get("relation") or ""
            ),
            "tel": v["phone"],
        }
        for v in items
        if isinstance(v, dict) and v.get("phone")
    ]
    staff = await read.many(conn, env, hand, kind="person", limit=MOST)
    teachers = [
        {"who": fmt(_("班主任 {name}"), name=one.fields.get("name") or ""), "tel": one.fields["phone"]}
        for one in staff
        if pupil
        and pupil.fields.get("class") in (one.fields.get("classes") or [])
        and one.fields.get("phone")
    ]
    return people + teachers
