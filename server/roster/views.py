"""`/office/import`: upload, preview, confirmation, progress, and the report to take away."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from server.office import Desk, Said, hold_school, page, provide_desk, require, school_of, shell, zone_of
from server.problems import not_found
from server.reviews.actions import Refused
from server.roster import disputes, jobs
from server.roster.jobs import Job, Jobs
from server.roster.limits import MAX_BYTES, MAX_FILES
from server.roster.pages import job_context, list_context
from server.roster.report import workbook
from server.text import _, fmt
from server.when import moment

Req = Request[Any, Any, Any]
UPLOAD_LIMIT = 3 * MAX_BYTES
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def jobs_of(request: Req) -> Jobs:
    """The application's imports."""
    state = request.app.state
    if not hasattr(state, "imports"):
        state.imports = Jobs(state.db, state.env)
    return state.imports


@get("/")
async def start(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Choose files; the last imports below."""
    return await _start_page(request, desk)


@post("/", status_code=303, request_max_body_size=UPLOAD_LIMIT)
async def upload(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Take the files and lead to their preview; nothing is written yet."""
    require(desk, "office.import")
    form = await request.form()
    files = [
        (one.filename, await one.read())
        for one in form.getall("files", [])
        if isinstance(one, UploadFile) and one.filename
    ]
    if not files:
        return await _start_page(request, desk, _("请先选文件"))
    if len(files) > MAX_FILES:
        return await _start_page(request, desk, fmt(_("一次最多{n}个文件"), n=MAX_FILES))
    job = await jobs_of(request).begin(desk.principal, files)
    return Redirect(f"/office/import/{job}", status_code=303)


@get("/settle")
async def settle_page(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Cells where a workbook and a person disagree."""
    require(desk, "office.import")
    return await _show_settle(request, desk, None)


async def _show_settle(request: Req, desk: Desk, refused: Refused | None) -> Response[Any]:
    async with request.app.state.db.read() as conn:
        zone = zone_of(await school_of(conn, desk))
        found = await disputes.rows(conn, request.app.state.env, desk.principal, zone)
        context = await shell(conn, desk, "import", Said(refused.text, "warn") if refused else None)
    status = 422 if refused else 200
    return page(request, "office/import_settle.html", context | {"rows": found}, status=status)


@post("/settle", status_code=303)
async def settle(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Decide one of them."""
    require(desk, "office.import")
    form = await request.form()
    sees = [str(name) for name in form.getall("sees", [])]
    doc, path, pick, typed = (str(form.get(name, "")) for name in ("doc", "path", "pick", "other"))
    env, who = request.app.state.env, desk.principal
    try:
        async with request.app.state.db.write() as conn:
            await hold_school(conn, desk)
            if not await disputes.settle(conn, env, who, desk.client, doc, path, pick, sees, typed):
                raise not_found()
    except Refused as refused:
        return await _show_settle(request, desk, refused)
    return Redirect("/office/import/settle", status_code=303)


@get("/{job:str}")
async def show(request: Req, desk: NamedDependency[Desk], job: FromPath[str]) -> Response[Any]:
    """One import: being read, ready to be confirmed, being written, done, or why not."""
    found = await _find(request, desk, job)
    async with request.app.state.db.read() as conn:
        zone = zone_of(await school_of(conn, desk))
        context = await shell(conn, desk, "import")
    return page(request, "office/import_job.html", context | job_context(found, moment(found.created, zone)))


@get("/{job:str}/progress")
async def progress(request: Req, desk: NamedDependency[Desk], job: FromPath[str]) -> Response[Any]:
    """The part of the page that asks again; once there is something else to see, it leads there."""
    found = await _find(request, desk, job)
    if found.state not in (jobs.READING, jobs.WRITING):
        return Response("", headers={"HX-Redirect": f"/office/import/{job}", "Cache-Control": "no-store"})
    return page(request, "office/import_progress.html", job_context(found, ""))


@post("/{job:str}/confirm", status_code=303)
async def confirm(request: Req, desk: NamedDependency[Desk], job: FromPath[str]) -> Response[Any]:
    """Write it. A second press finds it under way and leads to the same page."""
    found = await _find(request, desk, job)
    form = await request.form()
    await jobs_of(request).confirm(desk.principal, found.id, form.get("duties") == "yes")
    return Redirect(f"/office/import/{found.id}", status_code=303)


@get("/{job:str}/report.xlsx")
async def report(request: Req, desk: NamedDependency[Desk], job: FromPath[str]) -> Response[bytes]:
    """The report as a workbook, ID numbers masked."""
    found = await _find(request, desk, job)
    if not found.summary:
        raise not_found()
    async with request.app.state.db.read() as conn:
        school = await school_of(conn, desk)
    made = f"{desk.principal.name} {moment(request.app.state.clock(), zone_of(school))}"
    body = workbook(found.summary, fmt(_("{school}名册导入报告"), school=school.name), made)
    name = quote(_("导入报告.xlsx"))
    headers = {"Content-Disposition": f"attachment; filename=\"report.xlsx\"; filename*=UTF-8''{name}"}
    return Response(body, media_type=XLSX, headers=headers)


async def _find(request: Req, desk: Desk, job: str) -> Job:
    require(desk, "office.import")
    found = await jobs_of(request).find(desk.principal, job)
    if found is None:
        raise not_found()
    return found


async def _start_page(request: Req, desk: Desk, problem: str = "") -> Response[Any]:
    require(desk, "office.import")
    last = await jobs_of(request).latest(desk.principal)
    async with request.app.state.db.read() as conn:
        zone = zone_of(await school_of(conn, desk))
        context = await shell(conn, desk, "import")
        undecided = await disputes.count(conn, desk.principal)
    rows = [(one, moment(one.created, zone)) for one in last]
    return page(
        request,
        "office/import.html",
        context | list_context(rows, problem, undecided),
        422 if problem else 200,
    )


routes = [
    Router(
        "/office/import",
        route_handlers=[start, upload, settle_page, settle, show, progress, confirm, report],
        dependencies={"desk": Provide(provide_desk)},
    )
]
