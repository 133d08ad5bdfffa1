"""`/login` and `/logout` for pages of the server's (the office, online forms), and the list of devices."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect

from server.accounts.caller import at_desk, current_session
from server.accounts.devices import device_of
from server.accounts.sessions import Session
from server.accounts.views import SignIn, signed_in_cookies, start, stop, visitor
from server.phone import home_of
from server.problems import Problem


@get("/login")
async def login_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Response[Any]:
    """The sign-in page; who is signed in already is led on."""
    session = await current_session(request)
    if desk := await at_desk(request, session):
        return Redirect(await landing(request, desk, next), status_code=303)
    return _page(request, session, next=next)


@post("/login")
async def login(request: Request[Any, Any, Any], data: URLEncodedBody[dict[str, str]]) -> Response[Any]:
    """Sign in and go where the person wanted to; otherwise the page again, with the number and the reason."""
    goal = data.get("next", "")
    try:
        typed = {"phone": data.get("phone", ""), "password": data.get("password", "")}
        signin = msgspec.convert({**typed, "device": device_of(request)}, SignIn)
        token, session, _delivery = await start(request, signin)
    except (Problem, msgspec.ValidationError) as error:
        problem = error if isinstance(error, Problem) else Problem(401, "wrong_password")
        if problem.name not in ("wrong_password", "throttled"):
            raise
        before = await current_session(request)
        return _page(request, before, next=goal, phone=data.get("phone", ""), problem=problem)
    target = await landing(request, session, goal)
    return Redirect(target, status_code=303, cookies=signed_in_cookies(request, token))


@post("/logout")
async def logout(request: Request[Any, Any, Any]) -> Redirect:
    """Sign out and show the sign-in page."""
    return Redirect("/login", status_code=303, cookies=await stop(request))


def is_local(path: str) -> bool:
    """Whether a page of ours is meant: a redirect must never lead to another site."""
    parts = urlsplit(path)
    slashes = path.startswith("/") and not path.startswith(("//", "/\\"))
    return slashes and not parts.scheme and not parts.netloc and path.isprintable()


async def landing(request: Request[Any, Any, Any], session: Session, goal: str) -> str:
    """Where a signed-in person goes on: to where they wanted to, else where their work is."""
    if is_local(goal):
        return goal
    home = await home_of(request, session)
    # The phone's app signs in by itself; who signed in on this page wants the server's pages.
    return "/fill/" if home == "/app/" else home


def _page(request: Request[Any, Any, Any], session: Session | None, **context: Any) -> Response[str]:
    """A session that the browser has, as of the phone's app, ends when somebody signs in here, not before."""
    csrf, cookies = (session.csrf, []) if session else visitor(request)
    problem: Problem | None = context.pop("problem", None)
    page = request.app.state.render.page(
        "office/login.html",
        csrf=csrf,
        next=context["next"] if is_local(context["next"]) else "",
        phone=context.get("phone", ""),
        error=problem.title if problem else "",
        status=422 if problem and problem.status == 401 else (problem.status if problem else 200),
    )
    page.cookies += cookies
    if problem:
        page.headers.update(problem.headers)
    return page


routes = [login_page, login, logout]
