"""Sessions and delivery tokens: random, hashed at rest, with an idle and an absolute limit."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.models import delivery_tokens, sessions, users
from server.db import new_id
from server.prepared import run
from server.settings import Settings

SEEN_EVERY = timedelta(minutes=5)
DELIVERY_AFTER_END = timedelta(days=30)
KEPT_AFTER_END = timedelta(days=400)
"""How long it can be told whose an ended session was, which an exported file of unsent work asks."""
DEVICE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Session:
    """A live session. `client` is the id under which this session's ops are numbered, `device_id` the phone's
    own id of its store, as far as it has told it."""

    id: str
    user: str
    name: str
    client: str
    school: str | None
    device: str
    seen: datetime
    csrf: str
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivery token allows: this user's pushes from this client, before `until`.

    `revoked`: its session was ended from a list of devices, not by its own user's signing out or by time.
    """

    user: str
    client: str
    until: datetime
    revoked: bool


def digest(token: str) -> str:
    """What is stored of a token. It is random and long, so a plain hash can't be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


async def open_session(
    conn: AsyncConnection,
    settings: Settings,
    user: str,
    *,
    client: str | None,
    school: str | None,
    device: str,
    now: datetime,
) -> tuple[str, str | None]:
    """Begin a session. Returns its token and, if the phone named its client, a delivery token for that."""
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": digest(token),
        "id": new_id(),
        "user_id": user,
        "client_id": client or new_id(),
        "school_id": school,
        "device": device[:DEVICE_LENGTH],
        "created": now,
        "seen": now,
        "expires": now + timedelta(days=settings.session_max_days),
    }
    await conn.execute(insert(sessions).values(row))
    await _forget_old(conn, user, now)
    if client is None:
        return token, None
    delivery = secrets.token_urlsafe(32)
    values = {"token_hash": digest(delivery), "session_hash": digest(token), "user_id": user}
    await conn.execute(insert(delivery_tokens).values(**values, client_id=client))
    return token, delivery


_LIVE = select(sessions, users.c.name).join(users).where(sessions.c.token_hash == bindparam("token_hash"))


async def find_session(
    conn: AsyncConnection, settings: Settings, token: str, csrf: str, now: datetime
) -> Session | None:
    """The live session with this token; None for any other, whatever the reason."""
    row = (await run(conn, _LIVE, {"token_hash": digest(token)})).first()
    if row is None or end_of(row, settings) <= now:
        return None
    return Session(
        id=row.id,
        user=row.user_id,
        name=row.name,
        client=row.client_id,
        school=row.school_id,
        device=row.device,
        seen=row.seen,
        csrf=csrf,
        device_id=row.device_id,
    )


async def is_apps(conn: AsyncConnection, session: Session) -> bool:
    """Whether the phone's app signed in, not a person on the sign-in page: it got a pass for its client."""
    query = select(delivery_tokens.c.client_id).join(sessions)
    found = query.where(sessions.c.id == session.id, delivery_tokens.c.client_id == session.client)
    return (await conn.execute(found)).first() is not None


async def saw(conn: AsyncConnection, session: str, now: datetime) -> None:
    """Note that a session is in use; called at most every `SEEN_EVERY`."""
    await conn.execute(update(sessions).where(sessions.c.id == session).values(seen=now))


async def choose_school(conn: AsyncConnection, session: str, school: str) -> None:
    """The school that this session's requests are about from now on. The caller has checked that it may."""
    await conn.execute(update(sessions).where(sessions.c.id == session).values(school_id=school))


async def end_session(conn: AsyncConnection, session: str, now: datetime) -> str | None:
    """Sign out. Returns the user whose session it was, None if there is none that lives."""
    live = update(sessions).where(sessions.c.id == session, sessions.c.ended.is_(None))
    return (await conn.execute(live.values(ended=now).returning(sessions.c.user_id))).scalar()


async def revoke_session(conn: AsyncConnection, session: str, now: datetime) -> tuple[str, str | None] | None:
    """End a session from a list of devices, with the user's others on the same device: it is to be wiped.

    Returns user and device, the latter None where it never told its id; None for no such session.
    """
    found = (await conn.execute(select(sessions).where(sessions.c.id == session))).first()
    if found is None:
        return None
    change = update(sessions).where(_same_device(found), sessions.c.revoked.is_(None))
    await conn.execute(change.values(ended=func.coalesce(sessions.c.ended, now), revoked=now))
    return found.user_id, found.device_id


async def note_wiped(conn: AsyncConnection, delivery: str, now: datetime) -> None:
    """Note that a revoked phone, named by its delivery token, has removed what it kept of that user."""
    named = select(sessions).join(delivery_tokens).where(delivery_tokens.c.token_hash == digest(delivery))
    found = (await conn.execute(named)).first()
    if found is None:
        return
    change = update(sessions).where(_same_device(found), sessions.c.revoked.is_not(None))
    await conn.execute(change.values(wiped=func.coalesce(sessions.c.wiped, now)))


def _same_device(row: Row) -> ColumnElement[bool]:
    """This session and the same user's others on the phone, as far as it told its id."""
    which = sessions.c.id == row.id
    if row.device_id is None:
        return which
    return which | (sessions.c.user_id == row.user_id) & (sessions.c.device_id == row.device_id)


async def name_device(conn: AsyncConnection, session: str, device: str) -> None:
    """Note which device a session is on; `device` is the phone's own id of its store."""
    await conn.execute(update(sessions).where(sessions.c.id == session).values(device_id=device))


async def end_all_sessions(conn: AsyncConnection, user: str, now: datetime) -> None:
    """Sign a person out everywhere, as when the password changes."""
    live = update(sessions).where(sessions.c.user_id == user, sessions.c.ended.is_(None))
    await conn.execute(live.values(ended=now))


async def verify_delivery(
    conn: AsyncConnection, settings: Settings, token: str, now: datetime
) -> Delivery | None:
    """Whose pushes a delivery token allows, until 30 days after its session ended in whatever way."""
    found = await find_delivery(conn, settings, token)
    return found if found and now < found.until else None


async def find_delivery(conn: AsyncConnection, settings: Settings, token: str) -> Delivery | None:
    """Whose a delivery token is, also one that allows nothing any more."""
    tokens = delivery_tokens.c
    query = select(sessions, tokens.client_id.label("client")).join(delivery_tokens)
    row = (await conn.execute(query.where(tokens.token_hash == digest(token)))).first()
    if row is None:
        return None
    until = end_of(row, settings) + DELIVERY_AFTER_END
    return Delivery(row.user_id, row.client, until, row.revoked is not None)


def end_of(row: Row, settings: Settings) -> datetime:
    """When a session ended or will end if nobody uses it any more."""
    idle = row.seen + timedelta(days=settings.session_idle_days)
    return min(end for end in (row.ended, row.expires, idle) if end is not None)


async def _forget_old(conn: AsyncConnection, user: str, now: datetime) -> None:
    """Remove the user's sessions that nothing on a phone can need any more."""
    long_ago = now - KEPT_AFTER_END
    gone = (sessions.c.expires < long_ago) | (sessions.c.ended < long_ago)
    await conn.execute(delete(sessions).where(sessions.c.user_id == user, gone))
