"""`/fill/`: forms online. A section at a time, stored at each change, checked when it is handed in.

Without a script the buttons post the section; with one, each change is posted to `/field`, which
answers the form's inside. A new record's id stands in its address, so that what is sent twice is one record.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import new_id
from server.fill import round_views
from server.fill.actions import Refusal, Saved, Target, save, submit, withdraw
from server.fill.begin import begin, siblings_at_home
from server.fill.home import home
from server.fill.model import Mode, address, around, heading, model, read_mode
from server.fill.targets import OPEN, is_open, is_own, target_of
from server.gateway import read
from server.office import Desk, hold_school, provide_desk, school_of, today_of, zone_of
from server.problems import Problem, not_found
from server.reviews.subjects import neighbours, title
from server.reviews.view import read_only, unseen
from server.text import _, fmt
from server.when import day
from sync.forms import Form

Req = Request[Any, Any, Any]
Pairs = list[tuple[str, str]]


@get("/")
async def show_home(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """What waits for this person, and where a new record begins."""
    env = request.app.state.env
    q = str(request.query_params.get("q", "")).strip()[:40]
    async with request.app.state.db.read() as conn:
        today = await today_of(conn, request, desk)
        context = await home(conn, env, desk.principal, today, q)
    said = _("已提交，学校已经收到。") if request.query_params.get("done") == "submitted" else ""
    context |= {"csrf": desk.csrf, "who": desk.principal.name, "today_text": day(today), "said": said}
    return request.app.state.render.page("fill/home.html", **context)


@get("/new/{form:str}")
async def new(request: Req, desk: NamedDependency[Desk], form: FromPath[str]) -> Response[Any]:
    """Begin a record: it gets its id here, and is stored with the first answer."""
    query = request.query_params
    async with request.app.state.db.read() as conn:
        today = await today_of(conn, request, desk)
        beginning = await begin(conn, request.app.state.env, desk.principal, form, query, today)
        others = await siblings_at_home(conn, request.app.state.env, desk.principal, beginning)
    if others and "chosen" not in query:
        pupils = [(one, True) for one in beginning.about] + [(one, False) for one in others]
        rows = [
            {
                "id": one.id,
                "on": on,
                "label": f"{one.fields.get('name') or ''} {one.fields.get('class') or ''}",
            }
            for one, on in pupils
        ]
        return request.app.state.render.page(
            "fill/together.html", pupils=rows, action=f"/fill/new/{form}", csrf=desk.csrf
        )
    return Redirect(f"/fill/{new_id()}{beginning.query}", status_code=303)


@get("/{record:str}")
async def show(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """The form, or the record where it can't be changed any more."""
    async with request.app.state.db.read() as conn:
        target, query = await target_of(conn, request, desk, record)
        if not is_open(target, desk):
            return await _show_record(conn, request, desk, target)
        mode = read_mode(request.query_params)
        if target.form.name == "night_round" and not mode.checking and mode.section in ("", "round"):
            return await round_views.show_round(conn, request, desk, target, query)
        return await _form_page(conn, request, desk, target, query, mode, {})


