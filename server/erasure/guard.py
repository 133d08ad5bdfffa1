"""At the door: what a phone still sends about an erased pupil is answered, and nothing of it is stored."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, select

from server.erasure.models import KIND_LENGTH, erasures
from server.erasure.redact import PARTS, Names, cut_op, subjects
from server.prepared import run
from sync.protocol import Op, decode_op
from sync.protocol import encode as encode_json

TOKEN = re.compile(rb"[0-9A-Za-z_-]{1,80}")  # what may be an id, in an op's bytes
_ERASED = select(erasures.c.doc_id, erasures.c.pupil).where(erasures.c.school_id == bindparam("school"))
ESCAPE = re.compile(rb"\\(?:u00([0-7][0-9A-Fa-f])|u[0-9A-Fa-f]{4}|.)", re.DOTALL)


class Passed(NamedTuple):
    """What of an op may be kept: its bytes and the op, or None where it is about an erased pupil; `cut`:
    some of it went."""

    raw: bytes
    op: Op | None
    cut: bool


class Guard:
    """Knows a school's erased docs: id → the pupil that it was about."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = dict(known)
        self.new: dict[str, tuple[str, str]] = {}

    def look(self, raw: bytes, op: Op | None) -> Passed:
        """What may be kept of an op. A doc that somebody wanted to begin about an erased pupil counts as
        erased from now on: what follows for it is about that pupil too."""
        named = {token.decode() for token in TOKEN.findall(_spelled_out(raw))} & self.known.keys()
        if op is not None and op.doc in self.known:
            named.add(op.doc)
        if not named:
            return Passed(raw, op, False)
        if op is None or op.doc in named:
            return Passed(b"", None, True)
        body = msgspec.to_builtins(op)
        if op.op == "create" and _only_about(body, named):
            self.known[op.doc] = pupil = self.known[min(named)]
            self.new[op.doc] = (op.kind, pupil)
            return Passed(b"", None, True)
        left = cut_op(body, Names(frozenset(named)))
        if _is_empty(left) and not _is_empty(body):
            return Passed(b"", None, True)
        kept = encode_json(left)
        return Passed(kept, decode_op(kept), True)


def _spelled_out(raw: bytes) -> bytes:
    """JSON in which no letter of an id is written as an escape (`\\u0061`); others part words."""
    if b"\\" not in raw:
        return raw
    return ESCAPE.sub(lambda found: bytes([int(found[1], 16)]) if found[1] else b" ", raw)


def _only_about(body: Mapping[str, Any], erased: set[str]) -> bool:
    """Whether a new doc is about nobody else: no pupil is left, or it names none and its home is gone."""
    pupils = subjects(body)
    if pupils:
        return pupils <= erased
    meta = body.get("meta") or {}
    return any(isinstance(value, str) and value in erased for value in meta.values())


def _is_empty(body: Mapping[str, Any]) -> bool:
    return body.get("op") in ("edit", "settle") and not any(body.get(part) for part in PARTS)


async def guard_of(work: Any) -> Guard | None:
    """The guard of a unit of work's school; None where nobody was ever erased.

    Asked once the school's row is locked, in a statement of its own: PostgreSQL lets the one that waited for
    the lock see that row as it is now, and all others as they were before the wait.
    """
    known = await run(work.conn, _ERASED, {"school": work.school})
    return Guard({row.doc_id: row.pupil for row in known}) if known else None


async def remember(work: Any, guard: Guard) -> None:
    """Tombstones of the docs that the guard turned away at their beginning."""
    rows: Sequence[dict[str, Any]] = [
        {
            "school_id": work.school,
            "doc_id": doc,
            "kind": kind[:KIND_LENGTH],
            "pupil": pupil,
            "rev": work.rev,
            "erased": work.now,
            "by": "",
            "reason": "",
        }
        for doc, (kind, pupil) in guard.new.items()
    ]
    if rows:
        await work.conn.execute(insert(erasures), rows)
