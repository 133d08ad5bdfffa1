"""`python -m server.migrations "what changed"` writes the next step from what the tables say now."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from server.db import Database
from server.migrations import config, migrate


async def _add(message: str) -> None:
    known = len(list(ScriptDirectory.from_config(config()).walk_revisions()))
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder)}/schema.db")
        if known:
            await migrate(db)
        async with db.write() as conn:
            await conn.run_sync(
                lambda sync: command.revision(
                    config(sync), message, autogenerate=True, rev_id=f"{known + 1:04}"
                )
            )
        await db.close()


if __name__ == "__main__":
    asyncio.run(_add(" ".join(sys.argv[1:])))
