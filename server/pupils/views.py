"""`/office/students`: pupils by class and name, and arranging a home visit for one or several of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import new_id
from server.duties.actions import assign, out_of_sight
from server.duties.due import read_date
from server.gateway import read
from server.office import Desk, Said, page, provide_desk, require, shell, today_of
from server.people.views import roles_text
from server.pupils.search import PAGE, find, places
from server.reviews.filters import read_page
from server.roster.classes import by_grade
from server.text import _, fmt

Req = Request[Any, Any, Any]
VISITORS = {"class_teacher", "teacher", "counsellor"}
USUAL_DAYS = 7


@get("/students")
async def students(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """The list: by class, by name or the initials of its pinyin, a page at a time."""
    require(desk, "office.records")
    query = request.query_params
    chosen, q = query.get("class", "")[:40], query.get("q", "").strip()[:40]
    number = read_page(query.get("page", ""))
    async with request.app.state.db.read() as conn:
        env = request.app.state.env
        found = await find(conn, env, desk.principal, chosen, q)
        shown = found[(number - 1) * PAGE : number * PAGE]
        homes = await places(conn, env, desk.principal, shown)
        classes = sorted(await read.classes(conn, desk.principal), key=by_grade)
        context = await shell(conn, desk, "students", _done(query.get("done", "")))
    context |= {
        "rows": [_row(pupil, homes) for pupil in shown],
        "classes": classes,
        "chosen": chosen,
        "q": q,
        "count_text": fmt(_("{n}人"), n=len(found)),
        "may_assign": desk.principal.may("write.duty"),
        "pager": _pager(chosen, q, number, len(found)),
    }
    return page(request, "office/students.html", context)


def _row(pupil: read.VisibleDoc, homes: dict[str, dict[str, str]]) -> dict[str, Any]:
    home = homes.get(pupil.id, {})
    return {
        "name": pupil.fields.get("name") or "",
        "class_": pupil.fields.get("class") or "",
        "place": home.get("place", ""),
        "carer": home.get("carer", ""),
        "records_href": f"/office/?state=all&student={pupil.id}",
        "duty_href": f"/office/duties/new?student={pupil.id}",
    }


def _pager(chosen: str, q: str, number: int, total: int) -> dict[str, str] | None:
    pages = max(1, -(-total // PAGE))
    if pages == 1:
        return None

    def link(n: int) -> str:
        pairs = {"class": chosen, "q": q, "page": str(n)}
        return "/office/students?" + urlencode({k: v for k, v in pairs.items() if v})

    return {
        "prev": link(min(number - 1, pages)) if number > 1 else "",
        "next": link(number + 1) if number < pages else "",
        "text": fmt(_("第{page}页，共{pages}页"), page=number, pages=pages),
    }


@get("/duties/new")
async def new_duty(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """The page on which a visit is arranged. Its id is made here, so that a double tap arranges one visit."""
    require(desk, "write.duty")
    pupils = [str(one) for one in request.query_params.getall("student", [])]
    return await _duty_page(request, desk, {"id": new_id(), "students": pupils, "assignee": "", "due": ""})


@post("/duties", status_code=303)
async def create_duty(request: Req, desk: NamedDependency[Desk]) -> Response[Any]:
    """Arrange it; what is missing is said on the page that comes back."""
    require(desk, "write.duty")
    form = await request.form()
    asked = {
        "id": str(form.get("id", ""))[:36] or new_id(),
        "students": [str(one) for one in form.getall("student", [])],
        "assignee": str(form.get("assignee", "")),
        "due": str(form.get("due", "")),
    }
    state = request.app.state
    async with state.db.write() as conn:
        wrong = await _wrong(conn, request, desk, asked)
        due = read_date(asked["due"])
        if not wrong and due is not None:
            results = await assign(
                conn,
                state.env,
                desk.principal,
                desk.client,
                asked["students"],
                asked["assignee"],
                due,
                request=asked["id"],
                device=desk.device,
            )
            held = [result for result in results if result.result == "held"]
            wrong = _("没有安排成，请再试一次。") if held else ""
        if wrong:
            await conn.rollback()
    if wrong:
        return await _duty_page(request, desk, asked, wrong)
    return Redirect("/office/students?done=duty", status_code=303)


async def _wrong(conn: AsyncConnection, request: Req, desk: Desk, asked: dict[str, Any]) -> str:
    env, today = request.app.state.env, await today_of(conn, request, desk)
    wanted = dict.fromkeys(asked["students"], "student") | {asked["assignee"]: "person"}
    seen = {doc.id: doc.kind for doc in await read.some(conn, env, desk.principal, list(wanted))}
    due = read_date(asked["due"])
    if not asked["students"] or any(seen.get(one) != "student" for one in asked["students"]):
        return _("请至少选一个学生。")
    if seen.get(asked["assignee"]) != "person":
        return _("请选谁去。")
    if await out_of_sight(conn, env, desk.principal.school, asked["assignee"], asked["students"]):
        return _("他的手机上没有这个学生。请选班主任或帮扶责任人。")
    if due is None or due < today:
        return _("请选今天或以后的一天。")
    return ""


async def _duty_page(request: Req, desk: Desk, asked: dict[str, Any], wrong: str = "") -> Response[Any]:
    env = request.app.state.env
    async with request.app.state.db.read() as conn:
        today = await today_of(conn, request, desk)
        pupils = await read.some(conn, env, desk.principal, asked["students"])
        staff = await read.many(conn, env, desk.principal, kind="person", limit=2000)
        context = await shell(conn, desk, "students")
    pupils = [one for one in pupils if one.kind == "student"]
    asked["due"] = asked["due"] or (today + timedelta(days=USUAL_DAYS)).isoformat()
    asked["assignee"] = asked["assignee"] or _teacher_of(pupils, staff)
    context |= {
        "duty": asked,
        "today": today.isoformat(),
        "wrong": wrong,
        "pupils": [{"id": one.id, "label": _label(one)} for one in pupils],
        "people": [
            {"id": one.id, "label": f"{one.fields.get('name')} {roles_text(one.fields.get('roles') or [])}"}
            for one in sorted(staff, key=lambda person: person.fields.get("name") or "")
            if VISITORS & set(one.fields.get("roles") or [])
        ],
    }
    return page(request, "office/duty.html", context, status=422 if wrong else 200)


def _label(pupil: read.VisibleDoc) -> str:
    return f"{pupil.fields.get('name') or ''} {pupil.fields.get('class') or ''}".strip()


def _teacher_of(pupils: list[read.VisibleDoc], staff: list[read.VisibleDoc]) -> str:
    """The class teacher of the first pupil, offered beforehand."""
    wanted = pupils[0].fields.get("class") if pupils else None
    return next((one.id for one in staff if wanted and wanted in (one.fields.get("classes") or [])), "")


def _done(what: str) -> Said | None:
    return Said(_("家访已安排，他的手机下次同步就看得到")) if what == "duty" else None


routes = [
    Router(
        "/office",
        route_handlers=[students, new_duty, create_duty],
        dependencies={"desk": Provide(provide_desk)},
    )
]
