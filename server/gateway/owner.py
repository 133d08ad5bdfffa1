"""Whose a client is, also before its first push: then the passes that were given out for it say so."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.models import delivery_tokens
from server.gateway.models import clients
from server.prepared import run

_USER = select(clients.c.user_id).where(clients.c.id == bindparam("client"))
_PASSES = (
    select(delivery_tokens.c.user_id).where(delivery_tokens.c.client_id == bindparam("client")).distinct()
)


async def is_anothers(conn: AsyncConnection, client: str, user: str) -> bool:
    """Whether a client is somebody else's: who pushed first has it, before that whoever has a pass for it.

    A pass of one's own is enough: nobody keeps another out by asking for a pass for the other's client.
    """
    first = (await run(conn, _USER, {"client": client})).first()
    return first.user_id != user if first is not None else await is_promised(conn, client, user)


async def is_promised(conn: AsyncConnection, client: str, user: str) -> bool:
    """The same of a client that has never pushed."""
    known = set((await run(conn, _PASSES, {"client": client})).scalars())
    return bool(known) and user not in known
