"""`zoufang user …`: accounts from the terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import click

from server.access import ROLE_TITLES
from server.accounts.passwords import MAX_LENGTH, MIN_LENGTH, fault, normal_phone
from server.accounts.people import add_person, ensure_school, list_accounts, role_of, set_password
from server.command import read_settings
from server.db import Database, utcnow
from server.gateway.work import Env
from server.render import TEMPLATES
from server.roster.classes import place, school_year
from sync.forms import load_forms

ROLE_HELP = ", ".join(f"{role} {title}" for role, title in ROLE_TITLES.items())


@click.group()
def user() -> None:
    """Accounts: who may sign in, and as what."""


@user.command()
@click.argument("phone")
@click.option("--name", required=True, help="The person's name, as others see it.")
@click.option(
    "--role", "roles", required=True, multiple=True, help=f"May be given again. One of: {ROLE_HELP}."
)
@click.option("--school", required=True, help="The school's name; it is made if there is none of this name.")
@click.option("--class", "classes", multiple=True, help="For a class teacher: 三(2)班. May be given again.")
def add(phone: str, name: str, roles: tuple[str, ...], school: str, classes: tuple[str, ...]) -> None:
    """Add a person to a school, or give one who is there another role.

    PHONE is what they sign in with. The account has no password yet: `zoufang user set-password` opens it.
    """
    if not normal_phone(phone):
        raise click.BadParameter("that is not a phone number.", param_hint="PHONE")
    asyncio.run(_add(phone, name, [_role(word) for word in roles], school, [_class(c) for c in classes]))
    click.echo(f"{name} ({normal_phone(phone)}) is {', '.join(roles)} at {school}.")


@user.command("list")
def list_users() -> None:
    """Show every account: phone, name, schools with roles, and whether it can sign in yet."""
    for account in asyncio.run(_list()):
        places = "; ".join(f"{school}: {', '.join(roles) or 'no role'}" for school, roles in account.places)
        state = "" if account.has_password else "  (no password yet)"
        click.echo(f"{account.phone}  {account.name}  {places or 'no school'}{state}")


@user.command("set-password")
@click.argument("phone")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
def set_user_password(phone: str, password_stdin: bool) -> None:
    """Set a password. Whoever is signed in with the account is signed out.

    Without --password-stdin it is asked for, twice and unseen.
    """
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    wrong = fault(password)
    if wrong:
        raise click.ClickException(f"the password is too {wrong}: {MIN_LENGTH} to {MAX_LENGTH} characters.")
    if not asyncio.run(_set_password(phone, password)):
        raise click.ClickException(f"there is no account with the phone number {phone}.")
    click.echo("The password is set.")


def _role(word: str) -> str:
    role = role_of(word)
    if role is None:
        raise click.BadParameter(f"{word} is none. Choose from: {ROLE_HELP}.", param_hint="--role")
    return role


def _class(text: str) -> str:
    named = place("", text, school_year(utcnow().date())).class_
    if not named:
        raise click.BadParameter(f"{text} can't be read; write it like 三(2)班.", param_hint="--class")
    return named


@asynccontextmanager
async def _database() -> AsyncGenerator[Database]:
    db = Database(read_settings().database_url)
    try:
        yield db
    finally:
        await db.close()


async def _add(phone: str, name: str, roles: list[str], school: str, classes: list[str]) -> None:
    env = Env(load_forms(TEMPLATES / "forms"), utcnow)
    async with _database() as db:
        known = await ensure_school(db, env, school)
        await add_person(db, env, known, phone=phone, name=name, roles=roles, classes=classes)


async def _list() -> list:
    async with _database() as db, db.read() as conn:
        return await list_accounts(conn)


async def _set_password(phone: str, password: str) -> bool:
    async with _database() as db, db.write() as conn:
        return await set_password(conn, phone, password, utcnow())
