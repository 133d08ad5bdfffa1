"""Schools (学校), the unit of everything: rev counter, time zone, name. And the database's life."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    case,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import Json, metadata, new_id
from server.prepared import run

ZONE = "Asia/Shanghai"
LIFE_STEP = 2**32  # revs between two lives of a database at least: more than a school makes in one
_PACE = 2**20  # what a new life's revs begin at grows by this in each second since …
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST = 2**32  # seconds; so all stays far below 2**53 whatever a clock says
_CHANCE = 2**28

schools = Table(
    "schools",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("tz", String(64), nullable=False, comment="IANA zone that the school's days are counted in"),
    Column("rev", BigInteger, nullable=False, comment="the last rev given to a change; only grows"),
    Column("settings", Json, nullable=False),
    Column(
        "inherited",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="the rev that the restored backup had; 0: nothing was restored",
    ),
    Column(
        "born",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="the rev that this life of the database began at",
    ),
)

life = Table(
    "life",
    metadata,
    Column("id", Integer, primary_key=True, comment="always 1"),
    Column(
        "epoch",
        String(36),
        nullable=False,
        comment="names this life of the database; a restore makes another",
    ),
    Column("before", String(36), comment="the life that the restored backup was made in"),
)


_EPOCH = select(life.c.epoch).where(life.c.id == 1)
_EPOCH_AND_REV = (
    select(life.c.epoch, schools.c.rev)
    .join_from(life, schools, schools.c.id == bindparam("school"))  # both are one row
    .where(life.c.id == 1)
)


@dataclass(frozen=True, slots=True)
class School:
    """A school without its counter, which only the gateway touches."""

    id: str
    name: str
    tz: str
    settings: dict[str, Any]


async def create_school(
    conn: AsyncConnection, name: str, *, tz: str = ZONE, settings: dict[str, Any] | None = None
) -> str:
    """Add a school and return its id. Two schools can't have the same name (IntegrityError)."""
    school = new_id()
    row = {"id": school, "name": name.strip(), "tz": tz, "rev": 0, "settings": settings or {}}
    await conn.execute(insert(schools).values(row))
    return school


async def find_school(conn: AsyncConnection, name: str) -> School | None:
    """The school of that name."""
    return await _one(conn, schools.c.name == name.strip())


async def get_school(conn: AsyncConnection, school: str) -> School | None:
    """The school of that id."""
    return await _one(conn, schools.c.id == school)


async def all_schools(conn: AsyncConnection) -> list[School]:
    """Every school, by name."""
    rows = await conn.execute(select(schools).order_by(schools.c.name))
    return [School(row.id, row.name, row.tz, row.settings) for row in rows]


async def change_settings(conn: AsyncConnection, school: str, changes: dict[str, Any]) -> None:
    """Set some of a school's settings, leaving the others as they are."""
    known = await get_school(conn, school)
    if known is None:
        raise KeyError(school)
    merged = {**known.settings, **changes}
    await conn.execute(update(schools).where(schools.c.id == school).values(settings=merged))


async def epoch(conn: AsyncConnection) -> str:
    """The name of this life of the database (see the sync protocol)."""
    return (await conn.execute(_EPOCH)).scalar_one()


async def epoch_and_rev(conn: AsyncConnection, school: str) -> tuple[str, int]:
    """The name of this life, and the last rev given at a school."""
    (row,) = await run(conn, _EPOCH_AND_REV, {"school": school})
    return row.epoch, row.rev


async def begin_life(conn: AsyncConnection) -> None:
    """Name a new database's life; one that has a name keeps it."""
    if (await conn.execute(select(life.c.id))).first() is None:
        await conn.execute(insert(life).values(id=1, epoch=new_id()))


async def begin_new_life(conn: AsyncConnection, now: datetime) -> None:
    """After a restore: another epoch, and counters so far ahead that no rev of any other life comes again.

    A phone's base from another life then supersedes nothing that it can't have seen. One backup can be
    restored on machines that know nothing of each other. So counters follow the clock: what begins later
    begins beyond all revs that an earlier life can have given. Chance keeps two apart where clocks are wrong.
    """
    seconds = max(0, min(int((now - _SINCE).total_seconds()), _LONGEST))
    reached = literal(seconds * _PACE, BigInteger)
    ahead = LIFE_STEP + secrets.randbelow(_CHANCE)
    await conn.execute(update(life).values(before=life.c.epoch, epoch=new_id()))
    latest = case((schools.c.rev > reached, schools.c.rev), else_=reached)
    await conn.execute(update(schools).values(rev=latest + ahead, born=latest + ahead))


async def _one(conn: AsyncConnection, condition: Any) -> School | None:
    row = (await conn.execute(select(schools).where(condition))).first()
    return School(row.id, row.name, row.tz, row.settings) if row else None
