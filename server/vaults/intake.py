"""Taking in a file of unsent work: whose it is, whether it fits what is here, and what became of it.

It is taken as if its phone had pushed it, under the phone's client and seqs: the phone may still come back
and push the same ops, and gets the stored results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, load_principal
from server.accounts.sessions import Delivery, find_delivery
from server.db import Database
from server.gateway.models import clients, ops
from server.gateway.push import push
from server.gateway.take import Incoming
from server.gateway.work import Env, chunks
from server.problems import Problem
from server.settings import Settings
from server.text import _
from server.vaults.file import Refused, UnsentFile
from server.vaults.keys import find_key
from server.vaults.seal import CannotOpen, KeyPair, from_text
from server.vaults.sealed import is_too_large, is_unread, open_all
from sync.protocol import MAX_OPS, MAX_PUSH_BYTES, digest

DEVICE = "file"
KNOWN = "known"
RESULTS = ("applied", "merged", "conflict", "held")
MOST_DOCS = 100


@dataclass(frozen=True, slots=True)
class Proven:
    """A file whose proof was good. `trusted`: its pass was still valid when the file was brought."""

    author: Principal
    client: str
    trusted: bool
    pair: KeyPair


async def prove(
    conn: AsyncConnection, settings: Settings, school: str, file: UnsentFile, now: datetime
) -> Proven:
    """Whose work it is, as the delivery token sealed into the file says. Raises Refused."""
    if file.school != school:
        raise Refused(_("这是另一所学校的文件，这里不能收。"))
    pair = await find_key(conn, file.key)
    if pair is None:
        raise Refused(_("文件不是给这台服务器的，打不开。请确认手机平时连的就是这个网址。"))
    try:
        token = pair.open(from_text(file.proof), file.client).decode()
    except (CannotOpen, ValueError):
        raise Refused(_forged()) from None
    found = await find_delivery(conn, settings, token)
    if found is None:
        raise Refused(
            _("认不出是谁的：那次登录太久了，或不在这台服务器上。请在那台手机上重新登录，它会自己传上来。")
        )
    if (found.user, found.client) != (file.user, file.client):
        raise Refused(_forged())
    author = await load_principal(conn, found.user, school)
    if author is None:
        raise Refused(_("这是另一所学校的文件，这里不能收。"))
    return Proven(author, found.client, _trusted(found, now), pair)


def _trusted(found: Delivery, now: datetime) -> bool:
    """A revoked device's file, or one that is too old, is kept but waits for the office's word."""
    return not found.revoked and now < found.until


def _forged() -> str:
    return _("文件里的凭证对不上，可能被改过。没有收。请在手机上重新导出一次。")


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a file: the ops that are not here yet, and those that are. The last of these, if it is the
    same here, `shows` that what is new goes on from there."""

    new: list[Incoming]
    known: list[Incoming]
    shows: list[Incoming]

    def records(self) -> int:
        """How many records it is about, as the phone counts what it has not sent."""
        return len(_records([*self.new, *self.known]))

    def new_records(self) -> int:
        """How many of them have something new."""
        return len(_records(self.new))


def _records(found: Sequence[Incoming]) -> set[str]:
    """Ids of the records that ops are about; one that can't be read stands for itself."""
    return {one.op.doc if one.op else f"?{one.seq}" for one in found}


async def open_file(conn: AsyncConnection, proven: Proven, file: UnsentFile) -> Content:
    """Open a file's ops. Raises Refused where it does not fit what is here."""
    if any(is_too_large(op) for op in file.ops):
        raise Refused(_("文件里有一条太大，这里收不了。"))
    found = await open_all(proven.pair, file.key, proven.author.user, file.client, file.ops)
    query = select(clients.c.last_seq, clients.c.user_id).where(clients.c.id == proven.client)
    row = (await conn.execute(query)).first()
    last = row.last_seq if row else 0
    if row and row.user_id != proven.author.user:
        raise Refused(_forged())
    if found[0].seq > last + 1:
        raise Refused(_("前面还缺几条，接不上。请在手机上把没传的全部导出，再拿来。"))
    stored = await _stored(conn, proven.client, [one.seq for one in found if one.seq <= last])
    if any(one.seq in stored and _differs(one, *stored[one.seq]) for one in found):
        raise Refused(_("和已经收到的对不上：那台手机的数据被复制过。请让那台手机联网，它会自己理好再传。"))
    new, known = [one for one in found if one.seq > last], [one for one in found if one.seq <= last]
    shows = [one for one in known[-1:] if one.seq in stored and stored[one.seq][0] == digest(one.raw)]
    return Content(new, known, shows)


def _differs(one: Incoming, known: str, body: bytes) -> bool:
    """Whether another op is stored under this one's seq. Where either can't be read nobody knows."""
    return digest(one.raw) != known and not is_unread(one.raw) and not is_unread(body)


async def _stored(conn: AsyncConnection, client: str, seqs: Sequence[int]) -> dict[int, tuple[str, bytes]]:
    found: dict[int, tuple[str, bytes]] = {}
    for part in chunks(map(str, seqs)):
        query = select(ops.c.seq, ops.c.digest, ops.c.body).where(
            ops.c.client_id == client, ops.c.seq.in_([int(seq) for seq in part])
        )
        for row in await conn.execute(query):
            found[row.seq] = (row.digest, row.body)
    return found


async def take_in(
    db: Database, env: Env, settings: Settings, school: str, file: UnsentFile
) -> dict[str, Any]:
    """Push the file's ops, a push's worth at a time. Returns what became of how many records, see `_tally`.

    Raises Refused before anything is taken; cut off in the middle, it is done to the end by another try.
    """
    async with db.read() as conn:
        proven = await prove(conn, settings, school, file, env.clock())
        found = await open_file(conn, proven, file)
    who, client, trusted = proven.author, proven.client, proven.trusted
    results: dict[int, str] = {}
    shows = found.shows
    for part in _pushes(found.new):
        try:
            async with db.write() as conn:
                sent = [*shows, *part]
                done = await push(conn, env, who, client, sent, DEVICE, trusted=trusted, epoch=file.epoch)
        except Problem as problem:  # its phone came back at this very moment
            raise Refused(problem.title) from None
        results |= {result.seq: result.result for result in done.results}
        shows = part[-1:]
    return _tally(found, results)


def _tally(found: Content, results: Mapping[int, str]) -> dict[str, Any]:
    """How many records had which result: {"records", "known", "applied", "merged", "conflict", "held"}.

    One that was merged is not among the applied ones, nor one with anything new among the known; `docs` are
    the ids of those that were taken in, which the page leads to.
    """
    by: dict[str, set[str]] = {
        name: _records([one for one in found.new if results.get(one.seq) == name]) for name in RESULTS
    }
    by["applied"] -= by["merged"]
    counts: dict[str, Any] = {name: len(records) for name, records in by.items()}
    counts |= {"records": found.records(), KNOWN: found.records() - found.new_records()}
    return counts | {"docs": sorted(by["applied"] | by["merged"] | by["conflict"])[:MOST_DOCS]}


def _pushes(found: Sequence[Incoming]) -> Iterator[list[Incoming]]:
    """The ops in portions that a push may have."""
    part: list[Incoming] = []
    size = 0
    for one in found:
        if part and (len(part) == MAX_OPS or size + len(one.raw) > MAX_PUSH_BYTES):
            yield part
            part, size = [], 0
        part.append(one)
        size += len(one.raw)
    if part:
        yield part
