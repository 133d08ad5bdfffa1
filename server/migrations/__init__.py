"""The schema's history: `migrate(db)` brings a database to it, `python -m server.migrations` adds a step.

A release only expands (new tables, new columns with a default); what it no longer uses goes a release later.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from server.db import Database
from server.schools import begin_life

FOLDER = Path(__file__).parent


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, without a file of its own; migrations run on this connection."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "newline")
    made.attributes["connection"] = connection
    return made


async def migrate(db: Database) -> None:
    """Bring the schema up to date, all steps in one transaction, and name a new database's life."""
    async with db.write() as conn:
        await conn.run_sync(lambda sync: command.upgrade(config(sync), "head"))
        await begin_life(conn)
