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
