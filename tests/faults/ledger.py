"""The last word: the database itself, read when no server runs, against what the phones were told."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from server.db import Database
from server.gateway.models import docs, ops
from sync.doc import decode, wire
from tests.faults.hand import Book, Hand
from tests.faults.load import Load


async def audit(load: Load, url: str) -> None:
    """Count in the op log and in the records of the database what is missing or there twice."""
    db = Database(url)
    try:
        async with db.read() as conn:
            log: dict[str, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
            for row in await conn.execute(select(ops.c.client_id, ops.c.seq, ops.c.result)):
                log[row.client_id][row.seq].append(msgspec.json.decode(row.result))
            bodies = {row.id: row.body for row in await conn.execute(select(docs.c.id, docs.c.body))}
    finally:
        await db.close()
    for hand in load.hands:
        _read_log(load, hand, log[hand.phone.client])
    _read_records(load, load.book, bodies)


def _read_log(load: Load, hand: Hand, log: dict[int, list[Any]]) -> None:
    """Each acknowledged op is in the log once, with the answer that the phone got."""
    tally = load.tally
    for seq, result in hand.acked.items():
        found, name = log.get(seq, []), f"{hand.phone.client}:{seq}"
        tally.lost |= set() if found else {name}
        tally.doubled |= {name} if len(found) > 1 else set()
        if found and found[0] != result:
            tally.problems.append(f"op {seq} was answered {result} and is logged as {found[0]}")
    if sorted(log) != list(range(1, len(log) + 1)):
        tally.problems.append(f"the log of {hand.phone.client} has gaps")


def _read_records(load: Load, book: Book, bodies: dict[str, bytes]) -> None:
    """Each mark is in its record, once."""
    for ident, record in book.records.items():
        doc = wire(decode(bodies[ident])) if ident in bodies else None
        load.tally.lost |= record.lost(doc)
        load.tally.doubled |= record.doubled(doc)


def integrity(file: Path) -> list[str]:
    """What SQLite finds wrong with a database file; nothing is what must be. Raises DatabaseError."""
    with closing(sqlite3.connect(file)) as conn:
        found = [row[0] for row in conn.execute("PRAGMA integrity_check") if row[0] != "ok"]
        return found + [f"foreign key: {row}" for row in conn.execute("PRAGMA foreign_key_check")]


def missing(load: Load, file: Path) -> set[str]:
    """The acknowledged ops that a SQLite file has no log of."""
    with closing(sqlite3.connect(file)) as conn:
        kept = {f"{client}:{seq}" for client, seq in conn.execute("SELECT client_id, seq FROM ops")}
    return {f"{hand.phone.client}:{seq}" for hand in load.hands for seq in hand.acked} - kept


def shown_values(file: Path, doc: str) -> dict[str, Any]:
    """The values of a record in a SQLite file; none where there is no such record."""
    with closing(sqlite3.connect(file)) as conn:
        row = conn.execute("SELECT body FROM docs WHERE id = ?", (doc,)).fetchone()
    return decode(row[0]).values() if row else {}
