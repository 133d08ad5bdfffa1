"""Delivery tokens asked for later than at the sign-in: a phone whose client is new needs one for that."""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.models import delivery_tokens
from server.accounts.sessions import Session, digest
from server.db import Database, insert_or_ignore
from server.gateway.owner import is_anothers
from server.problems import Problem
from server.settings import Settings
from server.vaults.seal import to_text

MOST_PASSES = 20
"""Clients for which one session gets tokens: a phone has one for each school, and new ones are rare."""


async def give_pass(
    db: Database, settings: Settings, session: Session, token: str, client: str
) -> str | None:
    """A delivery token for a client of this user; `token` is the session's own secret.

    The same session gets the same one for a client again, so that a lost answer costs nothing and no table
    fills. None for one client too many. Raises Problem 403 `client` for somebody else's.
    """
    made = _derive(settings, token, client)
    row = {"token_hash": digest(made), "session_hash": digest(token)}
    async with db.glance() as conn:
        if await is_anothers(conn, client, session.user):
            raise Problem(403, "client")
        if await _is_known(conn, row["token_hash"]):
            return made
    async with db.write() as conn:
        mine = select(func.count()).where(delivery_tokens.c.session_hash == row["session_hash"])
        if ((await conn.execute(mine)).scalar() or 0) >= MOST_PASSES:
            return made if await _is_known(conn, row["token_hash"]) else None
        await insert_or_ignore(conn, delivery_tokens, {**row, "user_id": session.user, "client_id": client})
    return made


async def _is_known(conn: AsyncConnection, token_hash: str) -> bool:
    query = select(delivery_tokens.c.client_id).where(delivery_tokens.c.token_hash == token_hash)
    return (await conn.execute(query)).first() is not None


def _derive(settings: Settings, token: str, client: str) -> str:
    """As long and as unguessable as the session's secret: nothing of it is stored but its hash."""
    key = hashlib.sha256(f"delivery\0{settings.secret_key}".encode()).digest()
    return to_text(hmac.new(key, f"{token}\0{client}".encode(), hashlib.sha256).digest())
