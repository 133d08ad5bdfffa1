"""Shares: what of a vault's key the server keeps, one for each user of each device, lent for some days.

A phone keeps its share until the lease ends and gets it again at each contact; without it nobody opens the
vault, whatever password they know. A share comes of the server's secret: restored from before it was first
lent, the server lends the same. It is stored all the same, for a restore under another secret. A revoked
device's share is not lent again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import schools_of
from server.accounts.devices import Device
from server.accounts.sessions import Session, name_device, revoke_session
from server.db import Database, insert_or_ignore
from server.schools import change_settings, get_school
from server.settings import Settings
from server.text import _, fmt
from server.vaults.models import vault_shares
from server.when import moment

LEASE_DAYS, SHORTEST_LEASE, LONGEST_LEASE = 14, 1, 30
"""Days that a phone may be without contact before its vault stays shut: the default, and what may be set."""
LEASE_SETTING = "lease_days"
MOST_DEVICES = 50
NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Lease:
    """A share and how long it is lent for."""

    share: bytes
    until: datetime
    days: int


async def lend(db: Database, settings: Settings, session: Session, device: str, now: datetime) -> Lease:
    """The share of the session's user on this device, made if there is none; the lease begins anew."""
    async with db.read() as conn:
        days = await lease_days(conn, session.user)
        until = now + timedelta(days=days)
        known = await _share(conn, session.user, device)
    noted = known is not None and abs(until - known.until) < NOTED_EVERY
    if known is not None and noted and session.device_id == device:
        return Lease(known.share, until, days)
    async with db.write() as conn:
        await name_device(conn, session.id, device)
        share = _derive(settings, session.user, device)
        row: dict[str, Any] = {"user_id": session.user, "device_id": device, "share": share}
        if await insert_or_ignore(conn, vault_shares, {**row, "created": now, "until": until}):
            await _forget_oldest(conn, session.user, device)
        await conn.execute(update(vault_shares).where(_of(session.user, device)).values(until=until))
        known = await _share(conn, session.user, device)
    if known is None:
        raise LookupError("the share is gone from the database")
    return Lease(known.share, until, days)


async def lease_days(conn: AsyncConnection, user: str) -> int:
    """How long this user's phones may be without contact: as the strictest of their schools has it."""
    schools = [await get_school(conn, school["id"]) for school in await schools_of(conn, user)]
    return min((lease_of(school.settings) for school in schools if school), default=LEASE_DAYS)


def lease_of(settings: dict[str, Any]) -> int:
    """What a school's settings say about the lease, in days."""
    return int(settings.get(LEASE_SETTING, LEASE_DAYS))


async def set_lease(conn: AsyncConnection, school: str, days: int) -> None:
    """Set a school's lease. Phones learn of it at their next contact. Raises ValueError out of bounds."""
    if not SHORTEST_LEASE <= days <= LONGEST_LEASE:
        raise ValueError(days)
    await change_settings(conn, school, {LEASE_SETTING: days})


async def revoke(conn: AsyncConnection, session: str, now: datetime) -> None:
    """End a session from a list of devices: the phone may deliver what it holds, then it is wiped.

    Its share gives way to another: one that never makes contact again can't be opened any more once its lease
    is over.
    """
    found = await revoke_session(conn, session, now)
    if found and found[1]:
        other = secrets.token_bytes(32)
        await conn.execute(update(vault_shares).where(_of(found[0], found[1])).values(share=other))


def what_ending_does(days: int) -> str:
    """What ending a device does to the phone, for whoever is about to; `days`: its lease."""
    text = _("让它退出以后：下次联网，先把没传的记录传上来，再清空它上面的资料，记录不会丢。")
    late = _("一直不联网的，清不了；最多{n}天以后，里面的资料就打不开了。")
    return text + fmt(late, n=days)


def what_became(device: Device, days: int, zone: ZoneInfo) -> str:
    """Where an ended device stands: when it said that it was wiped, else by when what is on it stays shut.

    `days`: the lease of its user.
    """
    if device.wiped is not None:
        return fmt(_("已清空，{at}"), at=moment(device.wiped, zone))
    if device.revoked is None or device.device_id is None:
        return ""
    shut = device.seen + timedelta(days=days)
    text = _("还没清空。下次联网，先传完没传的，再清空。一直不联网的，{day}起打不开。")
    return fmt(text, day=moment(shut, zone).partition(" ")[0])


def _derive(settings: Settings, user: str, device: str) -> bytes:
    """The share of a user's that was never revoked on this device."""
    key = hashlib.sha256(f"share\0{settings.secret_key}".encode()).digest()
    return hmac.new(key, f"{user}\0{device}".encode(), hashlib.sha256).digest()


async def _share(conn: AsyncConnection, user: str, device: str) -> Any:
    return (await conn.execute(select(vault_shares).where(_of(user, device)))).first()


async def _forget_oldest(conn: AsyncConnection, user: str, new: str) -> None:
    """Keep the shares of as many devices as anybody has: a caller who makes up ids fills no disk."""
    mine = (vault_shares.c.user_id == user) & (vault_shares.c.device_id != new)
    newest = vault_shares.c.until.desc(), vault_shares.c.device_id
    kept = select(vault_shares.c.device_id).where(mine).order_by(*newest).limit(MOST_DEVICES - 1)
    await conn.execute(delete(vault_shares).where(mine, vault_shares.c.device_id.not_in(kept)))


def _of(user: str, device: str) -> Any:
    return (vault_shares.c.user_id == user) & (vault_shares.c.device_id == device)
