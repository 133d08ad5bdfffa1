"""What every command of `zoufang` needs: settings that can be used and a database that answers."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import click

from server.db import Database, is_unavailable
from server.schema import is_current
from server.settings import Settings, SettingsError, load_settings


def read_settings() -> Settings:
    """The environment's settings, or an end with what to do about them."""
    try:
        return load_settings(os.environ)
    except SettingsError as error:
        raise click.ClickException(f"the settings can't be used:\n{error}") from None


@asynccontextmanager
async def answering(settings: Settings) -> AsyncGenerator[Database]:
    """The database, closed afterwards; one that does not answer ends the command with a word about it."""
    db = Database(settings.database_url)
    try:
        yield db
    except Exception as error:
        if not is_unavailable(error) and not isinstance(error, OSError):
            raise
        raise click.ClickException(f"the database of DATABASE_URL does not answer: {error}") from None
    finally:
        await db.close()


async def check_database(settings: Settings) -> None:
    """Refuse to start on a database that is not there or has other tables than this release expects."""
    async with answering(settings) as db:
        current = await is_current(db)
    if not current:
        raise click.ClickException("the database lacks tables of this release: run `zoufang migrate`.")