@post("/{record:str}/field")
async def field(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """Store what changed, and answer the form's inside as it stands then."""
    pairs = await _pairs(request)
    target, query, saved = await _save(request, desk, record, pairs)
    async with request.app.state.db.read() as conn:
        now = Target(record, target.form, saved.doc, target.meta)
        near = await around(
            conn, request.app.state.env, desk.principal, now, zone_of(await school_of(conn, desk))
        )
    mode = read_mode(request.query_params, _value(pairs, "s"))
    fill = model(now, near, mode, query, saved.refused, _saved_line(near))
    return request.app.state.render.page("fill/_part.html", fill=fill)


@post("/{record:str}", status_code=303)
async def go(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """One of the form's buttons: what the page holds is stored first, then it leads on."""
    pairs = await _pairs(request)
    async with request.app.state.db.read() as conn:
        target, query = await target_of(conn, request, desk, record)
    if not is_open(target, desk):
        return Redirect(f"/fill/{record}", status_code=303)
    target, query, saved = await _save(request, desk, record, pairs)
    now = Target(record, target.form, saved.doc, target.meta)
    mode = read_mode(request.query_params, _value(pairs, "s"))
    keep = {"all": "1"} if mode.whole else {}
    add = _value(pairs, "add")
    if add:
        more = {"s": mode.section, "add": f"{add}/{new_id()}", **keep}
        return Redirect(address(now, query, more) + f"#q-{add}", status_code=303)
    async with request.app.state.db.read() as conn:
        if saved.refused:
            return await _form_page(conn, request, desk, now, query, mode, saved.refused)
        zone = zone_of(await school_of(conn, desk))
        near = await around(conn, request.app.state.env, desk.principal, now, zone)
        checked = model(now, near, Mode(mode.section, True, mode.whole), query, {}, "")
    step = _value(pairs, "go")
    if step == "previous":
        return Redirect(address(now, query, {"s": checked["previous"], **keep}), status_code=303)
    if step != "submit":
        return Redirect(address(now, query, {"s": checked["next"] or mode.section, **keep}), status_code=303)
    if checked["problems"]:
        first = checked["problems"][0]
        more = {"s": first["section"] or "", "check": "1", **({"all": "1"} if checked["returned"] else {})}
        return Redirect(address(now, query, more) + f"#q-{first['path']}", status_code=303)
    await _hand_in(request, desk, now)
    return Redirect("/fill/?done=submitted", status_code=303)


@post("/{record:str}/withdraw", status_code=303)
async def take_back(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """Take a submitted record back, as long as nobody has reviewed it."""
    async with request.app.state.db.write() as conn:
        await hold_school(conn, desk)
        target, _query = await target_of(conn, request, desk, record)
        if target.doc is None or not is_own(target.doc, desk):
            raise not_found()
        if target.doc.state == "submitted":
            await withdraw(conn, request.app.state.env, desk, target)
    return Redirect(f"/fill/{record}", status_code=303)


async def _save(request: Req, desk: Desk, record: str, pairs: Pairs) -> tuple[Target, str, Saved]:
    """Store the posted section. Someone else's record is not there; what is refused changes nothing."""
    try:
        async with request.app.state.db.write() as conn:
            await hold_school(conn, desk)
            target, query = await target_of(conn, request, desk, record)
            if not is_open(target, desk):
                raise not_found()
            zone = zone_of(await school_of(conn, desk))
            return target, query, await save(conn, request.app.state.env, desk, target, pairs, zone)
    except Refusal as refusal:
        raise _problem(refusal) from refusal


async def _hand_in(request: Req, desk: Desk, target: Target) -> None:
    """Submit once: a second tap finds the record already handed in."""
    try:
        async with request.app.state.db.write() as conn:
            await hold_school(conn, desk)
            doc = await read.one(conn, request.app.state.env, desk.principal, target.id)
            if doc is not None and doc.state in OPEN:
                now = Target(target.id, target.form, doc, target.meta)
                await submit(conn, request.app.state.env, desk, now)
    except Refusal as refusal:
        raise _problem(refusal) from refusal


def _problem(refusal: Refusal) -> Problem:
    if refusal.code in ("forbidden", "unknown_doc", "duplicate_id"):
        return not_found()
    if refusal.code == "signed":
        return Problem(409, "conflict", detail=_("已经签过字的内容不能再改。退回上一页，字还在。"))
    return Problem(422, "unprocessable")


async def _form_page(
    conn: AsyncConnection,
    request: Req,
    desk: Desk,
    target: Target,
    query: str,
    mode: Mode,
    wrong: dict[str, str],
) -> Response[Any]:
    zone = zone_of(await school_of(conn, desk))
    near = await around(conn, request.app.state.env, desk.principal, target, zone)
    fill = model(target, near, mode, query, wrong, _saved_line(near) if target.doc else "")
    status = 422 if wrong or fill["problem_count"] else 200
    context = {"fill": fill, "title": heading(target, near), "csrf": desk.csrf}
    return request.app.state.render.page("fill/form.html", status=status, **context)


def _saved_line(near: Any) -> str:
    return fmt(_("已存到学校 {time}"), time=f"{near.now.astimezone(near.zone):%H:%M}")


async def _show_record(conn: AsyncConnection, request: Req, desk: Desk, target: Target) -> Response[Any]:
    doc, form = target.doc, target.form
    if doc is None:
        raise not_found()
    zone = zone_of(await school_of(conn, desk))
    known = await neighbours(conn, request.app.state.env, desk.principal, [doc])
    hidden = await unseen(conn, desk.principal, form, doc)
    others = {path: stamp for path, stamp in doc.stamps.items() if stamp.get("by") != doc.author}
    shown = msgspec.structs.replace(doc, stamps=others)  # one knows what one filled in oneself
    view = read_only(form, shown, None, known, request.app.state.clock(), zone, hidden)
    can_take_back = doc.state == "submitted" and is_own(doc, desk)
    return request.app.state.render.page(
        "fill/record.html",
        title=title(form.title, doc, known),
        sub=_sub(form, doc),
        state=doc.state,
        view=view,
        withdraw=f"/fill/{doc.id}/withdraw" if can_take_back else "",
        csrf=desk.csrf,
    )


def _sub(form: Form, doc: read.VisibleDoc) -> str:
    return day(doc.fields.get("occurred_at") or doc.created_at)


async def _pairs(request: Req) -> Pairs:
    return [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]


def _value(pairs: Pairs, name: str) -> str:
    return next((value for key, value in pairs if key == name), "")


routes = [
    Router(
        "/fill",
        route_handlers=[
            *(show_home, new, show, field, go, take_back),
            *(round_views.call, round_views.tap, round_views.contacted, round_views.was_found),
        ],
        dependencies={"desk": Provide(provide_desk)},
    )
]
