"""Putting a backup into a database, in one transaction, and beginning a new life there."""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from alembic import command
from alembic.util import CommandError
from sqlalchemy import Connection, insert, inspect, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.models import sessions, users
from server.backup.columns import table_of
from server.backup.parts import End, FileEnd, FileOf, Part, Piece, Rows, Start, TableOf
from server.backup.seal import DAMAGED, BadFile
from server.db import Database, metadata, utcnow
from server.erasure.erase import Tombstone, erase_again, tombstones
from server.erasure.log import merged
from server.erasure.models import erasures
from server.gateway.models import clients, docs, ops
from server.gateway.work import Env
from server.migrations import config
from server.render import TEMPLATES
from server.schools import begin_new_life, schools
from sync.forms import load_forms

VERSIONS = "alembic_version"


class NotEmpty(Exception):
    """There is something in the database already."""


class TooNew(Exception):
    """The backup is of a newer release than this one."""


class Restored(NamedTuple):
    """What was in the backup, and when it was made; `erased`: pupils in it who had been erased since."""

    made: datetime
    rows: int
    files: int
    erased: int = 0


async def load(
    db: Database,
    media: Path,
    parts: Iterable[Part],
    *,
    replace: bool = False,
    sign_out: datetime | None = None,
    erased: Iterable[Tombstone] = (),
) -> Restored:
    """Fill the database and the media folder; all of the database or nothing.

    `replace`: what is there goes; without it raises NotEmpty. `sign_out`: end every session, at this time.
    `erased`: tombstones from outside; they, those of the database that goes and those of the backup hold
    from now on. Raises BadFile and TooNew.
    """
    parts = iter(parts)
    start = _start(parts)
    async with db.write() as conn:
        if not replace and await _occupied(conn):
            raise NotEmpty
        past, known = await _counters(conn), merged(erased, await _tombstones(conn))
        await conn.run_sync(_make_tables, start.revision)
        restored = await _fill(conn, media, parts, start)
        await conn.run_sync(lambda sync: command.upgrade(config(sync), "head"))
        await _begin_again(conn, past, sign_out)
        await begin_new_life(conn, utcnow())
        again = await erase_again(conn, Env(load_forms(TEMPLATES / "forms"), utcnow), known)
    return restored._replace(erased=again)


def check(parts: Iterable[Part]) -> Restored:
    """Read a backup to its end and change nothing. Raises BadFile."""
    parts = iter(parts)
    start, rows, files = _start(parts), 0, 0
    for part in parts:
        if isinstance(part, Rows):
            rows += len(part.rows)
        elif isinstance(part, FileOf):
            files += 1
            for _ in _pieces(part, parts):
                pass
        elif isinstance(part, End):
            _check_end(part, rows, files)
    return Restored(start.made, rows, files)


def _start(parts: Iterator[Part]) -> Start:
    start = next(parts, None)
    if not isinstance(start, Start):
        raise BadFile(DAMAGED)
    return start


async def _tombstones(conn: AsyncConnection) -> list[Tombstone]:
    """The tombstones of the database that is about to go."""
    names = await conn.run_sync(lambda sync: inspect(sync).get_table_names())
    return await tombstones(conn) if erasures.name in names else []


async def _occupied(conn: AsyncConnection) -> bool:
    """Whether anybody's data is here. Tables without it (after `zoufang migrate`) are as good as none."""
    names = set(await conn.run_sync(lambda sync: inspect(sync).get_table_names()))
    for table in (schools, users, docs, ops):
        if (
            table.name in names
            and (await conn.execute(select(text("1")).select_from(table).limit(1))).first()
        ):
            return True
    return False


async def _counters(conn: AsyncConnection) -> dict[str, int]:
    """Each school's last rev in the database that gives way."""
    if schools.name not in await conn.run_sync(lambda sync: inspect(sync).get_table_names()):
        return {}
    return {row.id: row.rev for row in await conn.execute(select(schools.c.id, schools.c.rev))}


def _make_tables(sync: Connection, revision: str) -> None:
    """Empty tables as the backup's release had them, in place of what there is. Raises TooNew."""
    names = set(inspect(sync).get_table_names())
    for table in reversed(metadata.sorted_tables):
        if table.name in names:
            table.drop(sync)
    if VERSIONS in names:
        sync.execute(text(f"DROP TABLE {VERSIONS}"))
    try:
        command.upgrade(config(sync), revision)
    except CommandError as error:
        raise TooNew(revision) from error


async def _fill(conn: AsyncConnection, media: Path, parts: Iterator[Part], start: Start) -> Restored:
    rows, files = 0, 0
    table: Any = None
    for part in parts:
        if isinstance(part, TableOf):
            table = table_of(part.name, part.columns)
            names = [name for name, _ in part.columns]
        elif isinstance(part, Rows) and table is not None:
            values = [dict(zip(names, row, strict=True)) for row in part.rows]
            await conn.execute(insert(table), values)
            rows += len(values)
        elif isinstance(part, FileOf):
            _write_file(media, part, parts)
            files += 1
        elif isinstance(part, End):
            _check_end(part, rows, files)
        else:
            raise BadFile(DAMAGED)
    return Restored(start.made, rows, files)


def _check_end(end: End, rows: int, files: int) -> None:
    if (end.rows, end.files) != (rows, files):
        raise BadFile(DAMAGED)


def _pieces(file: FileOf, parts: Iterator[Part]) -> Iterator[bytes]:
    """The bytes of a file. Raises BadFile where they are not those that were read."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, FileEnd) and part.sha256 == digest.hexdigest():
            return
        if not isinstance(part, Piece):
            break
        digest.update(part.data)
        yield part.data
    raise BadFile(f"{DAMAGED} ({file.path})")


def _write_file(media: Path, file: FileOf, parts: Iterator[Part]) -> None:
    """One file, complete under its name or not there; what has the name already gives way to it."""
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadFile(f"the file names {file.path!r} as a place to write to")
    target = media / path
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{secrets.token_hex(8)}.restored")
    try:
        with new.open("xb") as out:
            for data in _pieces(file, parts):
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


async def _begin_again(conn: AsyncConnection, past: dict[str, int], sign_out: datetime | None) -> None:
    """What must hold after any restore, whatever the backup says."""
    await conn.execute(update(schools).values(inherited=schools.c.rev))
    for school, rev in past.items():  # no rev of the life that is replaced comes again
        await conn.execute(update(schools).where(schools.c.id == school, schools.c.rev < rev).values(rev=rev))
    # whatever is in here came out of a finished backup
    await conn.execute(update(clients).values(durable=clients.c.last_seq, inherited=clients.c.last_seq))
    if sign_out is not None:
        await conn.execute(update(sessions).where(sessions.c.ended.is_(None)).values(ended=sign_out))
