"""Whose a client is, also before its first push: then the passes that were given out for it say so."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.models import delivery_tokens
from server.gateway.models import clients
from server.gateway.work import chunks
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


async def own_clients(conn: AsyncConnection, user: str, named: Iterable[str]) -> set[str]:
    """Those of the named clients that are provably this user's: they pushed under it, or it never pushed and
    every pass for it was theirs. Of any other nobody can say that it is not somebody else's."""
    tokens, first, known = delivery_tokens.c, dict[str, str](), dict[str, set[str]]()
    for part in chunks(named):
        pushed = select(clients.c.id, clients.c.user_id).where(clients.c.id.in_(part))
        first |= {row.id: row.user_id for row in await conn.execute(pushed)}
        passes = select(tokens.client_id, tokens.user_id).where(tokens.client_id.in_(part)).distinct()
        for row in await conn.execute(passes):
            known.setdefault(row.client_id, set()).add(row.user_id)
    never = {client for client, users in known.items() if client not in first and users == {user}}
    return {client for client, owner in first.items() if owner == user} | never


async def is_promised(conn: AsyncConnection, client: str, user: str) -> bool:
    """The same of a client that has never pushed."""
    known = set((await run(conn, _PASSES, {"client": client})).scalars())
    return bool(known) and user not in known
