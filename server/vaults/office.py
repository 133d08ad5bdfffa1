"""`/office/unsent`: a file with a phone's unsent work is brought to the office, looked at, and taken in.

Whoever takes it in sees whose it is and how much, never what is in it: that goes to those who may see it.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncConnection

from server.gateway import read
from server.office import Context, Desk, Said, page, provide_desk, require, school_of, shell, zone_of
from server.problems import not_found
from server.reviews.subjects import neighbours, title
from server.text import _, fmt
from server.vaults import files
from server.vaults.file import MAX_BYTES, Refused, read_file
from server.vaults.intake import KNOWN, open_file, prove, take_in
from server.when import moment

Req = Request[Any, Any, Any]
UPLOAD_LIMIT = 3 * MAX_BYTES
MOST = 2000


@get("/")
async def index(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Choose a file; what was brought lately below. What waited too long is gone by then."""
    require(desk, "office.unsent")
    async with request.app.state.db.write() as conn:
        await files.forget_late(conn, request.app.state.clock())
    return await _index(request, desk)


@post("/", status_code=303, request_max_body_size=UPLOAD_LIMIT)
async def upload(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Look at a file and lead to its preview; nothing is taken in yet."""
    require(desk, "office.unsent")
    state, school = request.app.state, desk.principal.school
    sent = (await request.form()).get("file")
    data = await sent.read() if isinstance(sent, UploadFile) else b""
    try:
        file = read_file(data)
        async with state.db.read() as conn:
            proven = await prove(conn, state.settings, school, file, state.clock())
            content = await open_file(conn, proven, file)
    except Refused as refused:
        return await _index(request, desk, refused.text)
    async with state.db.write() as conn:
        ident = await files.keep(
            conn, school, desk.principal.user, file, data, content.records(), state.clock()
        )
    return Redirect(f"/office/unsent/{ident}", status_code=303)


@get("/{file:str}")
async def show(request: Req, desk: NamedDependency[Desk], file: FromPath[str]) -> Response[Any]:
    """Whose work a file is, from when and how much; or what became of it."""
    return await _show(request, desk, file)


@post("/{file:str}/take", status_code=303)
async def take(request: Req, desk: NamedDependency[Desk], file: FromPath[str]) -> Response[Any]:
    """Take it in. A second press finds it done."""
    state = request.app.state
    row = await _find(request, desk, file)
    if row.taken is None:
        try:
            counts = await take_in(
                state.db, state.env, state.settings, desk.principal.school, read_file(row.body)
            )
        except Refused as refused:
            return await _show(request, desk, file, refused.text)
        async with state.db.write() as conn:
            await files.done(conn, desk.principal.school, row.id, counts, state.clock())
    return Redirect(f"/office/unsent/{row.id}", status_code=303)


@post("/{file:str}/forget", status_code=303)
async def forget(request: Req, desk: NamedDependency[Desk], file: FromPath[str]) -> Response[Any]:
    """Put it away without taking it in; the phone still has what is in it."""
    row = await _find(request, desk, file)
    async with request.app.state.db.write() as conn:
        await files.forget(conn, desk.principal.school, row.id)
    return Redirect("/office/unsent/", status_code=303)


async def _find(request: Req, desk: Desk, ident: str) -> Any:
    require(desk, "office.unsent")
    async with request.app.state.db.read() as conn:
        row = await files.find(conn, desk.principal.school, ident, request.app.state.clock())
    if row is None:
        raise not_found()
    return row


async def _index(request: Req, desk: Desk, problem: str = "") -> Response[Any]:
    async with request.app.state.db.read() as conn:
        zone = zone_of(await school_of(conn, desk))
        names = await _names(conn, request, desk)
        rows = [_row(row, names, zone) for row in await files.latest(conn, desk.principal.school)]
        context = await shell(conn, desk, "unsent", Said(problem, "warn") if problem else None)
    context |= {"rows": rows, "limit": fmt(_("一个文件最多{n}MB"), n=MAX_BYTES >> 20)}
    return page(request, "office/unsent.html", context, 422 if problem else 200)


async def _show(request: Req, desk: Desk, ident: str, problem: str = "") -> Response[Any]:
    state = request.app.state
    row = await _find(request, desk, ident)
    async with state.db.read() as conn:
        zone = zone_of(await school_of(conn, desk))
        view = _row(row, await _names(conn, request, desk), zone) | {"new": None}
        if row.taken is None and not problem:
            try:
                file = read_file(row.body)
                proven = await prove(conn, state.settings, desk.principal.school, file, state.clock())
                content = await open_file(conn, proven, file)
                view |= {"new": content.new_records(), "known": content.records() - content.new_records()}
                view |= {"waits": not (proven.trusted and proven.author.roles)}
            except Refused as refused:
                problem = refused.text
        view["records"] = await _records(conn, request, desk, (row.counts or {}).get("docs") or [])
        context = await shell(conn, desk, "unsent", _said(view, problem))
    context |= {"file": view, "refused": bool(problem), "may_review": desk.principal.may("office.review")}
    return page(request, "office/unsent_file.html", context, 422 if problem else 200)


def _said(view: Context, problem: str) -> Said | None:
    """The line at the top of a file's page: why not, or what became of it."""
    if problem:
        return Said(problem, "warn")
    left = view["held"] or view["conflict"]
    return Said(view["state"], "warn" if left else "ok") if view["done"] else None


async def _records(conn: AsyncConnection, request: Req, desk: Desk, idents: list[str]) -> list[Context]:
    """Links to the records that were taken in, as far as this person may open them."""
    env, who = request.app.state.env, desk.principal
    if not (idents and who.may("office.review")):
        return []
    docs = [doc for doc in await read.some(conn, env, who, idents) if doc.kind == "visit"]
    known = await neighbours(conn, env, who, docs)
    titles = {form.name: form.title for form in env.forms.all()}
    return [
        {"href": f"/office/records/{doc.id}", "title": title(titles.get(doc.form or "", ""), doc, known)}
        for doc in docs
    ]


async def _names(conn: AsyncConnection, request: Req, desk: Desk) -> dict[str, str]:
    staff = await read.many(conn, request.app.state.env, desk.principal, kind="person", limit=MOST)
    return {one.id: str(one.fields.get("name") or "") for one in staff}


def _row(row: Any, names: dict[str, str], zone: ZoneInfo) -> Context:
    counts = row.counts or {}
    return {
        "href": f"/office/unsent/{row.id}",
        "at": moment(row.uploaded, zone),
        "who": names.get(row.user_id) or _("不在名册上的人"),
        "by": names.get(row.uploader) or "",
        "made": moment(row.made, zone) if row.made else "",
        "amount": fmt(_("{n}条记录（{m}处改动）"), n=counts.get("records", row.ops), m=row.ops),
        "done": row.taken is not None,
        "state": _result(counts) if row.taken else _("还没有收"),
        "held": counts.get("held", 0),
        "conflict": counts.get("conflict", 0),
    }


def _result(counts: dict[str, Any]) -> str:
    """What became of a file's records, in words."""
    words = [
        ("applied", _("收进{n}条")),
        ("merged", _("和别人的改动合在一起{n}条")),
        ("conflict", _("有出入待裁定{n}条")),
        ("held", _("未接收{n}条")),
        (KNOWN, _("以前收过{n}条")),
    ]
    return "，".join(fmt(text, n=counts[name]) for name, text in words if counts.get(name))


routes = [
    Router(
        "/office/unsent",
        route_handlers=[index, upload, show, take, forget],
        dependencies={"desk": Provide(provide_desk)},
    )
]
