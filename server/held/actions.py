"""Releasing and closing. Each is one op of the session's client, like everything that the office does."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read, write
from server.gateway.release import FOLLOWS, as_op, may_follow, person_now
from server.held.words import OWN, why
from server.office import Desk
from server.reviews.actions import MAX_NOTE, Refused, open_held
from server.text import _, fmt
from sync.protocol import Op


async def release(conn: AsyncConnection, env: Any, desk: Desk, held: read.VisibleDoc) -> str:
    """Take it in late, under its author's name. Returns why it still can't be taken; "" when it was.

    Only who sees the content may let it in. Raises Refused.
    """
    if not isinstance(held.fields.get("op"), dict):
        raise Refused(_("看不到内容的，不能放行。"))
    if held.author == desk.principal.user:
        raise Refused(why(OWN).help)
    await _raise(conn, env, desk, held, "release", None)
    after = await read.one(conn, env, desk.principal, held.id)
    return why(code_of(after)).title if after and after.state == "waiting" else ""


async def close(conn: AsyncConnection, env: Any, desk: Desk, held: read.VisibleDoc, reason: str) -> None:
    """Put it away for good, with a reason that its author reads. Raises Refused."""
    if not reason:
        raise Refused(_("不收要写明原因，填的人会看到。"), "reason")
    if len(reason) > MAX_NOTE:
        raise Refused(fmt(_("说明请在{n}字以内。"), n=MAX_NOTE), "reason")
    for one in [held, *await following(conn, env, desk.principal, held)]:
        await _raise(conn, env, desk, one, "close", {"reason": reason})


async def following(
    conn: AsyncConnection, env: Any, who: Principal, held: read.VisibleDoc
) -> list[read.VisibleDoc]:
    """What a held create decides with it: its author's later ops on that record, as far as one sees them."""
    made = as_op(held.fields.get("op"))
    if held.state != "waiting" or made is None or made.op != "create":
        return []
    author = await person_now(conn, held.author, who.school)
    return [
        one
        for one in await open_held(conn, env, who, made.doc)
        if one.id != held.id
        and one.author == held.author
        and one.fields.get("code") in FOLLOWS
        and (wants := as_op(one.fields.get("op")))
        and may_follow(author, made, wants)
    ]


def code_of(held: read.VisibleDoc) -> str:
    """Why it is not taken: as of its last try. `erased`: it was about an erased pupil, and was not kept."""
    if "erased" in (held.fields.get("params") or {}):
        return "erased"
    tries = [note for note in held.notes.get("events", []) if note.get("event") == "wait"]
    last = tries[-1].get("args", {}).get("code") if tries else None
    return str(last or held.fields.get("code") or "")


async def _raise(
    conn: AsyncConnection,
    env: Any,
    desk: Desk,
    held: read.VisibleDoc,
    event: str,
    args: dict[str, Any] | None,
) -> None:
    if held.state != "waiting":
        raise Refused(_("这条刚刚已经有人处理了。"))
    op = Op(0, "event", "held", held.id, base=held.rev, form=held.form, form_version=held.form_version)
    op.event, op.from_, op.args = event, held.state, args
    op.at = env.clock().isoformat(timespec="seconds")
    (result,) = await write.submit(conn, env, desk.principal, desk.client, [op], desk.device)
    if result.result == "held":
        raise Refused(_("这件事不归您的岗位办。"))
