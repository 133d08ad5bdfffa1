"""Statements given to the driver as text find and write what SQLAlchemy's own would."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, update

from server.db import Database
from server.gateway.models import clients
from server.prepared import run, run_many

SEEN = datetime(2026, 11, 20, 8, 40, tzinfo=UTC)
BY_ID = (
    select(clients.c.id, clients.c.last_seq)
    .where(
        clients.c.id.in_(bindparam("ids", expanding=True)), clients.c.user_id == "u", clients.c.durable == 7
    )
    .order_by(clients.c.id)
)
COUNT = update(clients).where(clients.c.id == bindparam("client")).values(last_seq=bindparam("last"))


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Database]:
    """A database with clients c1 to c5 of user u, and another user's."""
    made = Database(database_url)
    whose = {"c1": "u", "c2": "u", "c3": "u", "c4": "u", "c5": "u", "other": "v"}
    rows = [
        {"id": i, "user_id": u, "last_seq": 1, "durable": 7, "device": "机", "seen": SEEN}
        for i, u in whose.items()
    ]
    async with made.write() as conn:
        await run_many(conn, insert(clients), rows)
    yield made
    await made.close()


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6])
async def test_a_list_of_any_length_finds_what_it_names_once(db: Database, length: int) -> None:
    wanted = ["c1", "c2", "other", "c3", "nobody", "c5"][:length]
    async with db.read() as conn:
        rows = [tuple(row) for row in await run(conn, BY_ID, {"ids": wanted})]
    assert rows == [(i, 1) for i in wanted if i in ("c1", "c2", "c3", "c5")]


async def test_times_go_in_as_they_do_otherwise(db: Database) -> None:
    async with db.read() as conn:
        row = (await conn.execute(select(clients).where(clients.c.id == "c1"))).one()
    assert (row.seen, row.device) == (SEEN, "机")


SEEN_BY = select(clients.c.id, clients.c.seen).where(clients.c.id == bindparam("client"))


async def test_times_come_out_as_they_do_otherwise(db: Database) -> None:
    async with db.read() as conn:
        whole = await run(conn, SEEN_BY, {"client": "c1"})
    async with db.glance() as conn:
        quick = await run(conn, SEEN_BY, {"client": "c1"})
    assert [tuple(row) for row in (*whole, *quick)] == [("c1", SEEN)] * 2
    assert whole[0].seen == quick[0].seen == SEEN


async def test_one_row_and_many_rows_are_changed(db: Database) -> None:
    async with db.write() as conn:
        await run(conn, COUNT, {"client": "c1", "last": 5})
        await run_many(conn, COUNT, [{"last": 6, "client": "c2"}, {"last": 2**40, "client": "c3"}])
    async with db.read() as conn:
        rows = [tuple(row) for row in await run(conn, BY_ID, {"ids": ["c1", "c2", "c3", "c4"]})]
    assert rows == [("c1", 5), ("c2", 6), ("c3", 2**40), ("c4", 1)]
