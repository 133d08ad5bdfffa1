"""The office's shell: who sits at the desk, what the navigation offers, how a page is put together."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import ROLE_TITLES, Principal
from server.accounts.caller import at_desk
from server.accounts.sessions import Session
from server.gateway import read
from server.gateway.work import DISPUTED
from server.problems import Problem, not_found
from server.schools import School, get_school, schools
from server.text import _

Context = dict[str, Any]


class Desk(msgspec.Struct, frozen=True):
    """Who acts, and as which client: each signed-in session on the server's pages is one."""

    principal: Principal
    client: str
    device: str
    csrf: str


async def provide_desk(
    request: Request[Any, Any, Any], principal: NamedDependency[Principal], session: NamedDependency[Session]
) -> Desk:
    """The desk of the request, or Problem 401 for who is signed in only in the phone's app."""
    if await at_desk(request, session) is None:
        raise Problem(401, "unauthenticated")
    return Desk(principal, session.client, session.device, session.csrf)


def require(desk: Desk, *what: str) -> None:
    """404 for someone whose roles may do none of these: the office's pages tell nothing to others."""
    if not any(desk.principal.may(one) for one in what):
        raise not_found()


class Said(msgspec.Struct, frozen=True):
    """One line at the top of a page, about what was just done; `kind` is "ok" or "warn"."""

    text: str
    kind: str = "ok"

    @property
    def icon(self) -> str:
        """The icon beside the words."""
        return "check" if self.kind == "ok" else "warn"


async def school_of(conn: AsyncConnection, desk: Desk) -> School:
    """The school at hand. Raises 404 where it is gone."""
    school = await get_school(conn, desk.principal.school)
    if school is None:
        raise not_found()
    return school


async def hold_school(conn: AsyncConnection, desk: Desk) -> None:
    """Let no one else write at this school until the transaction ends: what is read now holds then."""
    await conn.execute(select(schools.c.id).where(schools.c.id == desk.principal.school).with_for_update())


def zone_of(school: School) -> ZoneInfo:
    """The zone in which the school's days are counted."""
    return ZoneInfo(school.tz)


async def today_of(conn: AsyncConnection, request: Request[Any, Any, Any], desk: Desk) -> date:
    """The day that it is at the school."""
    zone = zone_of(await school_of(conn, desk))
    return request.app.state.clock().astimezone(zone).date()


async def shell(conn: AsyncConnection, desk: Desk, on: str, said: Said | None = None) -> Context:
    """What `office/base.html` needs on every page; `on` is the key of the link that is open."""
    who = desk.principal
    school = await school_of(conn, desk)
    titles = [_(ROLE_TITLES[role]) for role in ROLE_TITLES if role in who.roles]
    return {
        "shell": {
            "school": school.name,
            "name": who.name,
            "post": "、".join(titles),
            "nav": await _nav(conn, who),
            "on": on,
        },
        "csrf": desk.csrf,
        "said": said,
    }


async def _nav(conn: AsyncConnection, who: Principal) -> list[Context]:
    waiting = 0
    if who.may("office.review"):
        waiting = await read.count(conn, who, kind="visit", state="submitted")
    undecided = 0
    if who.may("office.settle"):
        undecided = await read.count(conn, who, kind="visit", ref=DISPUTED)
    held = await read.count(conn, who, kind="held", state="waiting") if who.may("office.review") else 0
    work = [
        ("office.review", _link("review", "/office/", "seal", _("审核"), waiting)),
        ("office.settle", _link("settle", "/office/settle", "split", _("待裁定"), undecided)),
        ("office.review", _link("held", "/office/held", "warn", _("未接收"), held)),
        ("office.records", _link("students", "/office/students", "people", _("学生"))),
    ]
    upkeep = [
        ("office.import", _link("import", "/office/import", "inbox", _("名册导入"))),
        ("office.people", _link("people", "/office/people", "user", _("账号与设备"))),
        ("office.unsent", _link("unsent", "/office/unsent", "device", _("补收文件"))),
    ]
    groups = [
        (title, [link for may, link in group if who.may(may)])
        for title, group in (("", work), (_("办公"), upkeep))
    ]
    return [{"title": title, "links": links} for title, links in groups if links]


def _link(key: str, href: str, icon: str, word: str, count: int = 0) -> Context:
    return {"key": key, "href": href, "icon": icon, "word": word, "count": count}


def page(
    request: Request[Any, Any, Any], template: str, context: Context, status: int = 200
) -> Response[str]:
    """The page as a reply."""
    return request.app.state.render.page(template, status=status, **context)
