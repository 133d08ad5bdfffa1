"""Who is asking: the dependencies `session` and `principal` of every handler that names them.

Without a live session a script gets a 401 problem and a browser is led to the sign-in page (server.problems).
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.types import Dependencies
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, load_principal, schools_of
from server.accounts.sessions import (
    SEEN_EVERY,
    Delivery,
    Session,
    find_delivery,
    find_session,
    is_apps,
    saw,
    verify_delivery,
)
from server.problems import Problem, not_found
from server.security import SESSION_COOKIE, csrf_of

SCHOOL_HEADER = "x-school"
DELIVERY = "Delivery "


async def current_session(request: Request[Any, Any, Any]) -> Session | None:
    """The live session that the request's cookie names, noted as seen."""
    async with request.app.state.db.glance() as conn:
        session = await session_of(conn, request)
    if session:
        await note_seen(request, session)
    return session


async def session_of(conn: AsyncConnection, request: Request[Any, Any, Any]) -> Session | None:
    """The live session that the request's cookie names; the caller has it noted as seen."""
    token, state = request.cookies.get(SESSION_COOKIE), request.app.state
    if not token:
        return None
    return await find_session(conn, state.settings, token, csrf_of(token, state.settings), state.clock())


async def is_signed_in(request: Request[Any, Any, Any]) -> bool:
    """Whether the request's cookie names a live session; it is not noted as seen."""
    async with request.app.state.db.glance() as conn:
        return await session_of(conn, request) is not None


async def note_seen(request: Request[Any, Any, Any], session: Session) -> None:
    """Note that a session is in use, now and then."""
    state = request.app.state
    if state.clock() - session.seen > SEEN_EVERY:
        async with state.db.write() as conn:
            await saw(conn, session.id, state.clock())


async def provide_session(request: Request[Any, Any, Any]) -> Session:
    """The session, or Problem 401."""
    session = await current_session(request)
    if session is None:
        raise Problem(401, "unauthenticated")
    return session


async def at_desk(request: Request[Any, Any, Any], session: Session | None) -> Session | None:
    """The session if somebody signed in on the sign-in page: what the server's own pages are open to.

    The app's session stays in a phone's browser while the vault is locked, and while others use the phone.
    """
    if session is None:
        return None
    async with request.app.state.db.read() as conn:
        return None if await is_apps(conn, session) else session


async def provide_desk_session(request: Request[Any, Any, Any]) -> Session:
    """The session of who is on the server's pages, or Problem 401."""
    session = await at_desk(request, await provide_session(request))
    if session is None:
        raise Problem(401, "unauthenticated")
    return session


def delivery_token(request: Request[Any, Any, Any]) -> str | None:
    """The token of `Authorization: Delivery …`, None for a request that comes without that."""
    header = request.headers.get("authorization", "")
    return header.removeprefix(DELIVERY).strip() if header.startswith(DELIVERY) else None


async def provide_delivery(
    conn: AsyncConnection, request: Request[Any, Any, Any], *, over: bool = False
) -> Delivery:
    """What the request's delivery token allows, or Problem 401; `over`: one too that allows no push any more.

    A phone that was switched off for months may push no more, and must still hear that it was revoked.
    """
    state, token = request.app.state, delivery_token(request)
    if over:
        found = await find_delivery(conn, state.settings, token) if token else None
    else:
        found = await verify_delivery(conn, state.settings, token, state.clock()) if token else None
    if found is None:
        raise Problem(401, "unauthenticated")
    return found


async def provide_principal(request: Request[Any, Any, Any], session: NamedDependency[Session]) -> Principal:
    """The person at the school that the request is about.

    Raises Problem 404 for a school that is not the person's, whether it exists or not; 403 for someone who
    has no role at any school.
    """
    async with request.app.state.db.glance() as conn:
        school = await school_asked_for(conn, request, session)
        principal = await load_principal(conn, session.user, school)
    if principal is None or not principal.roles:
        raise not_found() if SCHOOL_HEADER in request.headers else Problem(403, "forbidden")
    return principal


async def school_asked_for(conn: Any, request: Request[Any, Any, Any], session: Session) -> str:
    """The id in X-School, else the session's own choice as long as it holds, else the person's first school.

    "" for someone who belongs to none. What the header says is not checked here.
    """
    asked = request.headers.get(SCHOOL_HEADER)
    if asked:
        return asked
    own = [school["id"] for school in await schools_of(conn, session.user)]
    return session.school if session.school in own else next(iter(own), "")


DEPENDENCIES: Dependencies = {
    "session": Provide(provide_session),
    "principal": Provide(provide_principal),
}
