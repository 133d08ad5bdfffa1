"""What the office does with a record: approve, return, settle. Each verb is one op of the session's client.

A verb raises Refused where it can't be done, with words for the person who asked. The caller's transaction
then rolls back, so that nothing of a refused verb stays, not even a held op.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read, write
from server.office import Desk
from server.text import _, fmt
from sync.protocol import Op, Result

MAX_NOTE = 200


class Refused(Exception):
    """Why it can't be done, for the person; `field` names the control that the reader is led to."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.text, self.field = text, field


class Return(msgspec.Struct, frozen=True):
    """What a return asks for: `fields` has a note for each marked question, `until` is an ISO date or ""."""

    reason: str
    fields: dict[str, str]
    until: str


class Choice(msgspec.Struct, frozen=True):
    """One decision: the siblings of a path that it closes, and what stands then; `keep`: what is shown."""

    path: str
    sees: list[str]
    value: Any = None
    keep: bool = False


async def approve(conn: AsyncConnection, env: Any, desk: Desk, doc: read.VisibleDoc, rev: int) -> None:
    """Approve a submitted record that reads as it did at `rev`."""
    _unchanged(doc, rev)
    if doc.siblings:
        raise Refused(fmt(_("还有{n}处填得不一样，先定下来才能通过。"), n=len(doc.siblings)), "settle")
    if waiting := await open_held(conn, env, desk.principal, doc.id):
        raise Refused(fmt(_("还有{n}条没能接收的改动，先处理了才能通过。"), n=len(waiting)))
    await _submit(conn, env, desk, _op(env, doc, op="event", event="approve", from_=doc.state))


async def send_back(
    conn: AsyncConnection, env: Any, desk: Desk, doc: read.VisibleDoc, rev: int, asked: Return, today: date
) -> None:
    """Return a submitted record with what is to be corrected."""
    _unchanged(doc, rev)
    _check_return(asked, today)
    args: dict[str, Any] = {"reason": asked.reason, "fields": asked.fields}
    if asked.until:
        args["until"] = asked.until
    await _submit(conn, env, desk, _op(env, doc, op="event", event="return", from_=doc.state, args=args))


def _check_return(asked: Return, today: date) -> None:
    if not asked.fields and not asked.reason:
        raise Refused(_("请先标出要补的地方，或写下退回的原因。"), "reason")
    for name, note in asked.fields.items():
        if not note:
            raise Refused(_("标出的每一处都要写清补什么。"), f"note.{name}")
    if max((len(text) for text in (asked.reason, *asked.fields.values())), default=0) > MAX_NOTE:
        raise Refused(fmt(_("说明请在{n}字以内。"), n=MAX_NOTE), "reason")
    if not asked.until:
        raise Refused(_("请写在哪天前补好。"), "until")
    if asked.until < today.isoformat():
        raise Refused(_("补好的日期已经过了，请另选一天。"), "until")


async def settle(
    conn: AsyncConnection, env: Any, desk: Desk, doc: read.VisibleDoc, rev: int, choices: list[Choice]
) -> None:
    """Close the named siblings with the chosen values. What arrived since `rev` stays open by itself."""
    if not choices:
        raise Refused(_("还没有选。请每处选一个，或写上对的。"), "settle")
    values = {choice.path: choice.value for choice in choices if not choice.keep}
    sees = {choice.path: choice.sees for choice in choices}
    op = _op(env, doc, op="settle", set=values or None, sees=sees)
    await _submit(conn, env, desk, msgspec.structs.replace(op, base=rev))


async def open_held(
    conn: AsyncConnection, env: Any, principal: Principal, doc_id: str
) -> list[read.VisibleDoc]:
    """The entries for a record that could not be taken and wait for a person."""
    return await read.many(conn, env, principal, kind="held", ref=doc_id, state="waiting", limit=100)


def _unchanged(doc: read.VisibleDoc, rev: int) -> None:
    if doc.state != "submitted":
        raise Refused(_("这条记录已经不在待审里了，请看现在的样子。"))
    if doc.rev != rev:
        raise Refused(_("这条记录刚刚有改动，请看过再定。您写的都还在。"))


def _op(env: Any, doc: read.VisibleDoc, **parts: Any) -> Op:
    return Op(
        seq=0,
        kind=doc.kind,
        doc=doc.id,
        base=doc.rev,
        at=env.clock().isoformat(timespec="seconds"),
        form=doc.form,
        form_version=doc.form_version,
        **parts,
    )


async def _submit(conn: AsyncConnection, env: Any, desk: Desk, op: Op) -> Result:
    results = await write.submit(conn, env, desk.principal, desk.client, [op], desk.device)
    if results[0].result == "held":
        raise Refused(_why_held(results[0]))
    return results[0]


def _why_held(result: Result) -> str:
    words = {
        "forbidden": _("这件事不归您的岗位办。"),
        "illegal_event": _("这条记录现在不能这样办，可能别人刚办过，请看现在的样子。"),
        "signed": _("家长已经签过字，签过的内容不能再改。"),
        "bad_value": _("填的值不对，请再看一下。"),
    }
    return words.get(result.code or "", _("没有办成，请再试一次。"))
