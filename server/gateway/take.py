"""Ops meet docs: each is authorised, merged or held, and logged with its answer."""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, update
from sqlalchemy.exc import SQLAlchemyError

from server.access import Principal, load_principal
from server.erasure.guard import guard_of, remember
from server.gateway.effects import EFFECTS, run_effects
from server.gateway.finish import finish, upsert
from server.gateway.models import clients, ops
from server.gateway.refusal import Scope, refusal, scope_of
from server.gateway.work import Work, server_client
from server.prepared import run, run_many
from sync.doc import Doc, Register, Stamp
from sync.protocol import Op, Result, Warn, clean, decode_op, digest
from sync.protocol import encode as encode_json

BREATH = 250
_LOG = insert(ops)
_CLIENT = (
    update(clients)
    .where(clients.c.id == bindparam("client"))
    .values(last_seq=bindparam("last"), since=bindparam("from"), seen=bindparam("now"))
)
log = logging.getLogger("zoufang")


class Incoming(NamedTuple):
    """An op as it came. `op` is None where its body could not be decoded.

    Of an op that names an erased pupil `raw` and `op` are what may be kept, `digest` is that of all of it.
    `since`: as in Stamp.
    """

    seq: int
    raw: bytes
    op: Op | None
    digest: str = ""
    since: int = 0

    @property
    def erased(self) -> bool:
        """Whether it is about an erased pupil: nothing of it may be kept."""
        return not self.raw


def incoming(seq: int, raw: bytes) -> Incoming:
    """Decode one op whose seq was readable."""
    return Incoming(seq, raw, decode_op(raw))


async def take(
    work: Work, who: Principal, client: str, new: Sequence[Incoming], trusted: bool = True
) -> list[Result]:
    """Apply ops that follow the client's last one without a gap; one that can't be applied is held.

    `trusted` False: all are held, as those of someone without a role are. Everything becomes durable together
    when the caller's transaction commits.
    """
    who = await _as_now(work, who) if trusted else who._replace(roles=frozenset())
    new = await _guarded(work, new)
    known = [one.op for one in new if one.op is not None]
    await work.load(op.doc for op in known)
    if approved := [op.doc for op in known if op.event == "approve"]:
        await work.referring(approved, "held")
    scope = await scope_of(work, who, known)
    results = []
    for number, one in enumerate(new, 1):
        if number % BREATH == 0:
            await asyncio.sleep(0)  # an import brings thousands: others are answered in between
        result = await _answer(work, who, client, scope, one)
        if result.result == "held":
            _keep(work, who, client, one, result)
        results.append(result)
    await _log(work, who, client, list(zip(new, results, strict=True)))
    await finish(work)
    return results


async def _guarded(work: Work, new: Sequence[Incoming]) -> Sequence[Incoming]:
    """The ops without what names an erased pupil."""
    guard = await guard_of(work)
    if guard is None:
        return new
    found = []
    for one in new:
        passed = guard.look(one.raw, one.op)
        if passed.cut:
            one = one._replace(raw=passed.raw, op=passed.op, digest=digest(one.raw))
        found.append(one)
    await remember(work, guard)
    return found


async def _as_now(work: Work, who: Principal) -> Principal:
    """The author with the roles of this moment: they may have been revoked since the request began."""
    if who.is_server:
        return who
    return await load_principal(work.conn, who.user, who.school) or who._replace(roles=frozenset())


async def _answer(work: Work, who: Principal, client: str, scope: Scope, one: Incoming) -> Result:
    """The result of one op. A bug in merging is the op's misfortune, not its neighbours': it is held."""
    op = one.op
    if one.erased:
        return Result(one.seq, "held", code="unknown_doc", params={"erased": True})
    if op is None:
        return Result(one.seq, "held", code="bad_op")
    before, found = work.get(op.doc), work.snapshot() if op.kind in EFFECTS else None
    try:
        if refused := refusal(work, who, scope, op):
            return refused
        result = work.merge(op, who, client, one.since)
        after = work.get(op.doc)
        if found and after is not None and after is not before:
            await run_effects(work, [(before, after)])
    except (SQLAlchemyError, ConnectionError):
        raise  # the database's trouble is nobody's op's
    except Exception as error:  # whatever it is, the op is kept and the queue goes on
        log.exception("op held")
        if found:
            work.restore(found)
        return Result(op.seq, "held", code="internal", params={"error": type(error).__name__})
    if one.digest:
        result.warnings = [*result.warnings, Warn("", "erased")]  # what named the pupil was left out
    return result


def _keep(work: Work, who: Principal, client: str, one: Incoming, result: Result) -> None:
    """A held op becomes a doc of its own, which its author pulls and the office can look at."""
    try:
        body = msgspec.json.decode(one.raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        body = None
    if not clean(body):
        body = None
    stamp = Stamp(work.rev, client, one.seq, who.user, one.op.at if one.op else None, one.since)
    values = {"code": result.code, "params": result.params or None, "op": body}
    form = work.env.forms.latest("held")
    result.rev = work.rev
    work.put(
        Doc(
            kind="held",
            id=f"{client}:{one.seq}",
            rev=work.rev,
            form=form.name,
            form_version=form.version,
            state="waiting",
            fields={k: Register(v, stamp) for k, v in values.items() if v is not None},
            author=who.user,
            created_at=work.now.isoformat(),
        )
    )


async def _log(work: Work, who: Principal, client: str, answered: list[tuple[Incoming, Result]]) -> None:
    """Ops with their digests and results, and the clients' counters, in the same transaction."""
    rows = [_row(work, who.user, client, one, result) for one, result in answered]
    hand = server_client(work.school)
    for op, result in work.server_ops:
        rows.append(_row(work, "", hand, Incoming(op.seq, encode_json(op), op), result))
    if rows:
        await run_many(work.conn, _LOG, rows)
    if answered:
        last = answered[-1][0]
        now = {"client": client, "last": last.seq, "from": last.since, "now": work.now}
        await run(work.conn, _CLIENT, now)
    if work.server_ops:
        row = {"id": hand, "user_id": "", "device": "", "durable": 0, "seen": work.now}
        await run(work.conn, upsert(work.conn, clients), {**row, "last_seq": work.server_ops[-1][0].seq})


def _row(work: Work, user: str, client: str, one: Incoming, result: Result) -> dict[str, object]:
    return {
        "client_id": client,
        "seq": result.seq,
        "school_id": work.school,
        "doc_id": (one.op.doc if one.op else f"{client}:{result.seq}"),
        "user_id": user,
        "rev": work.rev,
        "received": work.now,
        "digest": one.digest or digest(one.raw),
        "result": encode_json(result),
        "body": one.raw,
        "since": one.since,
    }
