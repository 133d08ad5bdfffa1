"""Whether a database has the tables of this release. Making them is the work of server.migrations.

Apart from that, because every start asks: Alembic takes longer to import than the answer and all forms do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, String, column, inspect, select, table

from server.db import Database

STEPS = Path(__file__).parent / "migrations" / "versions"
VERSIONS = table("alembic_version", column("version_num", String))


def newest() -> str:
    """The last of this release's steps: they are one line, and files are named `<step>_<what>.py`."""
    return max(path.name.partition("_")[0] for path in STEPS.glob("[0-9]*_*.py"))


async def is_current(db: Database) -> bool:
    """Whether every migration of this release has run on the database."""
    async with db.read() as conn:
        return await conn.run_sync(_heads) == [newest()]


def _heads(connection: Connection) -> list[str]:
    """The steps that the database is at; none when it is new."""
    if not inspect(connection).has_table(VERSIONS.name):
        return []
    return list(connection.execute(select(VERSIONS.c.version_num)).scalars())
