"""What a person does on an online form (save, submit, withdraw), as ops of the session's client."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.fill.signing import signed
from server.gateway import read, write
from server.office import Desk
from server.problems import not_found
from server.text import _
from server.when import local_time, offset_of
from sync.forms import BadValue, Form
from sync.posted import Change, Posted, posted
from sync.protocol import Op, Result


class Target(msgspec.Struct, frozen=True):
    """The record that a form is about: `doc` is None until the first save creates it, with `meta`."""

    id: str
    form: Form
    doc: read.VisibleDoc | None
    meta: dict[str, Any]


class Saved(msgspec.Struct, frozen=True):
    """What a save did: `refused` has words by path for what could not be stored, `siblings` disagree now."""

    doc: read.VisibleDoc | None
    refused: dict[str, str]
    siblings: list[str]


async def save(
    conn: AsyncConnection,
    env: Any,
    desk: Desk,
    target: Target,
    pairs: list[tuple[str, str]],
    zone: ZoneInfo,
) -> Saved:
    """Store what differs from what the page showed. What can't be stored is named; the rest is stored."""
    read_form = posted(target.form, pairs, offset_of(zone, env.clock()))
    refused = {path: _("这里只能填数字。") for path in read_form.unreadable}
    good = _storable(target.form, read_form, refused)
    now = local_time(env.clock(), zone)
    changes = signed(target.form, target.doc.fields if target.doc else {}, good, now)
    return await store(conn, env, desk, target, changes, zone, refused)


async def store(
    conn: AsyncConnection,
    env: Any,
    desk: Desk,
    target: Target,
    changes: list[Change],
    zone: ZoneInfo,
    refused: dict[str, str] | None = None,
) -> Saved:
    """Changes as ops; the first make the record, with its time and who was there."""
    now = local_time(env.clock(), zone)
    if target.doc is None and changes:
        changes = _begun(target, desk.principal.user, changes, now)
    ops = _ops(target, changes, now) if changes else []
    results = await _submit(conn, env, desk, ops)
    doc = await read.one(conn, env, desk.principal, target.id) if ops else target.doc
    return Saved(doc, refused or {}, [path for result in results for path in result.fields])


def _storable(form: Form, read_form: Posted, refused: dict[str, str]) -> list[Change]:
    good = []
    for change in read_form.changes:
        try:
            form.check_value(change.path, change.value)
        except BadValue:
            refused[change.path] = _("这里填的不对，请再看一下。")
        else:
            good.append(change)
    return good


def beginning(form: Form, user: str, now: str) -> dict[str, Any]:
    """What a new record begins with: when it happened and who was there, open to correction."""
    values = {"occurred_at": now, "visitors": [user]}
    asked = {question.name for question in form.questions}
    return {path: value for path, value in values.items() if path in asked}


def _begun(target: Target, user: str, changes: list[Change], now: str) -> list[Change]:
    """The first answers with the beginning, which the page showed before anything was stored."""
    given = {change.path for change in changes}
    found = [
        Change(path, 0, {"add": value, "remove": []} if isinstance(value, list) else value)
        for path, value in beginning(target.form, user, now).items()
        if path not in given
    ]
    return [*found, *(_with_me(change, user) if change.path == "visitors" else change for change in changes)]


def _with_me(change: Change, user: str) -> Change:
    """Whoever writes was there, unless they took themselves off."""
    if user in change.value["remove"]:
        return change
    return msgspec.structs.replace(
        change, value={**change.value, "add": sorted({*change.value["add"], user})}
    )


def _ops(target: Target, changes: list[Change], now: str) -> list[Op]:
    """A create with everything for a new record; for one that exists an edit per revision that was shown."""
    if target.doc is None:
        return [_op(target, "create", changes, 0, now, meta=target.meta)]
    bases = sorted({change.base for change in changes})
    return [
        _op(target, "edit", [change for change in changes if change.base == base], base, now)
        for base in bases
    ]


def _op(target: Target, kind: str, changes: list[Change], base: int, now: str, **parts: Any) -> Op:
    was: dict[str, str | None] = {change.path: change.was for change in changes if change.was is not None}
    return Op(
        seq=0,
        op=kind,
        kind=target.form.kind,
        doc=target.id,
        base=base,
        form=target.form.name,
        form_version=target.form.version,
        set={change.path: change.value for change in changes} or None,
        was=was or None,
        at=now,
        **parts,
    )


async def submit(conn: AsyncConnection, env: Any, desk: Desk, target: Target) -> None:
    """Hand the record in. The caller has checked that nothing is wrong with it."""
    await _event(conn, env, desk, target, "submit")


async def withdraw(conn: AsyncConnection, env: Any, desk: Desk, target: Target) -> None:
    """Take a submitted record back before it is reviewed."""
    await _event(conn, env, desk, target, "withdraw")


async def _event(conn: AsyncConnection, env: Any, desk: Desk, target: Target, event: str) -> None:
    if target.doc is None:
        raise not_found()
    now = str(env.clock().isoformat())
    op = _op(target, "event", [], target.doc.rev, now, event=event, from_=target.doc.state)
    await _submit(conn, env, desk, [op])


async def _submit(conn: AsyncConnection, env: Any, desk: Desk, ops: list[Op]) -> list[Result]:
    """Send ops. One that would be held is refused as a whole: a page can say so at once."""
    results = await write.submit(conn, env, desk.principal, desk.client, ops, desk.device) if ops else []
    for result in results:
        if result.result == "held":
            raise Refusal(result.code or "internal")
    return results


class Refusal(Exception):
    """An op that the gateway would hold; `code` as in RESULT."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
