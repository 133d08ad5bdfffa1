"""Reading everything there is, as of one moment, while the server goes on."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.backup.columns import sort_of
from server.backup.parts import End, FileEnd, FileOf, PartWriter, Piece, Rows, Start, TableOf
from server.backup.seal import SealedWriter
from server.db import Database, metadata
from server.gateway.models import clients
from server.schools import epoch

AT_ONCE = 50  # rows that are fetched together; an imported workbook may have 20 MB
BYTES = 1 << 20
Marks = list[tuple[str, int]]


class NoTables(Exception):
    """The database has no tables, or none that a migration made."""


class Copied(NamedTuple):
    """What is in the copy. `marks`: each client with its last seq that is in it."""

    rows: int
    files: int
    marks: Marks


async def dump(db: Database, media: Path, file: BinaryIO, passphrase: str, now: datetime) -> Copied:
    """Write all of the database, in one snapshot, and then all media into the file.

    Files come after the rows that name them: whatever the copy's records name is there. Raises NoTables.
    """
    sealed = SealedWriter(file, passphrase)
    out = PartWriter(sealed)
    rows, marks = 0, []
    async with db.read() as conn:
        revision = await _revision(conn)
        out.put(Start(now, await epoch(conn), revision))
        for table in metadata.sorted_tables:
            rows += await _dump_table(conn, table, out)
        found = await conn.execute(select(clients.c.id, clients.c.last_seq))
        marks = [(row.id, row.last_seq) for row in found]
    files = sum(_dump_file(media, path, out) for path in _files(media))
    out.put(End(rows, files))
    out.finish()
    return Copied(rows, files, marks)


async def _revision(conn: AsyncConnection) -> str:
    def read(sync: Connection) -> str | None:
        return MigrationContext.configure(sync).get_current_revision()

    revision = await conn.run_sync(read)
    if revision is None:
        raise NoTables
    return revision


async def _dump_table(conn: AsyncConnection, table: Table, out: PartWriter) -> int:
    """All rows of a table, in the order of its key, in portions of about a megabyte. Returns how many."""
    out.put(TableOf(str(table.name), [(str(c.name), sort_of(c.type)) for c in table.columns]))
    encode = msgspec.msgpack.Encoder().encode
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=AT_ONCE)
    count, size, portion = 0, 0, []
    async with conn.stream(query) as result:
        async for row in result:
            values = list(row)
            portion.append(values)
            size += len(encode(values))
            count += 1
            if size > BYTES:
                out.put(Rows(portion))
                size, portion = 0, []
    if portion:
        out.put(Rows(portion))
    return count


def _files(media: Path) -> Iterator[Path]:
    """Files in their order; those with a dot in front are still being written."""
    found = (path for path in sorted(media.rglob("*")) if not path.name.startswith("."))
    return (path for path in found if path.is_file() and not path.is_symlink())


def _dump_file(media: Path, path: Path, out: PartWriter) -> int:
    """One file; 0 where it was deleted since it was listed."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return 0
    digest = hashlib.sha256()
    with file:
        out.put(FileOf(path.relative_to(media).as_posix()))
        while data := file.read(BYTES):
            digest.update(data)
            out.put(Piece(data))
    out.put(FileEnd(digest.hexdigest()))
    return 1


async def raise_durable(db: Database, marks: Marks) -> None:
    """Tell the clients what is safe: their ops up to these seqs are in a finished backup."""
    raised: Any = (
        update(clients)
        .where(clients.c.id == bindparam("client"), clients.c.durable < bindparam("seq"))
        .values(durable=bindparam("seq"))
    )
    if marks:
        async with db.write() as conn:
            await conn.execute(raised, [{"client": client, "seq": seq} for client, seq in marks])
