"""What came since a cursor: docs by the later of their rev and their entry into the person's scope.

A cursor is a place in that order: a rev and the last id of it that was sent ("" when all of it was). What
is read is one snapshot, and revs follow commits, so no commit that precedes a cursor is ever skipped.

A first pull brings what is in the scope by revs alone. Its cursors keep the rev at which it began, and what
changed, entered or left since then follows it.
"""

import base64
from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway.moved import Found, Place, moved_ever, moved_lately, standing_after
from server.gateway.visible import Sight
from server.gateway.work import Env
from sync.protocol import MAX_PAGE, MAX_SEQ, PAGE_BYTES, Gone


class Cursor(NamedTuple):
    """A place in the order of the pull, of one life of the database and one school.

    `first`: in a first pull, the school's rev when it began; else 0.
    """

    epoch: str
    school: str
    rev: int
    doc: str
    first: int = 0


class BadCursor(ValueError):
    """Not a cursor of ours."""


class Page(NamedTuple):
    """One page of a pull; docs as they travel, encoded. `cursor` None: nothing was ever pulled."""

    docs: list[msgspec.Raw]
    drop: list[Gone]
    cursor: str | None
    more: bool


def write_cursor(cursor: Cursor) -> str:
    """The cursor as an opaque word."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def read_cursor(word: str) -> Cursor:
    """The cursor that a word stands for. Raises BadCursor."""
    try:
        raw = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadCursor(word) from error
    if not (0 <= cursor.rev <= MAX_SEQ and 0 <= cursor.first <= MAX_SEQ) or "\0" in cursor.doc:
        raise BadCursor(word)
    return cursor


async def pull(
    conn: AsyncConnection, env: Env, who: Principal, since: Cursor, limit: int, counter: int
) -> Page | None:
    """Up to `limit` (1…1000) docs and about 512 KiB after `since`; None for who was not in step lately.

    `counter`: the school's last rev at this moment.
    """
    if since.rev >= counter and not since.doc:
        return Page([], [], write_cursor(since._replace(rev=counter, doc="")), False)
    if since.first:
        return None
    moved = await moved_lately(conn, who, _place(since), _clamped(limit) + 1)
    return _page(env, since, counter, moved, _clamped(limit)) if moved else None


async def pull_all(
    conn: AsyncConnection, env: Env, who: Principal, since: Cursor, limit: int, counter: int
) -> Page:
    """The same for anyone, which may take a moment."""
    if not since.rev:
        since = since._replace(first=counter)
    if since.first:
        moved = await standing_after(conn, who, _place(since), since.first, _clamped(limit) + 1)
    else:
        moved = await moved_ever(conn, who, _place(since), _clamped(limit) + 1)
    return _page(env, since, counter, moved, _clamped(limit))


def _place(since: Cursor) -> Place:
    return Place(since.rev, since.doc)


def _clamped(limit: int) -> int:
    return max(1, min(limit, MAX_PAGE))


def _page(env: Env, since: Cursor, counter: int, moved: Found, limit: int) -> Page:
    """The page that these docs begin; where they don't fit, its cursor says where the next one goes on."""
    rows, views = moved
    found: list[msgspec.Raw] = []
    drop, size, sight = [], 0, Sight(env.forms)
    for taken, row in enumerate(rows):
        if taken == limit or (size > PAGE_BYTES and taken):
            last = rows[taken - 1]
            return Page(found, drop, write_cursor(since._replace(rev=last.place, doc=last.id)), True)
        if row.alive:
            body = sight.wire(row.body, views[row.id])
            size += len(body)
            found.append(msgspec.Raw(body))
        else:
            drop.append(Gone(row.kind, row.id))
    end = since.first or counter
    return Page(found, drop, write_cursor(since._replace(rev=end, doc="", first=0)), end < counter)
