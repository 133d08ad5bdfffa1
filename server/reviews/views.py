"""The office's pages about records: `/office/`, one record, and what is done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncConnection

from server.gateway import read
from server.office import (
    Desk,
    Said,
    hold_school,
    page,
    provide_desk,
    require,
    school_of,
    shell,
    today_of,
    zone_of,
)
from server.problems import not_found
from server.reviews import queue
from server.reviews.actions import Refused, Return, approve, send_back, settle
from server.reviews.decisions import decisions, waiting
from server.reviews.filters import Filter, read_filter
from server.reviews.record import Draft, record_page
from server.roster import disputes
from server.text import _, fmt
from server.when import offset_of

Req = Request[Any, Any, Any]
Verb = Callable[[AsyncConnection, read.VisibleDoc, int], Awaitable[None]]


@get("/")
async def inbox(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """What came in: the list, and the first record of it where there is room."""
    if not desk.principal.may("office.records"):
        require(desk, "office.people", "office.import")
        return Redirect("/office/people" if desk.principal.may("office.people") else "/office/import")
    return await _show(request, desk, "")


@get("/records/{record:str}")
async def show(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """One record beside the list that it was opened from."""
    require(desk, "office.records")
    return await _show(request, desk, record)


@post("/records/{record:str}/approve", status_code=303)
async def post_approve(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """Approve it, if it still reads as it did on the page."""
    form = await request.form()

    async def verb(conn: AsyncConnection, doc: read.VisibleDoc, rev: int) -> None:
        await approve(conn, request.app.state.env, desk, doc, rev)

    return await _do(request, desk, record, form, verb, "approved")


@post("/records/{record:str}/return", status_code=303)
async def post_return(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """Return it with marks, notes and a date."""
    form = await request.form()
    asked = _draft(form)

    async def verb(conn: AsyncConnection, doc: read.VisibleDoc, rev: int) -> None:
        today = await today_of(conn, request, desk)
        wanted = Return(asked.reason, {name: asked.notes.get(name, "") for name in asked.marks}, asked.until)
        await send_back(conn, request.app.state.env, desk, doc, rev, wanted, today)

    return await _do(request, desk, record, form, verb, "returned")


@post("/records/{record:str}/settle", status_code=303)
async def post_settle(request: Req, desk: NamedDependency[Desk], record: FromPath[str]) -> Response[Any]:
    """Settle what two people filled in differently."""
    form = await request.form()

    async def verb(conn: AsyncConnection, doc: read.VisibleDoc, rev: int) -> None:
        env = request.app.state.env
        offset = offset_of(zone_of(await school_of(conn, desk)), env.clock())
        await settle(conn, env, desk, doc, rev, decisions(env, doc, form, offset))

    return await _do(request, desk, record, form, verb, "settled")


@get("/settle")
async def settle_list(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Everything that two people filled in differently."""
    require(desk, "office.settle")
    return await _show_settle(request, desk, request.query_params.get("record", ""))


async def _show_settle(
    request: Req, desk: Desk, record: str, refused: Refused | None = None
) -> Response[Any]:
    env = request.app.state.env
    async with request.app.state.db.read() as conn:
        context = await waiting(conn, env, desk.principal, record)
        shown = record or next((row["id"] for row in context["rows"]), "")
        doc = await _visit(conn, request, desk, shown) if shown else None
        today = await today_of(conn, request, desk)
        view = await record_page(conn, env, desk, doc, today, Filter(), None, refused) if doc else None
        if view:
            view["focus"] = bool(record) and refused is None
        done = _done(request.query_params.get("done", ""), {"title": ""})
        said = Said(refused.text, "warn") if refused else done
        context |= {"record": view, "at_list": not record, "at_settle": True}
        context["register"] = await _in_the_register(conn, desk)
        context |= await shell(conn, desk, "settle", said)
    return page(request, "office/settle.html", context, status=422 if refused else 200)


