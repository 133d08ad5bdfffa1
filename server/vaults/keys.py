"""The server's key pairs, made on first use and kept in the database, so that backups carry them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import Database
from server.schools import life
from server.vaults.models import vault_keys
from server.vaults.seal import KeyPair


async def current_key(db: Database, now: datetime) -> KeyPair:
    """The pair that phones are to seal to; whoever asks first makes it."""
    async with db.read() as conn:
        kept = await _newest(conn)
    if kept is not None:
        return kept
    async with db.write() as conn:
        await conn.execute(select(life.c.id).with_for_update())  # of several at once one makes it for all
        kept = await _newest(conn)
        if kept is not None:
            return kept
        made = KeyPair.make()
        row = {"id": made.id, "private": made.private, "public": made.public, "created": now}
        await conn.execute(insert(vault_keys).values(row))
    return made


async def find_key(conn: AsyncConnection, key: str) -> KeyPair | None:
    """The pair of this id, however old."""
    row = (await conn.execute(select(vault_keys).where(vault_keys.c.id == key))).first()
    return KeyPair(row.id, row.private, row.public) if row else None


async def _newest(conn: AsyncConnection) -> KeyPair | None:
    query = select(vault_keys).order_by(vault_keys.c.created.desc(), vault_keys.c.id).limit(1)
    row = (await conn.execute(query)).first()
    return KeyPair(row.id, row.private, row.public) if row else None
