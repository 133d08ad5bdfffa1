"""Giving back the room of what was deleted, so that none of it can be read from the files any more."""

import asyncio
import sqlite3
from contextlib import closing

from sqlalchemy.ext.asyncio import create_async_engine

from server.db import BUSY_SECONDS, Database, metadata


async def compact(db: Database) -> bool:
    """SQLite: the file is written anew and its journal emptied; False where somebody was reading just then,
    and the journal may still hold what was. PostgreSQL: dead rows are freed.
    """
    if db.dialect == "sqlite":
        return await asyncio.to_thread(_compact_file, str(db.url.database))
    engine = create_async_engine(db.url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as conn:
            for table in metadata.sorted_tables:
                await conn.exec_driver_sql(f'VACUUM "{table.name}"')
    finally:
        await engine.dispose()
    return True


def _compact_file(path: str) -> bool:
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as file:
        file.execute("PRAGMA secure_delete = ON")
        file.execute("VACUUM")
        busy, _, _ = file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return busy == 0
