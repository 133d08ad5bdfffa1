"""`/office/held`: what was not taken, one of it, and what is done with it."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from server.gateway import read
from server.held.actions import close, release
from server.held.page import STATES, held_list, held_page
from server.office import Desk, Said, hold_school, page, provide_desk, require, school_of, shell, zone_of
from server.problems import not_found
from server.reviews.actions import Refused
from server.reviews.filters import read_page
from server.text import _, fmt

Req = Request[Any, Any, Any]


@get("/held")
async def index(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """The list, and the first of it where there is room."""
    require(desk, "office.review")
    return await _show(request, desk, "")


@get("/held/{held:str}")
async def show(request: Req, desk: NamedDependency[Desk], held: FromPath[str]) -> Response[Any]:
    """One of them beside the list."""
    require(desk, "office.review")
    return await _show(request, desk, held)


@post("/held/{held:str}/release", status_code=303)
async def post_release(request: Req, desk: NamedDependency[Desk], held: FromPath[str]) -> Response[Any]:
    """Take it in late; with a create, what followed it too."""
    require(desk, "office.review")
    try:
        async with request.app.state.db.write() as conn:
            await hold_school(conn, desk)
            doc = await _held(request, conn, desk, held)
            still = await release(conn, request.app.state.env, desk, doc)
    except Refused as refused:
        return await _show(request, desk, held, refused=refused)
    if still:
        refused = Refused(fmt(_("还是收不了：{why}。内容还在。"), why=still))
        return await _show(request, desk, held, refused=refused)
    return Redirect(f"/office/held/{held}?done=released", status_code=303)


@post("/held/{held:str}/close", status_code=303)
async def post_close(request: Req, desk: NamedDependency[Desk], held: FromPath[str]) -> Response[Any]:
    """Put it away with a reason."""
    require(desk, "office.review")
    reason = str((await request.form()).get("reason", "")).strip()
    try:
        async with request.app.state.db.write() as conn:
            await hold_school(conn, desk)
            doc = await _held(request, conn, desk, held)
            await close(conn, request.app.state.env, desk, doc, reason)
    except Refused as refused:
        return await _show(request, desk, held, refused=refused, reason=reason)
    return Redirect(f"/office/held/{held}?done=closed", status_code=303)


async def _held(request: Req, conn: Any, desk: Desk, ident: str) -> read.VisibleDoc:
    doc = await read.one(conn, request.app.state.env, desk.principal, ident)
    if doc is None or doc.kind != "held":
        raise not_found()
    return doc


async def _show(
    request: Req, desk: Desk, ident: str, refused: Refused | None = None, reason: str = ""
) -> Response[Any]:
    env, query = request.app.state.env, request.query_params
    async with request.app.state.db.read() as conn:
        zone = zone_of(await school_of(conn, desk))
        doc = await _held(request, conn, desk, ident) if ident else None
        asked = str(doc.state) if doc else query.get("state", "")
        state = asked if asked in STATES else STATES[0]
        number = read_page(query.get("page", ""))
        context = await held_list(conn, env, desk.principal, zone, state, number, ident)
        if doc is None and context["rows"]:
            doc = await _held(request, conn, desk, context["rows"][0]["id"])
        view = await held_page(conn, env, desk.principal, zone, doc) if doc else None
        if view:
            view |= {"focus": bool(ident) and refused is None, "typed": reason}
        said = Said(refused.text, "warn") if refused else _done(query.get("done", ""))
        context |= {"held": view, "at_list": not ident, "wrong": refused.field if refused else ""}
        context |= await shell(conn, desk, "held", said)
    return page(request, "office/held.html", context, status=422 if refused else 200)


def _done(what: str) -> Said | None:
    words = {
        "released": _("已放行，内容收进来了，署的是填的人的名字"),
        "closed": _("没有收，填的人会看到原因"),
    }
    return Said(words[what]) if what in words else None


routes = [
    Router(
        "/office",
        route_handlers=[index, show, post_release, post_close],
        dependencies={"desk": Provide(provide_desk)},
    )
]
