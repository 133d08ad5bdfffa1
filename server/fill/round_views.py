"""The pages of a night's round online: all rooms, one room, whom to call about a missing pupil."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncConnection

from server.fill.actions import Target, store
from server.fill.calls import guardians, numbers
from server.fill.model import address
from server.fill.round import (
    Round,
    after,
    find_room,
    found,
    load_round,
    missing,
    room_view,
    round_view,
    tapped,
)
from server.fill.targets import is_open, target_of
from server.office import Desk, hold_school, school_of, zone_of
from server.problems import not_found
from server.text import _, fmt
from server.when import local_time
from sync.posted import Change

Req = Request[Any, Any, Any]


async def show_round(
    conn: AsyncConnection, request: Req, desk: Desk, target: Target, query: str
) -> Response[Any]:
    """All rooms, or the one that the address names."""
    round_ = await load_round(conn, request.app.state.env, desk.principal, target, query)
    if round_ is None:
        raise not_found()
    room = find_room(round_, str(request.query_params.get("room", "")))
    saved = _("已存到学校") if target.doc else _("晚点名")
    if room is None:
        return request.app.state.render.page("fill/round.html", round=round_view(round_, saved))
    view = room_view(round_, room, saved)
    return request.app.state.render.page("fill/room.html", room=view, csrf=desk.csrf)


@post("/{record:str}/room", status_code=303)
async def tap(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """A tap in a room, stored at once."""
    form = await request.form()
    bed, where, go = (str(form.get(name, "")) for name in ("bed", "where", "go"))
    async with request.app.state.db.write() as conn:
        round_ = await _round(conn, request, desk, record)
        room = find_room(round_, str(request.query_params.get("room", "")))
        if room is None:
            raise not_found()
        await _store(conn, request, desk, round_, tapped(round_, room, bed, where, bool(go)))
    student, _colon, place = where.partition(":")
    if place == "unknown":
        return Redirect(f"/fill/call?back={record}&student={student}", status_code=303)
    following = after(round_, room) if go else room
    more = {"s": "round", "room": following.number} if following else {"s": "end"}
    return Redirect(address(round_.target, round_.query, more), status_code=303)


@get("/call")
async def call(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """The numbers to call: about a child in danger, or about a pupil missing from one's own round."""
    query = request.query_params
    back, student = str(query.get("back", "")), str(query.get("student", ""))
    env = request.app.state.env
    async with request.app.state.db.read() as conn:
        people = await numbers(conn, env, desk.principal)
        name = ""
        if student:
            round_ = await _round(conn, request, desk, back)
            if student not in missing(round_):
                raise not_found()
            name = round_.name(student)
            people = [*await guardians(conn, env, desk.principal, student), *people]
    context = {
        "people": people,
        "csrf": desk.csrf,
        "title": fmt(_("{name}不在，去向不明"), name=name) if name else _("可以打的电话"),
        "rule": _("15分钟还找不到，报值班领导和校长") if name else _("孩子有危险，先报警。不用先问谁。"),
        "note": "" if name else _("这一页只有您看得到，经过另行封存"),
        "back": f"/fill/{back}" if back.replace("-", "").isalnum() else "/fill/",
        "student": student if name else "",
    }
    return request.app.state.render.page("fill/call.html", **context)


@post("/{record:str}/contacted", status_code=303)
async def contacted(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """Note when somebody was called about a missing pupil."""
    student = str((await request.form()).get("student", ""))
    async with request.app.state.db.write() as conn:
        round_ = await _round(conn, request, desk, record)
        item = round_.values.get(f"absent/{student}")
        if not isinstance(item, dict):
            raise not_found()
        now = local_time(request.app.state.clock(), zone_of(await school_of(conn, desk)))
        change = Change(f"absent/{student}", round_.base, {**item, "contacted_at": now})
        await _store(conn, request, desk, round_, [change])
    return Redirect(f"/fill/call?back={record}&student={student}", status_code=303)


@post("/{record:str}/found", status_code=303)
async def was_found(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """The pupil was found: present again."""
    student = str((await request.form()).get("student", ""))
    async with request.app.state.db.write() as conn:
        round_ = await _round(conn, request, desk, record)
        await _store(conn, request, desk, round_, found(round_, student))
    return Redirect(f"/fill/{record}?s=round", status_code=303)


async def _round(conn: AsyncConnection, request: Req, desk: Desk, record: str) -> Round:
    """The round of this record, which must be one's own and open; nobody else writes until the end."""
    if request.method == "POST":
        await hold_school(conn, desk)
    target, query = await target_of(conn, request, desk, record)
    env = request.app.state.env
    round_ = await load_round(conn, env, desk.principal, target, query) if is_open(target, desk) else None
    if round_ is None:
        raise not_found()
    return round_


async def _store(
    conn: AsyncConnection, request: Req, desk: Desk, round_: Round, changes: list[Change]
) -> None:
    zone = zone_of(await school_of(conn, desk))
    await store(conn, request.app.state.env, desk, round_.target, changes, zone)
