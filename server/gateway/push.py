"""A phone's push: each op is taken once, in order, whatever the line does (PROTOCOL.md, "Exactly once")."""

from collections.abc import Container, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway.models import clients, ops
from server.gateway.owner import is_promised
from server.gateway.take import Incoming, incoming, take
from server.gateway.work import Env, Life, Work, chunks
from server.gateway.write import Standing, standing_of
from server.prepared import run
from server.problems import Problem
from sync.protocol import MAX_OP_BYTES, MAX_OPS, MAX_PUSH_BYTES, BadEnvelope, Result, digest, read_seq

_result = msgspec.json.Decoder(Result).decode


_STANDING = select(clients.c.user_id, clients.c.last_seq, clients.c.durable, clients.c.inherited).where(
    clients.c.id == bindparam("client")
)


class Pushed(NamedTuple):
    """What became of a push: the client's last seq, the last that is backed up, one result for every op, and
    the last seq that this life of the database began with."""

    acked: int
    durable: int
    results: list[Result]
    inherited: int = 0


def check_limits(raws: Sequence[bytes]) -> None:
    """Raises Problem 413 `too_large` with the limit that is passed."""
    if len(raws) > MAX_OPS:
        raise Problem(413, "too_large", limit=MAX_OPS, of="ops")
    if any(len(raw) > MAX_OP_BYTES for raw in raws):
        raise Problem(413, "too_large", limit=MAX_OP_BYTES, of="op")
    if sum(map(len, raws)) > MAX_PUSH_BYTES:
        raise Problem(413, "too_large", limit=MAX_PUSH_BYTES, of="push")


def read_ops(raws: Sequence[bytes]) -> list[Incoming]:
    """The ops of a request. Raises Problem 400 where one has no readable seq, 413 beyond a limit."""
    check_limits(raws)
    try:
        return [incoming(read_seq(raw), raw) for raw in raws]
    except BadEnvelope:
        raise Problem(400, "bad_request", detail="seq") from None


async def push(
    conn: AsyncConnection,
    env: Env,
    who: Principal,
    client: str,
    sent: Sequence[Incoming],
    device: str,
    trusted: bool = True,
    epoch: str | None = None,
) -> Pushed:
    """Take a push inside the caller's transaction; `trusted` False: all that is new in it is held; `epoch`:
    the life of the database that its phone knows.

    Raises Problem 403 `client` (another user's), 409 `gap` and `fork`: then nothing is applied.
    """
    work = await Work.begin(conn, env, who.school)
    try:
        stands = await standing_of(conn, client, who.user, device, env)
    except PermissionError:
        raise Problem(403, "client") from None
    last = stands.last
    if last == 0 and await is_promised(conn, client, who.user):
        raise Problem(403, "client")
    known = await _stored(conn, client, [one.seq for one in sent if one.seq <= last])
    new: dict[int, Incoming] = {}
    for one in sent:
        if one.seq <= last or one.seq in new:
            before = known[one.seq][0] if one.seq <= last else digest(new[one.seq].raw)
            if before != digest(one.raw):
                raise Problem(409, "fork", acked=last, differs=one.seq)
        elif one.seq == last + len(new) + 1:
            new[one.seq] = one
        else:
            raise Problem(409, "gap", acked=last, expected=last + len(new) + 1)
    since = _since(work.life, epoch, stands, known)
    fresh = await take(work, who, client, [one._replace(since=since) for one in new.values()], trusted)
    answers = {seq: result for seq, (_, result) in known.items()} | {r.seq: r for r in fresh}
    durable, inherited = stands.durable, stands.inherited
    if epoch not in (None, work.life.epoch):
        durable = min(durable, inherited)  # what was backed up since then may be a copy's
    return Pushed(last + len(new), durable, [answers[one.seq] for one in sent], inherited)


def _since(life: Life, epoch: str | None, stands: Standing, shown: Container[int]) -> int:
    """From which seq on the client's ops are surely those of the phone that pushes; `shown`: what it pushed
    that was here already.

    A phone that knows another life of the database may have a copy that came first after the restore, with
    other ops under its own numbers. Its chain goes on where the client's last op is shown (who has that has
    all before it), or came with the backup, if the phone knows the life that this was made in.
    """
    sure = stands.inherited if epoch == life.before else 0
    first = life.before is None  # nothing was ever restored here
    goes_on = first or epoch in (None, life.epoch) or stands.last <= sure or stands.last in shown
    return stands.since if goes_on else stands.last + 1


async def standing(conn: AsyncConnection, who: Principal, client: str) -> Pushed:
    """Where a client stands that pushes nothing. Raises Problem 403 `client`."""
    row = (await run(conn, _STANDING, {"client": client})).first()
    if row is None:
        if await is_promised(conn, client, who.user):
            raise Problem(403, "client")
        return Pushed(0, 0, [])
    if row.user_id != who.user:
        raise Problem(403, "client")
    return Pushed(row.last_seq, row.durable, [], row.inherited)


async def _stored(conn: AsyncConnection, client: str, seqs: Sequence[int]) -> dict[int, tuple[str, Result]]:
    found: dict[int, tuple[str, Result]] = {}
    for part in chunks(map(str, seqs)):
        query = select(ops.c.seq, ops.c.digest, ops.c.result).where(
            ops.c.client_id == client, ops.c.seq.in_([int(seq) for seq in part])
        )
        for row in await conn.execute(query):
            found[row.seq] = (row.digest, _result(row.result))
    return found
