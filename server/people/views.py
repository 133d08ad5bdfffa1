"""`/office/people`: the list of staff, and one person with buildings and devices."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import ROLE_TITLES
from server.accounts.devices import ENDED_SHOWN, Device, list_devices, list_ended
from server.gateway import read, write
from server.office import Desk, Said, hold_school, page, provide_desk, require, school_of, shell, zone_of
from server.problems import not_found
from server.text import _, fmt
from server.vaults import shares
from server.vaults.shares import LONGEST_LEASE, SHORTEST_LEASE
from server.when import moment
from sync.protocol import Op

Req = Request[Any, Any, Any]
MOST = 2000


@get("/")
async def people(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Everyone of the school, with roles and the last sign of life."""
    require(desk, "office.people")
    state = request.app.state
    async with state.db.read() as conn:
        zone = zone_of(await school_of(conn, desk))
        staff = await read.many(conn, state.env, desk.principal, kind="person", limit=MOST)
        names = await _building_names(conn, request, desk)
        devices = await list_devices(conn, state.settings, [one.id for one in staff], state.clock())
        seen = {device.user: device.seen for device in reversed(devices) if device.live}
        rows = [_row(one, names, moment(seen[one.id], zone) if one.id in seen else "") for one in staff]
        context = await shell(conn, desk, "people", _done(request.query_params.get("done", "")))
        days = shares.lease_of((await school_of(conn, desk)).settings)
    rows.sort(key=lambda row: (row["roles"] == "", row["roles"], row["name"]))
    count = fmt(_("{n}人，{m}人登录着"), n=len(rows), m=len(seen))
    context |= {"rows": rows, "count_text": count, "days": days}
    return page(request, "office/people.html", context | {"least": SHORTEST_LEASE, "most": LONGEST_LEASE})


