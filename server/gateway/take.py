"""Ops meet docs: each is authorised, merged or held, and logged with its answer."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import insert, update

from server.access import REVIEWS, Principal, may_create, may_edit, may_raise, may_settle
from server.gateway.effects import run_effects
from server.gateway.finish import finish, upsert
from server.gateway.models import clients, ops
from server.gateway.release import held_op
from server.gateway.scope import Views, ever_seen, views_of
from server.gateway.work import Work, refs_of, server_client
from sync.doc import Doc, Register, Stamp
from sync.protocol import Op, Result, clean, decode_op, digest
from sync.protocol import encode as encode_json

BREATH = 250


class Incoming(NamedTuple):
    """An op as it came. `op` is None where its body could not be decoded."""

    seq: int
    raw: bytes
    op: Op | None


def incoming(seq: int, raw: bytes) -> Incoming:
    """Decode one op whose seq was readable."""
    return Incoming(seq, raw, decode_op(raw))


async def take(work: Work, who: Principal, client: str, new: Sequence[Incoming]) -> list[Result]:
    """Apply ops that follow the client's last one without a gap; one that can't be applied is held.

    Everything becomes durable together when the caller's transaction commits.
    """
    known = [one.op for one in new if one.op is not None]
    await work.load(op.doc for op in known)
    if approved := [op.doc for op in known if op.event == "approve"]:
        await work.referring(approved, "held")
    named = {i for op in known if op.op == "create" for i in _named(op)}
    scope = Scope(
        await views_of(work.conn, who, (op.doc for op in known)),
        await ever_seen(work.conn, who, named),
    )
    results, moved = [], []
    for number, one in enumerate(new, 1):
        if number % BREATH == 0:
            await asyncio.sleep(0)  # an import brings thousands: others are answered in between
        before = work.get(one.op.doc) if one.op else None
        result = _answer(work, who, client, scope, one)
        if result.result == "held":
            _keep(work, who, client, one, result)
        elif one.op and (after := work.get(one.op.doc)) is not None and after is not before:
            moved.append((before, after))
        results.append(result)
    await run_effects(work, moved)
    await _log(work, who, client, list(zip(new, results, strict=True)))
    await finish(work)
    return results


class Scope(NamedTuple):
    """What the author may see: the docs that the ops change, and those that new docs are about."""

    views: Views
    seen: set[str]


def _named(op: Op) -> set[str]:
    """Ids of what a new doc is about: its meta, and the pupil of a leave."""
    about = [*(op.meta or {}).values(), (op.set or {}).get("student")]
    values = [v for value in about for v in (value if isinstance(value, list) else [value])]
    return {v for v in values if isinstance(v, str) and 0 < len(v) <= 80}


def _answer(work: Work, who: Principal, client: str, scope: Scope, one: Incoming) -> Result:
    """The result of one op. A bug in merging is the op's misfortune, not its neighbours': it is held."""
    op = one.op
    if op is None:
        return Result(one.seq, "held", code="bad_op")
    code = _refusal(work, who, scope, op)
    if code:
        return Result(op.seq, "held", code=code)
    if op.event == "approve" and _has_waiting(work, op.doc):
        return Result(op.seq, "held", code="illegal_event", params={"event": "approve", "why": "open_held"})
    try:
        return work.merge(op, who, client)
    except Exception as error:  # whatever it is, the op is kept and the queue goes on
        return Result(op.seq, "held", code="internal", params={"error": type(error).__name__})


def _has_waiting(work: Work, doc_id: str) -> bool:
    """Whether held ops of this doc wait for a decision; a reviewer's own that came to nothing don't count."""
    held = (doc for doc in work.docs.values() if doc is not None and doc.kind == "held")
    waiting = (doc.values() for doc in held if doc.state == "waiting" and doc_id in refs_of(doc))
    return any((values.get("op") or {}).get("event") not in REVIEWS for values in waiting)


def _refusal(work: Work, who: Principal, scope: Scope, op: Op) -> str | None:
    """The code under which this person's op is held, or None where it may go on to merging."""
    doc = work.get(op.doc)
    if not who.roles:
        return "forbidden"
    if op.op == "create":
        if doc is not None and not (_in_sight(work, who, scope, doc) and may_edit(who, doc)):
            return "duplicate_id"
        here = {i for i in _named(op) if (d := work.get(i)) is not None and _made_here(work, d, who)}
        seen = scope.seen | here
        about = {**(op.meta or {}), "student": (op.set or {}).get("student")}
        if doc is None and not may_create(who, op.kind, op.form or "", seen, about):
            return "forbidden"
        return None
    if doc is None or not _in_sight(work, who, scope, doc):
        return "unknown_doc"
    if doc.kind == "held" and scope.views.get(doc.id) == {"envelope"} and held_op(doc):
        return "forbidden"  # who may not see its content can't decide about it
    if op.op == "event":
        return None if may_raise(who, doc, op.event or "") else "forbidden"
    allowed = may_settle(who, doc) if op.op == "settle" else may_edit(who, doc)
    return None if allowed else "forbidden"


def _in_sight(work: Work, who: Principal, scope: Scope, doc: Doc) -> bool:
    return who.is_server or doc.id in scope.views or _made_here(work, doc, who)


def _made_here(work: Work, doc: Doc, who: Principal) -> bool:
    return work.before.get(doc.id) is None and doc.author == who.user


def _keep(work: Work, who: Principal, client: str, one: Incoming, result: Result) -> None:
    """A held op becomes a doc of its own, which its author pulls and the office can look at."""
    try:
        body = msgspec.json.decode(one.raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        body = None
    if not clean(body):
        body = None
    stamp = Stamp(work.rev, client, one.seq, who.user, one.op.at if one.op else None)
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
    rows = [_row(work, who.user, client, one.raw, one.op, result) for one, result in answered]
    hand = server_client(work.school)
    for op, result in work.server_ops:
        rows.append(_row(work, "", hand, encode_json(op), op, result))
    if rows:
        await work.conn.execute(insert(ops), rows)
    if answered:
        values = {"last_seq": answered[-1][0].seq, "seen": work.now}
        await work.conn.execute(update(clients).where(clients.c.id == client).values(values))
    if work.server_ops:
        row = {"id": hand, "user_id": "", "device": "", "durable": 0, "seen": work.now}
        await work.conn.execute(upsert(work.conn, clients), [{**row, "last_seq": work.server_ops[-1][0].seq}])


def _row(work: Work, user: str, client: str, raw: bytes, op: Op | None, result: Result) -> dict[str, object]:
    return {
        "client_id": client,
        "seq": result.seq,
        "school_id": work.school,
        "doc_id": (op.doc if op else f"{client}:{result.seq}"),
        "user_id": user,
        "rev": work.rev,
        "received": work.now,
        "digest": digest(raw),
        "result": encode_json(result),
        "body": raw,
    }
