"""What slows a guesser down and leaves a school alone.

An account that is tried in vain gets a growing delay, whether it exists or not. An address is stopped only
when many *different* accounts fail from it, so sixty teachers behind one router, typing badly, all get in;
one that signed in from there before is let through even then.

Each try is counted as a failure before the password is looked at and taken back when it was right: tries that
run side by side can't slip past the count.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.models import signin_accounts, signin_addresses
from server.db import insert_or_ignore

FREE_TRIES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=24)

ADDRESS_ACCOUNTS = 80
ADDRESS_WINDOW = timedelta(hours=1)
TRUST_ADDRESS = timedelta(days=30)


async def begin_try(conn: AsyncConnection, account: str, address: str, now: datetime) -> timedelta | None:
    """Count a try. Returns None if the password may be looked at, else the time to wait (and counts nothing).

    `account` is any stable text for the account, `address` as `address_key` gives it.
    """
    await insert_or_ignore(conn, signin_accounts, {"account": account, "failures": 0, "last": now})
    await insert_or_ignore(conn, signin_addresses, {"address": address, "account": account})
    row = (
        await conn.execute(
            select(signin_accounts).where(signin_accounts.c.account == account).with_for_update()
        )
    ).one()
    if row.blocked_until and row.blocked_until > now:
        return row.blocked_until - now
    wait = await _address_wait(conn, account, address, now)
    if wait:
        return wait
    failures = 1 if now - row.last > FORGET_AFTER else row.failures + 1
    blocked = now + delay(failures) if failures >= FREE_TRIES else None
    await conn.execute(
        update(signin_accounts)
        .where(signin_accounts.c.account == account)
        .values(failures=failures, last=now, blocked_until=blocked)
    )
    await conn.execute(_at(update(signin_addresses), address, account).values(failed=now))
    return None


async def succeeded(conn: AsyncConnection, account: str, address: str, now: datetime) -> None:
    """The try that was begun was right: forget the failures before it, and what is too old to matter."""
    await conn.execute(delete(signin_accounts).where(signin_accounts.c.account == account))
    await conn.execute(_at(update(signin_addresses), address, account).values(failed=None, succeeded=now))
    await conn.execute(delete(signin_accounts).where(signin_accounts.c.last < now - FORGET_AFTER))
    long_ago = now - TRUST_ADDRESS
    table = signin_addresses.c
    await conn.execute(
        delete(signin_addresses).where(
            or_(table.failed.is_(None), table.failed < now - ADDRESS_WINDOW),
            or_(table.succeeded.is_(None), table.succeeded < long_ago),
        )
    )


def delay(failures: int) -> timedelta:
    """How long an account rests after so many failures in a row: 30 s, 1 min, 2 min … 15 min."""
    doublings = min(failures - FREE_TRIES, 10)
    return min(FIRST_DELAY * 2**doublings, LONGEST_DELAY)


def address_key(host: str) -> str:
    """The address that is counted: an IPv6 host owns a whole /64, so that is what counts."""
    try:
        address = ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


async def _address_wait(conn: AsyncConnection, account: str, address: str, now: datetime) -> timedelta | None:
    table = signin_addresses.c
    here = (await conn.execute(_at(select(signin_addresses), address, account))).first()
    if here and here.succeeded and now - here.succeeded < TRUST_ADDRESS:
        return None
    failing = select(func.count(), func.min(table.failed)).where(
        table.address == address, table.account != account, table.failed > now - ADDRESS_WINDOW
    )
    count, oldest = (await conn.execute(failing)).one()
    return oldest + ADDRESS_WINDOW - now if count >= ADDRESS_ACCOUNTS else None


def _at(statement, address: str, account: str):
    return statement.where(signin_addresses.c.address == address, signin_addresses.c.account == account)
