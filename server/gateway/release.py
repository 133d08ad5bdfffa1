"""Releasing a held op (未接收): it is applied late, under its author's name, client and seq."""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import REVIEWS, Principal, load_principal, may_edit, may_grant, may_raise, may_settle
from server.gateway.work import Work, refs_of
from sync.doc import Doc, Register
from sync.protocol import Op

FOLLOWS = ("unknown_doc", "forbidden")
"""Why ops after a held create are held too: there is no such doc, or the author has no roles any more."""
WITH = "with"  # in the event's note: the held create with which this op came along, applied already
LEFT = frozenset({"class_teacher"})  # as what somebody counts who has no role any more


async def carry_out_release(work: Work, before: Doc | None, after: Doc) -> None:
    """Effect of the event `release` on a held op. If it still can't be applied, it waits again and says why.

    With a held create, its author's later ops on that doc are retried too if they `may_follow`: in the order
    in which they came, whatever the client.
    """
    if before is None or (before.state, after.state) != ("waiting", "released") or _came_along(after):
        return
    op, by = held_op(after), after.event.by
    author = await person_now(work.conn, after.author, work.school)
    if not await _apply(work, after, op, author, by) or op is None or op.op != "create":
        return
    for late in sorted(await work.referring([op.doc], "held"), key=_came):
        wants = held_op(late)
        if not wants or not _waits_with(late, after) or not may_follow(author, op, wants):
            continue
        if await _apply(work, late, wants, author, by):
            await work.raise_event(late, "release", **{WITH: after.id})


def held_op(held: Doc) -> Op | None:
    """The op that a held doc keeps; None where it can't be read."""
    return as_op(held.values().get("op"))


def as_op(body: object) -> Op | None:
    """An op as a held doc keeps it; None where it can't be read."""
    try:
        return msgspec.convert(body, Op)
    except msgspec.ValidationError:
        return None


def may_do(who: Principal, doc: Doc, op: Op) -> bool:
    """Whether this person may do what an op asks of a doc, given that they see it."""
    if op.op == "event":
        return may_raise(who, doc, op.event or "")
    return may_settle(who, doc) if op.op == "settle" else may_edit(who, doc)


def may_follow(author: Principal, made: Op, op: Op) -> bool:
    """Whether a held op comes along when its author's held create `made` is released.

    What they might do if the record were in sight, but never a verdict on it. Whoever has no role any more
    might fill it in and submit it as a teacher does: the office decides on it as a whole.
    """
    if op.event in REVIEWS:
        return False
    who = author if author.roles else author._replace(roles=LEFT)
    doc = Doc(made.kind, made.doc, 0, made.form or "", made.form_version or 0, author=author.user)
    return may_do(who, doc, op)


def has_waiting(work: Work, doc_id: str) -> bool:
    """Whether held ops of this doc wait for a decision; a reviewer's own that came to nothing don't count."""
    held = (doc for doc in work.docs.values() if doc is not None and doc.kind == "held")
    waiting = (doc.values() for doc in held if doc.state == "waiting" and doc_id in refs_of(doc))
    return any((values.get("op") or {}).get("event") not in REVIEWS for values in waiting)


async def person_now(conn: AsyncConnection, user: str | None, school: str) -> Principal:
    """Somebody with the roles that they have now: none where there is no such person."""
    found = await load_principal(conn, user or "", school)
    return found or Principal(user or "", "", school, frozenset())


def _came_along(held: Doc) -> bool:
    return any(WITH in note["args"] for note in held.notes.get("events", [])[-1:])


def _came(held: Doc) -> tuple[int, int]:
    """When it was held: a doc's own rev is that of its last try."""
    code = held.fields.get("code")
    return (code.stamp.rev, code.stamp.seq) if isinstance(code, Register) else (held.rev, 0)


def _since(held: Doc) -> int:
    code = held.fields.get("code")
    return code.stamp.since if isinstance(code, Register) else 0


def _waits_with(held: Doc, released: Doc) -> bool:
    waits = held.state == "waiting" and held.author == released.author
    return waits and held.values().get("code") in FOLLOWS


async def _apply(work: Work, held: Doc, op: Op | None, author: Principal, by: str) -> bool:
    """Whether the op took effect now, released by this person."""
    code: str | None = "bad_op"
    if op is not None:
        await work.load([op.doc])
        code = await _barred(work, op, author, by)
        if code is None:
            result = work.merge(op, author, held.id.rsplit(":", 1)[0], _since(held))
            if result.result != "held":
                return True
            code = result.code or "internal"
    if held.state == "released":
        await work.raise_event(held, "wait", code=code)
    return False


async def _barred(work: Work, op: Op, author: Principal, by: str) -> str | None:
    """Why an op is not let in whoever wants it. The office has decided: other rights are not asked again."""
    if op.kind == "held":
        return "forbidden"  # whoever may decide about a held op has no need to be let in
    if op.kind == "person" and "roles" in (op.set or {}):
        releaser = await person_now(work.conn, by, work.school)
        return None if may_grant(releaser, op.doc) else "forbidden"
    if op.op != "event" or op.event not in REVIEWS:
        return None
    if not author.may("office.review"):
        return "forbidden"  # it would stand there as the verdict of somebody who may give none
    await work.referring([op.doc], "held")
    return "illegal_event" if op.event == "approve" and has_waiting(work, op.doc) else None
