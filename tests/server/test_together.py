"""Work that shares a transaction: one wait for the disk, everyone's own failures, no early answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import Database, is_unavailable
from server.schools import create_school, schools
from server.together import Together

Adding = Callable[[AsyncConnection], Awaitable[str]]


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Database]:
    """A database with tables."""
    made = Database(database_url)
    yield made
    await made.close()


def adding(name: str) -> Adding:
    """Work that adds a school and returns its name."""

    async def add(conn: AsyncConnection) -> str:
        await create_school(conn, name)
        return name

    return add


async def names(db: Database) -> set[str]:
    """The schools that are there."""
    async with db.read() as conn:
        return set((await conn.execute(select(schools.c.name))).scalars())


def count_commits(db: Database) -> list[None]:
    """One item for each commit from now on."""
    seen: list[None] = []
    event.listen(db._writer.sync_engine, "commit", lambda _conn: seen.append(None))
    return seen


async def test_who_waits_at_the_same_time_shares_one_commit(db: Database) -> None:
    seen = count_commits(db)
    done = await asyncio.gather(*(db.write_together("s", adding(f"校{n}")) for n in range(20)))
    assert done == [f"校{n}" for n in range(20)]
    assert await names(db) == set(done)
    assert len(seen) <= 2  # the first may have begun alone


async def test_a_bad_neighbour_fails_alone(db: Database) -> None:
    async def fail(conn: AsyncConnection) -> str:
        await create_school(conn, "坏")
        raise KeyError("坏")

    async def twice(conn: AsyncConnection) -> str:  # the database refuses it: the name is taken
        await create_school(conn, "甲")
        return "不会"

    works = [adding("甲"), fail, adding("乙"), twice, adding("丙")]
    done = await asyncio.gather(*(db.write_together("s", w) for w in works), return_exceptions=True)
    assert [type(d).__name__ for d in done] == ["str", "KeyError", "str", "IntegrityError", "str"]
    assert await names(db) == {"甲", "乙", "丙"}


async def test_alone_a_failure_is_undone_too(db: Database) -> None:
    async def fail(conn: AsyncConnection) -> str:
        await create_school(conn, "坏")
        raise KeyError("坏")

    with pytest.raises(KeyError):
        await db.write_together("s", fail)
    assert await db.write_together("s", adding("甲")) == "甲"
    assert await names(db) == {"甲"}


async def test_nobody_is_answered_when_the_commit_fails(db: Database) -> None:
    full = OperationalError("COMMIT", {}, Exception("database or disk is full"))
    disk_full = True

    @asynccontextmanager
    async def writing() -> AsyncGenerator[AsyncConnection]:
        async with db.write() as conn:
            yield conn
            if disk_full:
                raise full

    together = Together(writing, is_unavailable)
    works = [adding(f"校{n}") for n in range(5)]
    done = await asyncio.gather(*(together.run("s", w) for w in works), return_exceptions=True)
    assert done == [full] * 5
    assert await names(db) == set()
    disk_full = False
    assert await together.run("s", adding("甲")) == "甲"
    assert await names(db) == {"甲"}


async def test_whoever_failed_before_the_disk_was_full_tries_again_too(db: Database) -> None:
    """What it complained of, a neighbour's work, was undone: it may not hear of it."""

    async def late(conn: AsyncConnection) -> str:
        raise KeyError("a neighbour's work of the same transaction")

    async def run_out(conn: AsyncConnection) -> str:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    works = [adding("甲"), late, run_out]
    done = await asyncio.gather(*(db.write_together("s", w) for w in works), return_exceptions=True)
    assert [type(d) for d in done] == [OperationalError] * 3
    assert await names(db) == set()


async def test_a_full_disk_in_one_piece_is_everybodys(db: Database) -> None:
    async def run_out(conn: AsyncConnection) -> str:
        await create_school(conn, "半")
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    works = [adding("甲"), run_out, adding("乙")]
    done = await asyncio.gather(*(db.write_together("s", w) for w in works), return_exceptions=True)
    assert all(isinstance(d, OperationalError) for d in done)
    assert await names(db) == set()


async def test_a_stop_before_the_commit_answers_nobody(db: Database) -> None:
    reached, never = asyncio.Event(), asyncio.Event()

    async def hang(conn: AsyncConnection) -> str:
        await create_school(conn, "半")
        reached.set()
        await never.wait()
        return "半"

    asked = [asyncio.create_task(db.write_together("s", w)) for w in (adding("甲"), hang, adding("乙"))]
    await reached.wait()
    for leader in db._together._leaders.values():
        leader.cancel()
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(d, ConnectionError) for d in done)
    assert await names(db) == set()
    assert await db.write_together("s", adding("丙")) == "丙"


async def test_who_went_away_takes_nobody_along(db: Database) -> None:
    asked = [asyncio.create_task(db.write_together("s", adding(n))) for n in ("甲", "乙", "丙")]
    await asyncio.sleep(0)  # they ask
    asked[1].cancel()
    assert [await asked[0], await asked[2]] == ["甲", "丙"]
    assert {"甲", "丙"} <= await names(db)


async def test_later_work_sees_what_earlier_work_of_the_same_transaction_did(db: Database) -> None:
    async def next_number(conn: AsyncConnection) -> int:
        found = (await conn.execute(select(schools.c.rev))).scalars().all()
        row = {
            "id": f"s{len(found)}",
            "name": f"校{len(found)}",
            "tz": "UTC",
            "rev": len(found),
            "settings": {},
        }
        await conn.execute(insert(schools).values(row))
        return len(found)

    assert await asyncio.gather(*(db.write_together("s", next_number) for _ in range(6))) == [*range(6)]
