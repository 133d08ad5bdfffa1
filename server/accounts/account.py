"""`/account`: one's own devices, and the school that the server's pages are about (for who has several)."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import URLEncodedBody
from litestar.response import Redirect

from server.access import schools_of
from server.accounts.caller import provide_desk_session, school_asked_for
from server.accounts.devices import ENDED_SHOWN, Device, list_devices, list_ended
from server.accounts.sessions import Session, choose_school
from server.problems import not_found
from server.schools import ZONE, get_school
from server.text import _
from server.vaults.shares import lease_days, revoke, what_became, what_ending_does
from server.when import moment


@get()
async def account(request: Request[Any, Any, Any], session: NamedDependency[Session]) -> Response[str]:
    """Where one is signed in, each with a button that ends it."""
    state = request.app.state
    async with state.db.read() as conn:
        devices = await list_devices(conn, state.settings, [session.user], state.clock())
        ended = await list_ended(conn, session.user, state.clock() - ENDED_SHOWN)
        schools = await schools_of(conn, session.user)
        days = await lease_days(conn, session.user)
        here = await school_asked_for(conn, request, session)
        school = await get_school(conn, here)
    zone = ZoneInfo(school.tz if school else ZONE)
    return state.render.page(
        "office/account.html",
        csrf=session.csrf,
        name=session.name,
        ends=what_ending_does(days),
        schools=[{**known, "on": known["id"] == here} for known in schools],
        devices=[
            {
                "id": device.id,
                "device": device.device or _("浏览器"),
                "seen": moment(device.seen, zone),
                "since": moment(device.created, zone),
                "live": device.live,
                "here": _is_here(device, session),
            }
            for device in devices
        ],
        ended=[
            {
                "device": device.device or _("浏览器"),
                "at": moment(device.revoked, zone),
                "state": what_became(device, days, zone),
            }
            for device in ended
        ],
    )


def _is_here(device: Device, session: Session) -> bool:
    """Whether ending it would end the device in one's hand; an earlier session may still live on it."""
    same = session.device_id is not None and device.device_id == session.device_id
    return same or device.id == session.id


@post("/end", status_code=303)
async def end_own(
    request: Request[Any, Any, Any], session: NamedDependency[Session], data: URLEncodedBody[dict[str, str]]
) -> Redirect:
    """End one of one's own sessions; somebody else's is not found."""
    state = request.app.state
    async with state.db.write() as conn:
        devices = await list_devices(conn, state.settings, [session.user], state.clock())
        if data.get("session") not in [device.id for device in devices]:
            raise not_found()
        await revoke(conn, data["session"], state.clock())
    return Redirect("/account", status_code=303)


@post("/school", status_code=303)
async def switch_school(
    request: Request[Any, Any, Any], session: NamedDependency[Session], data: URLEncodedBody[dict[str, str]]
) -> Redirect:
    """Turn the server's pages to another of one's schools."""
    async with request.app.state.db.write() as conn:
        own = [school["id"] for school in await schools_of(conn, session.user)]
        if data.get("school") not in own:
            raise not_found()
        await choose_school(conn, session.id, data["school"])
    return Redirect("/", status_code=303)


routes = [
    Router(
        "/account",
        route_handlers=[account, end_own, switch_school],
        dependencies={"session": Provide(provide_desk_session)},
    )
]
