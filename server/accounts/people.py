"""People (人员): the account that signs in, and the doc that says what its owner does at a school."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import ROLE_TITLES, load_principal, schools_of, server_principal
from server.accounts.models import users
from server.accounts.passwords import hash_password, normal_phone
from server.accounts.sessions import end_all_sessions
from server.db import Database, insert_or_ignore, new_id
from server.gateway import write
from server.gateway.work import Env
from server.schools import create_school, find_school
from sync.protocol import Op

ROLE_WORDS = {
    **{title: role for role, title in ROLE_TITLES.items()},
    "教师": "teacher",
    "科任": "teacher",
    "帮扶责任人": "teacher",
    "导师": "teacher",
    "总务": "general_affairs",
    "宿管员": "dorm",
    "办公室": "office",
    "德育处": "office",
    "政教处": "office",
    "副校长": "principal",
    "管理员": "admin",
    "乡镇": "township",
    "县级": "county",
}
"""What people call a role → the role's word. The words themselves are understood too."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as a list shows it; `places` has a line for each school: name and roles."""

    phone: str
    name: str
    has_password: bool
    places: list[tuple[str, list[str]]]


def role_of(word: str) -> str | None:
    """The role that a word in English or Chinese means, None if it means none."""
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    return plain if plain in ROLE_TITLES else ROLE_WORDS.get(word.strip())


async def ensure_account(conn: AsyncConnection, phone: str, name: str, now: datetime) -> str:
    """The id of the account with this phone number, made without a password if there is none yet.

    Raises ValueError for what is no phone number. An account that is there keeps its name.
    """
    number = normal_phone(phone)
    if not number:
        raise ValueError(phone)
    row = {"id": new_id(), "phone": number, "name": name.strip(), "created": now}
    await insert_or_ignore(conn, users, row)
    return (await conn.execute(select(users.c.id).where(users.c.phone == number))).scalar_one()


async def ensure_school(db: Database, env: Env, name: str) -> str:
    """The id of the school of this name, made with every form definition if there is none yet."""
    async with db.write() as conn:
        known = await find_school(conn, name)
        if known:
            return known.id
        school = await create_school(conn, name)
        await write.ensure_forms(conn, env, school)
        return school


async def add_person(
    db: Database,
    env: Env,
    school: str,
    *,
    phone: str,
    name: str,
    roles: Iterable[str],
    classes: Collection[str] = (),
) -> str:
    """Give a person roles at a school, with an account if they had none. Returns the user's id.

    Someone who is there already keeps their name and other roles. Raises ValueError for a bad phone number.
    """
    async with db.write() as conn:
        user = await ensure_account(conn, phone, name, env.clock())
        known = await load_principal(conn, user, school)
        values: dict[str, Any] = {"roles": {"add": sorted(roles)}}
        if classes:
            values["classes"] = {"add": sorted(classes)}
        if known is None:
            values |= {"name": name.strip(), "phone": normal_phone(phone)}
        op = Op(
            0,
            "edit" if known else "create",
            "person",
            user,
            form="person",
            form_version=env.forms.latest("person").version,
            set=values,
            meta=None if known else {},
            at=env.clock().isoformat(),
        )
        results = await write.submit(conn, env, server_principal(school), new_id(), [op])
    held = [result for result in results if result.result == "held"]
    if held:
        raise ValueError(f"{held[0].code} {held[0].params}")
    return user


async def set_password(conn: AsyncConnection, phone: str, password: str, now: datetime) -> bool:
    """Set an account's password and end its sessions. Returns whether there is such an account."""
    hashed = await hash_password(password)
    change = update(users).where(users.c.phone == normal_phone(phone)).values(password_hash=hashed)
    user = (await conn.execute(change.returning(users.c.id))).scalar()
    if user is not None:
        await end_all_sessions(conn, user, now)
    return user is not None


async def list_accounts(conn: AsyncConnection) -> list[Account]:
    """Every account with its schools and roles, by phone number."""
    rows = (await conn.execute(select(users).order_by(users.c.phone))).all()
    accounts = []
    for row in rows:
        places = []
        for school in await schools_of(conn, row.id):
            principal = await load_principal(conn, row.id, school["id"])
            places.append((school["name"], sorted(principal.roles) if principal else []))
        accounts.append(Account(row.phone, row.name, row.password_hash is not None, places))
    return accounts
