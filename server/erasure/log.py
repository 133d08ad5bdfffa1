"""Tombstones in a small file outside the database, so that no restore forgets them: one JSON line each.

It lies in VAR_DIR, and beside the backups in their folder. It has no contents, and of the erased no name, in
the reasons either; it may be copied anywhere.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from server.backup.files import new_file
from server.db import Database
from server.erasure.erase import Tombstone, tombstones

NAME = "zoufang-erasures.jsonl"


class Line(msgspec.Struct):
    """A tombstone as it is written."""

    school_id: str
    doc_id: str
    kind: str
    pupil: str
    rev: int
    erased: datetime
    by: str
    reason: str
    everywhere: bool = False  # lines from before this was noted lack it


class BadLog(Exception):
    """The file is no log of erasures; the text says which line."""


def read_log(path: Path) -> list[Tombstone]:
    """The tombstones of a file; none where there is no file. Raises BadLog."""
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            one = msgspec.json.decode(line, type=Line)
        except (msgspec.MsgspecError, ValueError) as error:
            raise BadLog(f"{path}, line {number}: {error}") from None
        found.append({**msgspec.structs.asdict(one), "erased": one.erased.astimezone(UTC)})
    return found


def merged(*lists: Iterable[Tombstone]) -> list[Tombstone]:
    """All of them, each once: the first that is known of a doc stands."""
    found: dict[tuple[str, str], Tombstone] = {}
    for rows in lists:
        for row in rows:
            found.setdefault((row["school_id"], row["doc_id"]), row)
    return list(found.values())


async def write_log(db: Database, *folders: Path) -> None:
    """Write the database's tombstones to these folders' files, beside those that are there already.

    Nothing is written where nobody was ever erased. Raises BadLog, OSError.
    """
    async with db.read() as conn:
        known = await tombstones(conn)
    for folder in folders:
        path = folder / NAME
        rows = merged(read_log(path), known)
        if not rows:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        lines = [msgspec.json.encode(Line(**row)) + b"\n" for row in rows]
        with new_file(path) as file:
            file.writelines(lines)
