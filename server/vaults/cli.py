"""`zoufang school …`: what a school decides about its phones, from the terminal."""

from __future__ import annotations

import asyncio

import click

from server.command import answering, read_settings
from server.schools import find_school
from server.vaults.shares import LONGEST_LEASE, SHORTEST_LEASE, lease_of, set_lease


@click.group()
def school() -> None:
    """Settings of a school."""


@school.command()
@click.argument("name")
@click.argument("days", required=False, type=click.IntRange(SHORTEST_LEASE, LONGEST_LEASE))
def lease(name: str, days: int | None) -> None:
    """Show or set how many days phones of the school NAME open without contact with the server.

    After that, what is on them stays shut until they have been online. DAYS is 1 to 30.
    """
    now = asyncio.run(_lease(name, days))
    if now is None:
        raise click.ClickException(f"there is no school called {name}.")
    click.echo(f"Phones of {name} open for {now} days without contact.")


async def _lease(name: str, days: int | None) -> int | None:
    async with answering(read_settings()) as db, db.write() as conn:
        found = await find_school(conn, name)
        if found is None:
            return None
        if days is not None:
            await set_lease(conn, found.id, days)
        return days or lease_of(found.settings)
