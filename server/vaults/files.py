"""Files of unsent work that were brought to the office: kept until somebody has looked and said yes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import new_id
from server.vaults.file import UnsentFile
from server.vaults.models import unsent_files

WAITS = timedelta(days=2)
MOST_WAITING = 10
SHOWN = 20
FUTURE = timedelta(days=366)


async def keep(
    conn: AsyncConnection,
    school: str,
    uploader: str,
    file: UnsentFile,
    body: bytes,
    records: int,
    now: datetime,
) -> str:
    """Keep a file whose proof was good, about so many records; returns its id.

    The same phone's earlier one that waits gives way.
    """
    await forget_late(conn, now)
    waiting = (unsent_files.c.school_id == school) & unsent_files.c.taken.is_(None)
    await conn.execute(delete(unsent_files).where(waiting, unsent_files.c.client_id == file.client))
    newest = select(unsent_files.c.id).where(waiting).order_by(unsent_files.c.uploaded.desc())
    kept = newest.limit(MOST_WAITING - 1)
    await conn.execute(delete(unsent_files).where(waiting, unsent_files.c.id.not_in(kept)))
    row = {
        "school_id": school,
        "id": new_id(),
        "uploader": uploader,
        "uploaded": now,
        "user_id": file.user,
        "client_id": file.client,
        "made": _made(file.made, now),
        "ops": len(file.ops),
        "counts": {"records": records},
        "body": body,
    }
    await conn.execute(insert(unsent_files).values(row))
    return row["id"]


async def forget_late(conn: AsyncConnection, now: datetime) -> None:
    """Put away, of all schools, the files that have waited too long for somebody to say yes."""
    late = unsent_files.c.taken.is_(None) & (unsent_files.c.uploaded < now - WAITS)
    await conn.execute(delete(unsent_files).where(late))


async def put_away_waiting(conn: AsyncConnection, school: str) -> None:
    """Put away all files of a school that wait: what is in them nobody can look through."""
    waiting = (unsent_files.c.school_id == school) & unsent_files.c.taken.is_(None)
    await conn.execute(delete(unsent_files).where(waiting))


async def find(conn: AsyncConnection, school: str, ident: str, now: datetime) -> Any:
    """A file of the school by its id, as a row; None where there is none, or it has waited too long."""
    query = select(unsent_files).where(unsent_files.c.school_id == school, unsent_files.c.id == ident)
    in_time = unsent_files.c.taken.is_not(None) | (unsent_files.c.uploaded >= now - WAITS)
    return (await conn.execute(query.where(in_time))).first()


async def latest(conn: AsyncConnection, school: str) -> list[Any]:
    """The files that came last, newest first, without their bodies."""
    columns = [c for c in unsent_files.c if c.name != "body"]
    query = select(*columns).where(unsent_files.c.school_id == school)
    return list(await conn.execute(query.order_by(unsent_files.c.uploaded.desc()).limit(SHOWN)))


async def done(conn: AsyncConnection, school: str, ident: str, counts: dict[str, Any], now: datetime) -> None:
    """Note what became of a file; its body is not needed any more."""
    here = (unsent_files.c.school_id == school) & (unsent_files.c.id == ident)
    first = unsent_files.c.taken.is_(None)  # of two presses at once the later one only finds what is known
    await conn.execute(update(unsent_files).where(here, first).values(taken=now, counts=counts, body=None))


async def forget(conn: AsyncConnection, school: str, ident: str) -> None:
    """Put away a file that was not taken in; one that was stays listed."""
    here = (unsent_files.c.school_id == school) & (unsent_files.c.id == ident)
    await conn.execute(delete(unsent_files).where(here, unsent_files.c.taken.is_(None)))


def _made(text: str | None, now: datetime) -> datetime | None:
    """When the phone says it wrote the file; None where it says nothing that could be a time."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    near = found.tzinfo is not None and 2000 < found.year <= (now + FUTURE).year
    return found if near else None
