"""Signing in: a phone number and a password become a user, or a problem that tells a guesser nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import select

from server.accounts.models import users
from server.accounts.passwords import normal_phone, verify_password
from server.accounts.throttle import address_key, begin_try, succeeded
from server.db import Database
from server.problems import Problem
from server.text import _, fmt


async def sign_in(db: Database, *, phone: str, password: str, address: str, now: datetime) -> str:
    """The id of the user with this phone number and password.

    Raises Problem 401 `wrong_password`, the same for an unknown number, a wrong password and an account that
    has none yet; 429 `throttled` with the seconds to wait.
    """
    number = normal_phone(phone)
    account = hashlib.sha256((number or phone).encode()).hexdigest()
    where = address_key(address)
    async with db.write() as conn:
        wait = await begin_try(conn, account, where, now)
    if wait is not None:
        raise _throttled(wait)
    async with db.read() as conn:
        query = select(users.c.id, users.c.password_hash).where(users.c.phone == number)
        user = (await conn.execute(query)).first()
    if not await verify_password(password, user.password_hash if user else None) or user is None:
        raise Problem(401, "wrong_password")
    async with db.write() as conn:
        await succeeded(conn, account, where, now)
    return user.id


def _throttled(wait: timedelta) -> Problem:
    seconds = max(1, int(wait.total_seconds() + 0.999))
    text = fmt(_("{n}分钟"), n=-(-seconds // 60)) if seconds > 60 else fmt(_("{n}秒"), n=seconds)
    return Problem(429, "throttled", headers={"Retry-After": str(seconds)}, wait=text, seconds=seconds)
