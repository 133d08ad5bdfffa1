"""`zoufang erase` at a terminal."""

import asyncio
import getpass
from typing import Any

import click

from server.access import server_principal
from server.accounts.passwords import normal_phone
from server.command import answering, check_database, read_settings
from server.db import utcnow
from server.erasure.compact import compact
from server.erasure.erase import Erased, NoPupil, Order, erase, look
from server.erasure.log import NAME, BadLog, write_log
from server.gateway import read
from server.gateway.work import Env
from server.render import TEMPLATES
from server.schools import find_school
from server.settings import Settings
from sync.forms import load_forms

MAX_REASON = 200
BUSY = """\
Somebody was reading just then, so that old bytes may still stand in the database's journal. Stop the server
and run `zoufang erase --compact`."""
LATER = """\
Backups made before now still have this pupil. A restore erases the pupil again by {log}, which
lies in VAR_DIR and beside later backups; backups that are no longer needed should be deleted. A phone drops
the records at its next sync."""


@click.command("erase")
@click.option("--school", help="The school's name.")
@click.option("--pupil", help="The pupil's id, where several have the name.")
@click.option("--name", help="The pupil's name …")
@click.option("--class", "class_", help="… and class, as the register writes it.")
@click.option("--reason", help="Why; kept for good, so write no name.")
@click.option("--by", help="Phone number of whoever decided it.  [default: who is at the terminal]")
@click.option("--everywhere", is_flag=True, help="Take the name out of the texts of all other records too.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--compact", is_flag=True, help="Only write the database's file anew; see below.")
def erase_pupil(
    school: str | None,
    pupil: str | None,
    name: str | None,
    class_: str | None,
    reason: str | None,
    by: str | None,
    everywhere: bool,
    yes: bool,
    compact: bool,
) -> None:
    """Erase a pupil (删除学生): for a request that was granted, or a term of keeping that is over.

    What goes: the pupil, visits, duties, leaves, problems and waiting ops that are about nobody else, with
    their history; a household in which no other pupil lives. In records that are about others too (a
    household, a joint visit, a night round) what names the pupil goes and the rest stays. What is left is a
    tombstone: id, time, who, reason.

    Phones drop it at their next sync; what an old phone still sends about the pupil is not stored. A restore
    of an older backup erases the pupil again. The name may stand in texts of other pupils' records: those
    are listed, since it may be a namesake's; --everywhere replaces it there too.

    The database's file is then written anew, so that the deleted bytes are gone from the disk as well.
    """
    settings = read_settings()
    asyncio.run(check_database(settings))
    if compact:
        asyncio.run(_compact(settings))
        return
    if not school or not reason or not (pupil or (name and class_)):
        raise click.UsageError("give --school, --reason, and --pupil or --name with --class.")
    if len(reason) > MAX_REASON:
        raise click.UsageError(f"--reason has at most {MAX_REASON} characters.")
    asyncio.run(_erase(settings, school, (pupil, name, class_), reason, by, everywhere, yes))


async def _erase(
    settings: Settings,
    school: str,
    whom: tuple[str | None, str | None, str | None],
    reason: str,
    by: str | None,
    everywhere: bool,
    yes: bool,
) -> None:
    env = Env(load_forms(TEMPLATES / "forms"), utcnow)
    async with answering(settings) as db:
        async with db.read() as conn:
            known = await find_school(conn, school)
            if known is None:
                raise click.ClickException(f"there is no school with the name {school}.")
            pupil = whom[0] or await _named(conn, env, known.id, *whom[1:])
            who = await _decider(conn, env, known.id, by)
        try:
            if not yes:
                async with db.write() as conn:  # it only looks; the lock keeps the picture still
                    _show(await look(conn, env, known.id, pupil), everywhere)
                click.confirm("This can't be undone. Erase?", abort=True)
            order = Order(known.id, pupil, utcnow(), who, reason, everywhere)
            async with db.write() as conn:
                done = await erase(conn, env, order)
        except NoPupil:
            raise click.ClickException(f"there is no pupil {pupil} at this school.") from None
        _show(done, everywhere, "Erased")
        try:
            await write_log(db, settings.var_dir)
        except (BadLog, OSError) as error:
            raise click.ClickException(f"erased, but the log of erasures was not written: {error}") from None
        whole = await compact(db)
    click.echo(LATER.format(log=NAME) if whole else BUSY)


async def _named(conn: Any, env: Env, school: str, name: str | None, class_: str | None) -> str:
    """The id of the one pupil of that name in that class."""
    who = server_principal(school)
    here = await read.many(conn, env, who, kind="student", class_=class_, limit=10_000)
    found = [doc.id for doc in here if doc.fields.get("name") == name]
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.ClickException(f"there is no {name} in {class_}.")
    raise click.ClickException(f"several have this name; choose by --pupil: {', '.join(found)}")


async def _decider(conn: Any, env: Env, school: str, phone: str | None) -> str:
    """The id of the account with this phone number; without one, the terminal's user."""
    if phone is None:
        return f"terminal:{getpass.getuser()}"[:80]
    people = await read.many(conn, env, server_principal(school), kind="person", limit=10_000)
    found = [doc.id for doc in people if doc.fields.get("phone") == normal_phone(phone)]
    if not found:
        raise click.ClickException(f"nobody at this school has the phone number {phone}.")
    return found[0]


def _show(what: Erased, everywhere: bool, word: str = "To be erased") -> None:
    click.echo(f"{word}: {_counts(what.gone)}")
    if what.shared:
        click.echo(f"Cut, of others too: {_counts(what.shared)}")
    if what.named:
        verb = "is taken out of the texts of" if everywhere and word != "Erased" else "still stands in"
        click.echo(f"The name {verb} {len(what.named)} other records: {', '.join(what.named[:20])}")


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in found.items()) or "nothing"


async def _compact(settings: Settings) -> None:
    async with answering(settings) as db:
        whole = await compact(db)
    if not whole:
        raise click.ClickException("somebody was reading just then. Stop the server and run it again.")
    click.echo("The database's file was written anew.")
