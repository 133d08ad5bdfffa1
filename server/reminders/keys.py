"""The key pair that push services know this server by (VAPID, RFC 8292): made once, kept in the database.

A browser's subscription is bound to the public key, so a new key would silently cut off every phone.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import Database, insert_or_ignore
from server.reminders.models import vapid

ONLY = 1


@dataclass(frozen=True, slots=True)
class Keys:
    """Both halves as base64url without padding: the raw private number, the uncompressed public point."""

    private: str
    public: str


async def vapid_keys(db: Database, now: datetime) -> Keys:
    """The server's keys; the first caller makes them, and of several at once one wins for all."""
    async with db.read() as conn:
        kept = await _kept(conn)
    if kept is not None:
        return kept
    async with db.write() as conn:
        made = make_keys()
        row = {"id": ONLY, "private": made.private, "public": made.public, "created": now}
        await insert_or_ignore(conn, vapid, row)
    async with db.read() as conn:
        kept = await _kept(conn)
    if kept is None:
        raise LookupError("the VAPID keys are gone from the database")
    return kept


async def _kept(conn: AsyncConnection) -> Keys | None:
    row = (await conn.execute(select(vapid.c.private, vapid.c.public).where(vapid.c.id == ONLY))).first()
    return None if row is None else Keys(row.private, row.public)


def make_keys() -> Keys:
    """A new pair."""
    key = ec.generate_private_key(ec.SECP256R1())
    number = key.private_numbers().private_value.to_bytes(32, "big")
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Keys(_base64(number), _base64(point))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