@post("/lease", status_code=303)
async def set_lease(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Say how many days the school's phones open without contact."""
    require(desk, "office.people")
    asked = str((await request.form()).get("days", "")).strip()
    days = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    if not SHORTEST_LEASE <= days <= LONGEST_LEASE:
        return Redirect("/office/people?done=no_lease", status_code=303)
    async with request.app.state.db.write() as conn:
        await hold_school(conn, desk)
        await shares.set_lease(conn, desk.principal.school, days)
    return Redirect("/office/people?done=lease", status_code=303)


def _row(one: read.VisibleDoc, names: dict[str, str], seen: str) -> dict[str, Any]:
    values = one.fields
    places = sorted(values.get("classes") or []) + [names.get(b, b) for b in values.get("buildings") or []]
    return {
        "id": one.id,
        "name": values.get("name") or "",
        "post": values.get("post") or "",
        "roles": roles_text(values.get("roles") or []),
        "places": "、".join(places),
        "signin": seen or _("没有登录"),
        "href": f"/office/people/{one.id}",
    }


def roles_text(roles: list[str]) -> str:
    """Roles in the order of the table, as people call them."""
    return "、".join(_(title) for role, title in ROLE_TITLES.items() if role in roles)


@get("/{person:str}")
async def one_person(request: Req, desk: NamedDependency[Desk], person: FromPath[str]) -> Response[Any]:
    """One person: what they keep, and where they are signed in."""
    require(desk, "office.people")
    state = request.app.state
    async with state.db.read() as conn:
        zone = zone_of(await school_of(conn, desk))
        doc = await _person(conn, request, desk, person)
        names = await _building_names(conn, request, desk)
        devices = await list_devices(conn, state.settings, [doc.id], state.clock())
        ended = await list_ended(conn, doc.id, state.clock() - ENDED_SHOWN)
        days = await shares.lease_days(conn, doc.id)
        context = await shell(conn, desk, "people", _done(request.query_params.get("done", "")))
    row = _row(doc, names, "")
    own = set(doc.fields.get("buildings") or [])
    keeps = "dorm" in (doc.fields.get("roles") or [])
    context |= {
        "person": {**row, "rev": doc.rev, "classes": "、".join(sorted(doc.fields.get("classes") or []))},
        "buildings": [{"id": b, "name": n, "on": b in own} for b, n in names.items()] if keeps else [],
        "sessions": [_device(device, row["name"], zone) for device in devices],
        "ended": [
            {
                **_device(device, row["name"], zone),
                "at": moment(device.revoked, zone),
                "state": shares.what_became(device, days, zone),
            }
            for device in ended
        ],
        "ends": shares.what_ending_does(days),
    }
    return page(request, "office/person.html", context)


def _device(device: Device, name: str, zone: ZoneInfo) -> dict[str, Any]:
    """A device as the list has it, and the question before it is ended."""
    called, seen = device.device or _("浏览器"), moment(device.seen, zone)
    return {
        "id": device.id,
        "device": called,
        "seen": seen,
        "since": moment(device.created, zone),
        "live": device.live,
        "sure": fmt(_("让{name}的{device}（最近{seen}）退出？"), name=name, device=called, seen=seen),
    }


def _done(what: str) -> Said | None:
    words = {
        "lease": _("天数改好了，每台手机下次联网时照这个来"),
        "buildings": _("楼栋已定，他的手机下次同步就照这个来"),
        "revoked": _("已让那台设备退出：它下次联网先传完没传的，再清空"),
    }
    if what == "no_lease":
        return Said(fmt(_("天数要在{a}到{b}之间，没有改"), a=SHORTEST_LEASE, b=LONGEST_LEASE), "warn")
    return Said(words[what]) if what in words else None


@post("/{person:str}/buildings", status_code=303)
async def set_buildings(request: Req, desk: NamedDependency[Desk], person: FromPath[str]) -> Response[Any]:
    """Say which buildings a dormitory supervisor keeps."""
    require(desk, "office.people")
    form = await request.form()
    async with request.app.state.db.write() as conn:
        await hold_school(conn, desk)
        doc = await _person(conn, request, desk, person)
        names = await _building_names(conn, request, desk)
        wanted = {str(b) for b in form.getall("building", [])} & names.keys()
        before = set(doc.fields.get("buildings") or [])
        change = {"add": sorted(wanted - before), "remove": sorted(before - wanted)}
        if wanted != before:
            await write.submit(
                conn, request.app.state.env, desk.principal, desk.client, [_edit(doc, change)], desk.device
            )
    return Redirect(f"/office/people/{person}?done=buildings", status_code=303)


def _edit(doc: read.VisibleDoc, change: dict[str, list[str]]) -> Op:
    about = {"form": doc.form, "form_version": doc.form_version, "base": doc.rev}
    return msgspec.structs.replace(Op(0, "edit", doc.kind, doc.id, set={"buildings": change}), **about)


@post("/{person:str}/revoke", status_code=303)
async def revoke(request: Req, desk: NamedDependency[Desk], person: FromPath[str]) -> Response[Any]:
    """End one of the person's devices: it may still deliver what it has not sent, then it is wiped."""
    require(desk, "office.people")
    wanted = str((await request.form()).get("session", ""))
    state = request.app.state
    async with state.db.write() as conn:
        doc = await _person(conn, request, desk, person)
        devices = await list_devices(conn, state.settings, [doc.id], state.clock())
        if wanted not in [device.id for device in devices]:
            raise not_found()
        await shares.revoke(conn, wanted, state.clock())
    return Redirect(f"/office/people/{person}?done=revoked", status_code=303)


async def _person(conn: AsyncConnection, request: Req, desk: Desk, person: str) -> read.VisibleDoc:
    doc = await read.one(conn, request.app.state.env, desk.principal, person)
    if doc is None or doc.kind != "person":
        raise not_found()
    return doc


async def _building_names(conn: AsyncConnection, request: Req, desk: Desk) -> dict[str, str]:
    found = await read.many(conn, request.app.state.env, desk.principal, kind="building", limit=MOST)
    return dict(sorted(((b.id, b.fields.get("name") or b.id) for b in found), key=lambda pair: pair[1]))


routes = [
    Router(
        "/office/people",
        route_handlers=[people, set_lease, one_person, set_buildings, revoke],
        dependencies={"desk": Provide(provide_desk)},
    )
]
