"""`zoufang backup` and `zoufang restore` at a terminal."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

import server.app  # noqa: F401 - importing the features is what fills the metadata
from server.backup.dump import Copied, NoTables, dump, raise_durable
from server.backup.files import media_folder, named, new_file, read_passphrase
from server.backup.load import NotEmpty, Restored, TooNew, check, load
from server.backup.parts import read_parts
from server.backup.seal import BadFile, opened
from server.command import read_settings
from server.db import Database, utcnow
from server.erasure.compact import compact
from server.erasure.log import NAME, BadLog, merged, read_log, write_log
from server.settings import Settings

KEY_FILE = click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The passphrase is this file's first line.  [default: BACKUP_PASSPHRASE]",
)
PLAIN = """\
The backup is not encrypted: whoever gets the file reads everything about the children in it. Give a
passphrase by --key-file or BACKUP_PASSPHRASE, and keep a copy of it in another place than the backups."""


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@KEY_FILE
def backup(path: Path, key_file: Path | None) -> None:
    """Write everything (database and media) into one file, while the server goes on.

    PATH is a file, or a folder in which the file is named by the time. The copy is of one moment; the file
    appears under its name when it is complete and on the disk, and nobody but you may read it.

    With a passphrase (--key-file, or BACKUP_PASSPHRASE) the file is encrypted: AES-256-GCM, the key by
    scrypt. Without the passphrase nobody can read it any more, so keep it in another place than the backups.

    Put PATH on another disk or machine: when a backup has finished, phones are told that what is in it is
    safe, and in time forget their own copies of it. Every night, by cron:

    \b
      15 2 * * *  zoufang backup /mnt/other-place --key-file /etc/zoufang/backup.key

    See that a backup can be read with `zoufang restore --check PATH`.
    """
    settings = read_settings()
    passphrase = read_passphrase(key_file, settings.backup_passphrase)
    target = named(path, utcnow())
    try:
        copied = asyncio.run(write_backup(settings, target, passphrase))
    except NoTables:
        raise click.ClickException("there is nothing to back up: run `zoufang migrate` first.") from None
    except BadLog as error:
        raise click.ClickException(f"{target} is complete, its log of erasures is not: {error}") from None
    except (OSError, DBAPIError) as error:
        raise click.ClickException(f"the backup was not finished: {error}") from None
    if not passphrase:
        click.echo(PLAIN, err=True)
    size = target.stat().st_size / 1e6
    click.echo(f"{target}: {copied.rows} rows, {copied.files} files, {size:.1f} MB")


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@KEY_FILE
@click.option("--check", "only_check", is_flag=True, help="Read the file to its end and change nothing.")
@click.option("--replace", is_flag=True, help="Delete what is in the database now.")
@click.option("--sign-out", is_flag=True, help="End all sessions: everybody signs in anew.")
@click.option(
    "--erasures",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"Another {NAME}: pupils that were erased since the backup.",
)
def restore(
    path: Path,
    key_file: Path | None,
    only_check: bool,
    replace: bool,
    sign_out: bool,
    erasures: tuple[Path, ...],
) -> None:
    """Put a backup into the database of DATABASE_URL and the folder of MEDIA_URL.

    Stop the server and the worker first. The database is filled as a whole or left as it was; a file that is
    damaged, cut off or changed is refused. One with something in it is refused too, unless you say --replace
    (back that up first). It may be of the other sort than the one that was backed up: this is also how a
    school moves from SQLite to PostgreSQL.

    Then start the server. Phones notice that its database has begun a new life and send again, by
    themselves, what they entered and the backup had not seen; nothing is taken twice. What was done at the
    office since the backup is not on any phone: look through accounts, roles, approvals and imports again.
    Sessions that were ended since live again: --sign-out ends them all (phones still deliver what they hold).

    Pupils that were erased (`zoufang erase`) since the backup was made are erased again. Which, is known from
    the database that is replaced, from the log of erasures in VAR_DIR and in the backup's folder, and from
    --erasures.
    """
    settings = read_settings()
    passphrase = read_passphrase(key_file, settings.backup_passphrase)
    try:
        if only_check:
            restored = _check(path, passphrase)
        else:
            restored = asyncio.run(read_backup(settings, path, passphrase, replace, sign_out, erasures))
    except BadFile as error:
        raise click.ClickException(f"{path}: {error}.") from None
    except NotEmpty:
        raise click.ClickException(
            "the database of DATABASE_URL is not empty. Back it up; --replace then deletes what is in it."
        ) from None
    except TooNew as error:
        raise click.ClickException(
            f"the backup is of a newer release ({error}): install that first."
        ) from None
    except (OSError, DBAPIError, BadLog) as error:
        raise click.ClickException(f"nothing was restored: {error}") from None
    what = "can be read" if only_check else "restored"
    click.echo(f"{what}: {restored.rows} rows, {restored.files} files, of {restored.made:%Y-%m-%d %H:%M} UTC")
    if restored.erased:
        click.echo(f"Pupils erased since then, and now again: {restored.erased}")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[Database]:
    db = Database(settings.database_url)
    try:
        yield db
    finally:
        await db.close()


async def write_backup(settings: Settings, target: Path, passphrase: str) -> Copied:
    """Back up to a file; once it is complete on the disk, the `durable` marks rise. Raises NoTables."""
    media = media_folder(settings.media_url)
    async with _database(settings) as db:
        with new_file(target) as file:
            copied = await dump(db, media, file, passphrase, utcnow())
        await raise_durable(db, copied.marks)  # not before the file has its name and is on the disk
        # older backups in that folder still have who was erased since: a restore reads this beside them
        await write_log(db, settings.var_dir, target.parent)
    return copied


async def read_backup(
    settings: Settings,
    path: Path,
    passphrase: str,
    replace: bool = False,
    sign_out: bool = False,
    erasures: tuple[Path, ...] = (),
) -> Restored:
    """Restore from a file. Raises BadFile, NotEmpty, TooNew, BadLog.

    Whoever was erased since the backup is erased again: by the logs of VAR_DIR and of the backup's folder,
    by the files `erasures`, and by the database that is replaced.
    """
    media = media_folder(settings.media_url)
    end = utcnow() if sign_out else None
    logs = (settings.var_dir / NAME, path.parent / NAME, *erasures)
    known = merged(*(read_log(one) for one in logs))
    with path.open("rb") as file:
        async with _database(settings) as db:
            parts = read_parts(opened(file, passphrase))
            done = await load(db, media, parts, replace=replace, sign_out=end, erased=known)
            await write_log(db, settings.var_dir)
            if done.erased:
                await compact(db)
            return done


def _check(path: Path, passphrase: str) -> Restored:
    with path.open("rb") as file:
        return check(read_parts(opened(file, passphrase)))
