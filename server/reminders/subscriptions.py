"""Which browsers may be sent to: one row a browser, owned by whoever signed in there last."""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.models import sessions
from server.reminders.endpoints import EndpointRefused, check_endpoint
from server.reminders.models import subscriptions

MOST = 10


class SubscriptionKeys(msgspec.Struct):
    """The browser's public key and shared secret, base64url."""

    p256dh: str
    auth: str


class Subscription(msgspec.Struct):
    """What `PushSubscription.toJSON()` gives; its expirationTime is not used."""

    endpoint: str
    keys: SubscriptionKeys


@dataclass(frozen=True, slots=True)
class Device:
    """One browser that subscribed."""

    id: str
    endpoint: str
    p256dh: str
    auth: str


class BadSubscription(Exception):
    """Not a subscription that we could ever send to; `reason` says which part is wrong."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def device_id(endpoint: str) -> str:
    """The id of a browser's row."""
    return sha256(endpoint.encode()).hexdigest()


def check(subscription: Subscription, hosts: Collection[str]) -> None:
    """Raises BadSubscription for an address that is no push service's, or keys that can't be encrypted to."""
    try:
        check_endpoint(subscription.endpoint, hosts)
    except EndpointRefused as error:
        raise BadSubscription("endpoint") from error
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _base64(subscription.keys.p256dh))
    except ValueError as error:
        raise BadSubscription("p256dh") from error
    if len(_base64(subscription.keys.auth)) != 16:
        raise BadSubscription("auth")


def _base64(text: str) -> bytes:
    if len(text) > 100:
        return b""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


async def subscribe(
    conn: AsyncConnection, user: str, session: str, subscription: Subscription, now: datetime
) -> None:
    """Remember a checked subscription; the same browser again takes the place of its old row.

    A phone that two people share shows the reminders of the one who is signed in, so the row changes hands.
    """
    device = device_id(subscription.endpoint)
    await conn.execute(delete(subscriptions).where(subscriptions.c.id == device))
    await conn.execute(
        subscriptions.insert().values(
            id=device,
            user_id=user,
            session=session,
            endpoint=subscription.endpoint,
            p256dh=subscription.keys.p256dh,
            auth=subscription.keys.auth,
            created=now,
            failed=0,
        )
    )
    await _forget_oldest(conn, user)


async def _forget_oldest(conn: AsyncConnection, user: str) -> None:
    """An account that collects browsers must not become a flood: the newest ten stay."""
    kept = (
        select(subscriptions.c.id)
        .where(subscriptions.c.user_id == user)
        .order_by(subscriptions.c.created.desc(), subscriptions.c.id)
        .limit(MOST)
    )
    mine = [row.id for row in await conn.execute(kept)]
    await conn.execute(
        delete(subscriptions).where(subscriptions.c.user_id == user, subscriptions.c.id.not_in(mine))
    )


async def unsubscribe(conn: AsyncConnection, user: str, endpoint: str) -> None:
    """Forget a browser; nothing happens if it isn't this user's."""
    row = subscriptions.c.id == device_id(endpoint)
    await conn.execute(delete(subscriptions).where(row, subscriptions.c.user_id == user))


async def took(conn: AsyncConnection, device: str, now: datetime) -> None:
    """A push service accepted a message for this browser."""
    row = subscriptions.c.id == device
    await conn.execute(update(subscriptions).where(row).values(last_ok=now, failed=0))


async def failed(conn: AsyncConnection, device: str) -> None:
    """A message for this browser did not get through."""
    row = subscriptions.c.id == device
    await conn.execute(update(subscriptions).where(row).values(failed=subscriptions.c.failed + 1))


async def gone(conn: AsyncConnection, device: str) -> None:
    """The push service knows this browser no more."""
    await conn.execute(delete(subscriptions).where(subscriptions.c.id == device))


async def devices_of(conn: AsyncConnection, user: str, now: datetime) -> list[Device]:
    """Where this person can be reached: browsers whose session still stands, the newest first.

    A phone that was signed out or revoked shows nothing any more, not even a count.
    """
    found = await conn.execute(_live(now).where(subscriptions.c.user_id == user))
    return [Device(row.id, row.endpoint, row.p256dh, row.auth) for row in found]


async def reachable(conn: AsyncConnection, now: datetime) -> set[str]:
    """The ids of all users who have a browser that can be reached."""
    return {row.user_id for row in await conn.execute(_live(now))}


def _live(now: datetime) -> Select[Any, Any, Any, Any, Any]:
    return (
        select(
            subscriptions.c.user_id,
            subscriptions.c.id,
            subscriptions.c.endpoint,
            subscriptions.c.p256dh,
            subscriptions.c.auth,
        )
        .join(sessions, sessions.c.id == subscriptions.c.session)
        .where(sessions.c.ended.is_(None), sessions.c.expires > now)
        .order_by(subscriptions.c.created.desc(), subscriptions.c.id)
    )
