"""The migrations lead to the tables that the features describe, on both databases."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select

import server.app
from server.db import Database, metadata
from server.migrations import config, migrate
from server.schema import is_current, newest
from server.schools import create_school, epoch, schools


def differences(connection: Connection) -> list[Any]:
    """What a new migration would have to do."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, metadata)


async def test_migrations_and_tables_agree(empty_database_url: str) -> None:
    assert server.app.FEATURES
    db = Database(empty_database_url)
    await migrate(db)
    async with db.read() as conn:
        assert await conn.run_sync(differences) == []
    await db.close()


def test_the_newest_step_is_the_one_that_migrations_end_with() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [newest()]


async def test_migrating_again_keeps_everything(empty_database_url: str) -> None:
    db = Database(empty_database_url)
    assert not await is_current(db)
    await migrate(db)
    async with db.write() as conn:
        await create_school(conn, "石门小学")
        life = await epoch(conn)
    await migrate(db)
    assert await is_current(db)
    async with db.read() as conn:
        assert await epoch(conn) == life
        assert (await conn.execute(select(schools.c.name))).scalars().all() == ["石门小学"]
    await db.close()
