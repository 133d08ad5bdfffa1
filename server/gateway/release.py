"""Releasing a held op (未接收): it is applied late, under its author's name, client and seq."""

import msgspec

from server.access import server_principal
from server.gateway.work import Work
from sync.doc import Doc
from sync.protocol import Op

FOLLOWS = ("unknown_doc", "forbidden")
"""Why ops after a held create are held too: there is no such doc, or the author has no roles any more."""
WITH = "with"  # in the event's note: the held create with which this op came along, applied already


async def carry_out_release(work: Work, before: Doc | None, after: Doc) -> None:
    """Effect of the event `release` on a held op. If it still can't be applied, it waits again and says why.

    With a held create, its author's later ops on that doc are retried too, in the order they were made in.
    """
    if before is None or (before.state, after.state) != ("waiting", "released") or _came_along(after):
        return
    op = held_op(after)
    if not await _apply(work, after, op) or op is None or op.op != "create":
        return
    waiting = [d for d in await work.referring([op.doc], "held") if _waits_for_doc(d, after)]
    for late in sorted(waiting, key=lambda d: int(d.id.rsplit(":", 1)[1])):
        if await _apply(work, late, held_op(late)):
            await work.raise_event(late, "release", **{WITH: after.id})


def held_op(held: Doc) -> Op | None:
    """The op that a held doc keeps; None where it can't be read."""
    try:
        return msgspec.convert(held.values().get("op"), Op)
    except msgspec.ValidationError:
        return None


def _came_along(held: Doc) -> bool:
    return any(WITH in note["args"] for note in held.notes.get("events", [])[-1:])


def _waits_for_doc(held: Doc, released: Doc) -> bool:
    return (
        held.state == "waiting"
        and held.values().get("code") in FOLLOWS
        and held.author == released.author
        and held.id.rsplit(":", 1)[0] == released.id.rsplit(":", 1)[0]
    )


async def _apply(work: Work, held: Doc, op: Op | None) -> bool:
    """Whether the op took effect now. The office has decided, so rights are not asked again."""
    code = "bad_op"
    if op is not None:
        await work.load([op.doc])
        author = server_principal(work.school, held.author or "")
        result = work.merge(op, author, held.id.rsplit(":", 1)[0])
        if result.result != "held":
            return True
        code = result.code or "internal"
    if held.state == "released":
        await work.raise_event(held, "wait", code=code)
    return False