async def _in_the_register(conn: AsyncConnection, desk: Desk) -> str:
    """How many docs of the register wait for a decision too: those have a page of their own."""
    count = await disputes.count(conn, desk.principal) if desk.principal.may("office.import") else 0
    return fmt(_("名册里还有{n}份"), n=count) if count else ""


async def _do(
    request: Req, desk: Desk, record: str, form: FormMultiDict, verb: Verb, done: str
) -> Response[Any]:
    """Let a verb act on a record in one transaction; refused, the page comes back with what was typed."""
    require(desk, "office.records")
    asked = read_filter(request.query_params)
    try:
        async with request.app.state.db.write() as conn:
            await hold_school(conn, desk)
            doc = await _visit(conn, request, desk, record)
            await verb(conn, doc, _rev(form))
    except Refused as refused:
        if form.get("from") == "settle":
            return await _show_settle(request, desk, record, refused)
        return await _show(request, desk, record, refused=refused, draft=_draft(form))
    if form.get("from") == "settle":
        return Redirect(f"/office/settle?done={done}", status_code=303)
    glue = "&" if asked.query() else "?"
    return Redirect(f"/office/records/{record}{asked.query()}{glue}done={done}", status_code=303)


async def _show(
    request: Req, desk: Desk, record: str, refused: Refused | None = None, draft: Draft | None = None
) -> Response[Any]:
    env, asked = request.app.state.env, read_filter(request.query_params)
    async with request.app.state.db.read() as conn:
        today = await today_of(conn, request, desk)
        context = await queue.page(conn, env, desk.principal, asked, record, today)
        shown = record or next((row["id"] for row in context["rows"]), "")
        doc = await _visit(conn, request, desk, shown) if shown else None
        view = await record_page(conn, env, desk, doc, today, asked, draft, refused) if doc else None
        if view:
            view["next_href"] = _next(context["rows"], shown)
            view["focus"] = bool(record) and refused is None
        said = Said(refused.text, "warn") if refused else _done(request.query_params.get("done", ""), view)
        context |= {"record": view, "at_list": not record, "at_settle": False}
        context |= await shell(conn, desk, "review", said)
    return page(request, "office/inbox.html", context, status=422 if refused else 200)


async def _visit(conn: AsyncConnection, request: Req, desk: Desk, record: str) -> read.VisibleDoc:
    doc = await read.one(conn, request.app.state.env, desk.principal, record)
    if doc is None or doc.kind != "visit":
        raise not_found()
    return doc


def _next(rows: list[dict[str, Any]], shown: str) -> str:
    """Where the next record of the list is; one that has left the list leads to its first."""
    places = [row["id"] for row in rows]
    after = places.index(shown) + 1 if shown in places else 0
    return rows[after]["href"] if after < len(rows) else ""


def _done(what: str, view: dict[str, Any] | None) -> Said | None:
    name = view["title"] if view else ""
    words = {
        "approved": _("{name} 已通过"),
        "returned": _("{name} 已退回，填的人会看到要补哪里"),
        "settled": _("{name} 已定下来，没选的留在“以前的值”里"),
    }
    return Said(fmt(words[what], name=name).strip()) if what in words else None


def _rev(form: FormMultiDict) -> int:
    text = str(form.get("rev", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 else -1


def _draft(form: FormMultiDict) -> Draft:
    """What the reviewer had marked and written."""
    notes = {
        name.removeprefix("note."): str(value).strip()
        for name, value in form.multi_items()
        if name.startswith("note.")
    }
    return Draft(
        marks=[str(name) for name in form.getall("mark", [])],
        notes=notes,
        reason=str(form.get("reason", "")).strip(),
        until=str(form.get("until", "")).strip(),
    )


routes = [
    Router(
        "/office",
        route_handlers=[inbox, show, post_approve, post_return, post_settle, settle_list],
        dependencies={"desk": Provide(provide_desk)},
    )
]
