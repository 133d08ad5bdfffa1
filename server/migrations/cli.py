"""`zoufang migrate`: the database's tables from a terminal."""

from __future__ import annotations

import asyncio

import click

from server.command import answering, read_settings
from server.migrations import migrate as bring_up_to_date
from server.settings import Settings


@click.command()
def migrate() -> None:
    """Make the database's tables, or bring them up to this release. Safe to run again and again."""
    asyncio.run(_migrate(read_settings()))
    click.echo("The database is up to date.")


async def _migrate(chosen: Settings) -> None:
    async with answering(chosen) as db:
        await bring_up_to_date(db)
