"""Transactions do what they say on both databases, whatever the drivers would rather do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from server.accounts.models import sessions, users
from server.accounts.people import ensure_account
from server.db import PRAGMAS, Database, driver_url, insert_or_ignore, is_unavailable
from server.schools import create_school, life, schools


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Database]:
    """A database with tables."""
    made = Database(database_url)
    yield made
    await made.close()


async def count(db: Database) -> int:
    """How many schools there are."""
    async with db.read() as conn:
        return (await conn.execute(select(func.count()).select_from(schools))).scalar_one()


async def test_a_write_is_kept_and_a_failed_one_is_not(db: Database) -> None:
    async with db.write() as conn:
        await create_school(conn, "甲")
    with pytest.raises(KeyError):
        async with db.write() as conn:
            await create_school(conn, "乙")
            raise KeyError
    assert await count(db) == 1


async def test_a_rollback_undoes_released_savepoints(db: Database) -> None:
    with pytest.raises(KeyError):
        async with db.write() as conn:
            async with conn.begin_nested():
                await create_school(conn, "甲")
            async with conn.begin_nested():
                await create_school(conn, "乙")
            raise KeyError
    assert await count(db) == 0


async def test_a_rolled_back_savepoint_leaves_the_rest(db: Database) -> None:
    async with db.write() as conn:
        await create_school(conn, "甲")
        with pytest.raises(KeyError):
            async with conn.begin_nested():
                await create_school(conn, "乙")
                raise KeyError
        await create_school(conn, "丙")
    assert await count(db) == 2


async def test_a_read_is_of_one_moment(db: Database) -> None:
    async with db.read() as conn:
        query = select(func.count()).select_from(schools)
        before = (await conn.execute(query)).scalar_one()
        async with db.write() as other:
            await create_school(other, "甲")
        assert (await conn.execute(query)).scalar_one() == before
    assert await count(db) == before + 1


async def test_a_read_can_not_write(db: Database) -> None:
    with pytest.raises(DBAPIError):
        async with db.read() as conn:
            await create_school(conn, "甲")
    assert await count(db) == 0


async def test_writers_wait_for_each_other_instead_of_failing(db: Database) -> None:
    async def add(n: int) -> None:
        async with db.write() as conn:
            rev = (await conn.execute(select(schools.c.rev).with_for_update())).scalar_one()
            await asyncio.sleep(0)
            await conn.execute(schools.update().values(rev=rev + 1))

    async with db.write() as conn:
        await create_school(conn, "甲")
    await asyncio.gather(*(add(n) for n in range(30)))
    async with db.read() as conn:
        assert (await conn.execute(select(schools.c.rev))).scalar_one() == 30


async def test_a_write_has_the_file_s_lock_from_its_beginning(tmp_path: Path) -> None:
    """What it reads first is still so when it writes, whatever others do; a read locks nobody out."""
    path = tmp_path / "x.db"
    db = Database(f"sqlite:///{path}")
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        async with db.read():
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        async with db.write():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
    await db.close()


async def test_two_processes_share_a_file(database_url: str) -> None:
    one, two = Database(database_url), Database(database_url)

    async def add(db: Database, name: str) -> None:
        async with db.write() as conn:
            await create_school(conn, name)

    await asyncio.gather(*(add(db, f"{db is one}{n}") for n in range(10) for db in (one, two)))
    assert await count(one) == 20
    await one.close()
    await two.close()


@pytest.mark.parametrize("side", ["read", "glance", "write"])
async def test_every_pooled_connection_has_the_pragmas(tmp_path: Path, side: str) -> None:
    db = Database(f"sqlite:///{tmp_path / 'x.db'}")
    engine = {"read": db._reader, "glance": db._glancer, "write": db._writer}[side]
    async with AsyncExitStack() as stack:
        conns = [await stack.enter_async_context(engine.connect()) for _ in range(8)]
        for conn in conns[: 1 if side == "write" else 8]:
            for name, expected in PRAGMAS.items():
                assert (await conn.execute(text(f"PRAGMA {name}"))).scalar_one() == expected, name
            assert (await conn.execute(text("PRAGMA query_only"))).scalar_one() == (side != "write")
    await db.close()


async def test_foreign_keys_hold(db: Database) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    row = {"token_hash": "h", "id": "i", "user_id": "nobody", "client_id": "c", "device": ""}
    with pytest.raises(IntegrityError):
        async with db.write() as conn:
            await conn.execute(insert(sessions).values(**row, created=now, seen=now, expires=now))


async def test_inserting_what_is_there_changes_nothing(db: Database) -> None:
    async with db.write() as conn:
        assert not await insert_or_ignore(conn, life, {"id": 1, "epoch": "another"})
        assert (await conn.execute(select(life.c.epoch))).scalar_one() != "another"


async def test_times_keep_their_zone_and_naive_ones_are_refused(db: Database) -> None:
    at = datetime.fromisoformat("2026-11-20T12:00:00+08:00")
    async with db.write() as conn:
        await ensure_account(conn, "13800000000", "王芳", at)
    async with db.read() as conn:
        stored = (await conn.execute(select(users.c.created))).scalar_one()
    assert stored == at
    assert stored.utcoffset() is not None
    with pytest.raises(Exception, match="without a zone"):
        async with db.write() as conn:
            await ensure_account(conn, "13800000001", "王芳", datetime(2026, 11, 20))


def test_addresses_of_databases_are_taken_as_people_write_them() -> None:
    assert driver_url("sqlite:///var/x.db").drivername == "sqlite+aiosqlite"
    assert driver_url("postgres://u:p@h/d").drivername == "postgresql+asyncpg"
    assert driver_url("postgresql://u@h/d?sslmode=require").query == {"ssl": "require"}
    for bad in ("mysql://h/d", "nonsense", ""):
        with pytest.raises((ValueError, ArgumentError)):
            driver_url(bad)
    with pytest.raises(ValueError, match="in memory"):
        Database("sqlite://")


def test_only_what_passes_is_called_unavailable() -> None:
    locked = OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
    full = OperationalError("INSERT", {}, Exception("database or disk is full"))
    wrong = OperationalError("SELEKT", {}, Exception('near "SELEKT": syntax error'))
    assert is_unavailable(locked)
    assert is_unavailable(full)
    assert is_unavailable(ConnectionRefusedError())
    assert not is_unavailable(wrong)
    assert not is_unavailable(KeyError("x"))
