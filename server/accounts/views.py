"""`/session`, as the sync protocol has it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from server.access import load_principal, schools_of
from server.accounts.caller import SCHOOL_HEADER, current_session, school_asked_for
from server.accounts.devices import device_of
from server.accounts.sessions import Session, end_session, find_session, open_session
from server.accounts.signin import sign_in
from server.db import new_id
from server.gateway.owner import is_anothers
from server.problems import Problem, not_found
from server.security import CSRF_COOKIE, SESSION_COOKIE, cookie, csrf_of, is_signed, new_csrf

UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
VISITOR_SECONDS = 7 * 24 * 3600


class SignIn(msgspec.Struct):
    """What a phone sends to sign in. `client` is its local database's id, if it has one already."""

    phone: Annotated[str, msgspec.Meta(max_length=40)]
    password: Annotated[str, msgspec.Meta(max_length=1024)]
    device: Annotated[str, msgspec.Meta(max_length=400)] = ""
    client: Annotated[str, msgspec.Meta(pattern=UUID)] | None = None


@post("/session", status_code=201)
async def create_session(request: Request[Any, Any, Any], data: JSONBody[SignIn]) -> Response[dict[str, Any]]:
    """Sign in: sets the session's cookie and answers who that is, with a delivery token for the client."""
    named = msgspec.structs.replace(data, device=device_of(request, data.device))
    token, session, delivery = await start(request, named)
    answer = await describe(request, session)
    if delivery:
        answer["delivery"] = delivery
    return Response(answer, status_code=201, cookies=signed_in_cookies(request, token))


@get("/session")
async def show_session(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Who is signed in; otherwise 401 with the token that signing in needs."""
    session = await current_session(request)
    if session is None:
        csrf, cookies = visitor(request)
        raise Problem(401, "unauthenticated", csrf=csrf, cookies=cookies)
    answer = await describe(request, session)
    return Response(answer, cookies=[_csrf_cookie(request, session.csrf)])


@delete("/session", status_code=204)
async def delete_session(request: Request[Any, Any, Any]) -> Response[None]:
    """Sign out. Someone who is signed out already is so again."""
    return Response(None, status_code=204, cookies=await stop(request))


async def start(request: Request[Any, Any, Any], data: SignIn) -> tuple[str, Session, str | None]:
    """Check the password and begin a session in place of the one that this browser may have had."""
    state = request.app.state
    now = state.clock()
    address = request.client.host if request.client else ""
    user = await sign_in(state.db, phone=data.phone, password=data.password, address=address, now=now)
    old = await current_session(request)
    async with state.db.write() as conn:
        if old:
            await end_session(conn, old.id, now)
        client = data.client
        if client and await is_anothers(conn, client, user):
            # With a pass for it, what was sealed as another's would be opened as this user's.
            client = new_id()
        token, delivery = await open_session(
            conn, state.settings, user, client=client, school=None, device=data.device, now=now
        )
    session = await _find(request, token)
    return token, session, delivery if client == data.client else None


async def stop(request: Request[Any, Any, Any]) -> list[Cookie]:
    """End the session, if there is one. Returns the cookies that say so to the browser."""
    session = await current_session(request)
    if session:
        async with request.app.state.db.write() as conn:
            await end_session(conn, session.id, request.app.state.clock())
    return [cookie(request, SESSION_COOKIE, "", 0), cookie(request, CSRF_COOKIE, "", 0, script=True)]


async def describe(request: Request[Any, Any, Any], session: Session) -> dict[str, Any]:
    """Who that is, at which school, and which others there are: {"user", "school", "schools", "csrf"}.

    `school` is null and `roles` empty for someone whose roles were all revoked.
    """
    async with request.app.state.db.glance() as conn:
        school = await school_asked_for(conn, request, session)
        principal = await load_principal(conn, session.user, school)
        schools = await schools_of(conn, session.user)
    if SCHOOL_HEADER in request.headers and school not in [known["id"] for known in schools]:
        raise not_found()
    name = principal.name if principal and principal.name else session.name
    roles = sorted(principal.roles) if principal else []
    return {
        "user": {"id": session.user, "name": name, "roles": roles},
        "school": school or None,
        "schools": schools,
        "csrf": session.csrf,
    }


def visitor(request: Request[Any, Any, Any]) -> tuple[str, list[Cookie]]:
    """The CSRF token of someone who is not signed in, and the cookies for it; a good one stays as it is."""
    settings = request.app.state.settings
    known = request.cookies.get(CSRF_COOKIE, "")
    csrf = known if is_signed(known, settings) else new_csrf(settings)
    cookies = [cookie(request, CSRF_COOKIE, csrf, VISITOR_SECONDS, script=True)]
    if SESSION_COOKIE in request.cookies:
        cookies.append(cookie(request, SESSION_COOKIE, "", 0))
    return csrf, cookies


def signed_in_cookies(request: Request[Any, Any, Any], token: str) -> list[Cookie]:
    """The session's cookie and the CSRF token that goes with it."""
    settings = request.app.state.settings
    seconds = settings.session_max_days * 24 * 3600
    return [
        cookie(request, SESSION_COOKIE, token, seconds),
        _csrf_cookie(request, csrf_of(token, settings)),
    ]


def _csrf_cookie(request: Request[Any, Any, Any], csrf: str) -> Cookie:
    seconds = request.app.state.settings.session_max_days * 24 * 3600
    return cookie(request, CSRF_COOKIE, csrf, seconds, script=True)


async def _find(request: Request[Any, Any, Any], token: str) -> Session:
    state = request.app.state
    csrf = csrf_of(token, state.settings)
    async with state.db.read() as conn:
        session = await find_session(conn, state.settings, token, csrf, state.clock())
    if session is None:
        raise Problem(401, "unauthenticated")
    return session


routes = [create_session, show_session, delete_session]
