"""Lists of devices, and what they are called there: the kind and the browser, 安卓手机 Chrome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.models import sessions, users
from server.accounts.sessions import end_of
from server.settings import Settings
from server.text import N_, _

ENDED_SHOWN = timedelta(days=90)
"""How long a device that was ended stays in the lists."""
LONGEST_LEASE = timedelta(days=30)
"""How long after its last contact a phone may still open its vault."""

SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": N_("安卓手机"),
    "Windows": N_("Windows电脑"),
    "Mac OS": N_("苹果电脑"),
    "Linux": N_("Linux电脑"),
}
BROWSERS = {
    "MicroMessenger": N_("微信"),
    "Edg": "Edge",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}


def device_of(request: Request[Any, Any, Any], told: str = "") -> str:
    """The caller's device in two words, by what its browser calls itself; else as it was `told`.

    Browsers keep the model to themselves: an Android phone says no more than that it is one.
    """
    agent = request.headers.get("user-agent", "")
    words = [
        next((word for part, word in names.items() if part in agent), "") for names in (SYSTEMS, BROWSERS)
    ]
    return " ".join(_(word) for word in words if word) or told or agent[:40]


@dataclass(frozen=True, slots=True)
class Device:
    """A session as its owner or the office sees it in a list; `device_id` as in Session.

    `live` False: nobody is signed in there any more, but the phone may still open what it keeps.
    `revoked`: when it was ended from such a list; `wiped`: when the phone said that the records are gone.
    """

    id: str
    user: str
    name: str
    device: str
    created: datetime
    seen: datetime
    device_id: str | None
    live: bool
    revoked: datetime | None = None
    wiped: datetime | None = None


async def list_devices(
    conn: AsyncConnection, settings: Settings, people: Sequence[str], now: datetime
) -> list[Device]:
    """Live sessions of these users, the latest used first, and phones whose vaults may outlive theirs."""
    query = (
        select(sessions, users.c.name)
        .join(users)
        .where(sessions.c.user_id.in_(people), sessions.c.ended.is_(None))
        .order_by(sessions.c.seen.desc())
    )
    rows = await conn.execute(query)
    return [
        Device(row.id, row.user_id, row.name, row.device, row.created, row.seen, row.device_id, live)
        for row in rows
        if (live := end_of(row, settings) > now) or (row.device_id and row.seen + LONGEST_LEASE > now)
    ]


async def list_ended(conn: AsyncConnection, user: str, since: datetime) -> list[Device]:
    """Devices of a user that were ended from a list after `since`, each once, the latest first."""
    query = (
        select(sessions, users.c.name)
        .join(users)
        .where(sessions.c.user_id == user, sessions.c.revoked >= since)
        .order_by(sessions.c.revoked.desc(), sessions.c.seen.desc())
    )
    found: dict[str, Device] = {}
    for row in await conn.execute(query):
        about = (row.id, row.user_id, row.name, row.device, row.created, row.seen, row.device_id)
        found.setdefault(row.device_id or row.id, Device(*about, False, row.revoked, row.wiped))
    return list(found.values())
