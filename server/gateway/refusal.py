"""Whether somebody may do what an op asks: the reasons for which it is held before it meets its doc."""

from typing import NamedTuple

from server.access import Principal, may_create, may_edit, may_grant
from server.gateway.release import has_waiting, held_op, may_do
from server.gateway.scope import Views, ever_seen, views_of
from server.gateway.work import Work
from sync.doc import Doc
from sync.protocol import Op, Result


class Scope(NamedTuple):
    """What the author may see: the docs that the ops change, and those that new docs are about."""

    views: Views
    seen: set[str]


async def scope_of(work: Work, who: Principal, ops: list[Op]) -> Scope:
    """What these ops' author sees of what they name; of a doc that is yet to be made there is nothing."""
    named = {i for op in ops if op.op == "create" for i in _named(op)}
    views = await views_of(work.conn, who, (op.doc for op in ops if work.get(op.doc) is not None))
    return Scope(views, await ever_seen(work.conn, who, named))


def _named(op: Op) -> set[str]:
    """Ids of what a new doc is about: its meta, and the pupil of a leave."""
    about = [*(op.meta or {}).values(), (op.set or {}).get("student")]
    values = [v for value in about for v in (value if isinstance(value, list) else [value])]
    return {v for v in values if isinstance(v, str) and 0 < len(v) <= 80}


def refusal(work: Work, who: Principal, scope: Scope, op: Op) -> Result | None:
    """The answer that holds this op, or None where it may go on to merging."""
    code = _code(work, who, scope, op)
    if code:
        return Result(op.seq, "held", code=code)
    if op.event == "approve" and has_waiting(work, op.doc):
        return Result(op.seq, "held", code="illegal_event", params={"event": "approve", "why": "open_held"})
    return None


def _code(work: Work, who: Principal, scope: Scope, op: Op) -> str | None:
    """The code under which this person's op is held, or None where it may go on to merging."""
    doc = work.get(op.doc)
    if not who.roles:
        return "forbidden"
    if op.kind == "person" and "roles" in (op.set or {}) and not may_grant(who, op.doc):
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
    if doc.kind == "held" and op.event == "release" and doc.author == who.user and not who.is_server:
        return "forbidden"  # what was not theirs to do does not become so by their own hand
    return None if may_do(who, doc, op) else "forbidden"


def _in_sight(work: Work, who: Principal, scope: Scope, doc: Doc) -> bool:
    return who.is_server or doc.id in scope.views or _made_here(work, doc, who)


def _made_here(work: Work, doc: Doc, who: Principal) -> bool:
    return work.before.get(doc.id) is None and doc.author == who.user
