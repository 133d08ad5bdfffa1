"""What a phone needs of the server before its own worker answers: the worker, the manifest, and a boot page.

Every address below `/app/` belongs to the worker. The server only answers there when there is none yet, with
a page that installs it, or says why this browser can't and where the online forms are.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from server.access import load_principal
from server.accounts.caller import at_desk, current_session, school_asked_for
from server.accounts.sessions import Session
from server.static import ASK_FIRST, built_file
from server.text import _, language

GROUND = "#e9eeec"  # the page's ground, as in pwa/style/tokens.css


@get("/")
async def front_door(request: Request[Any, Any, Any]) -> Redirect:
    """To the office for who is signed in at a desk and works there, to the phone's app for everyone else."""
    session = await at_desk(request, await current_session(request))
    return Redirect(await home_of(request, session) if session else "/app/", status_code=303)


async def home_of(request: Request[Any, Any, Any], session: Session) -> str:
    """Where a person begins: `/office/` for who reviews or imports, `/app/` for everyone else."""
    async with request.app.state.db.read() as conn:
        school = await school_asked_for(conn, request, session)
        principal = await load_principal(conn, session.user, school)
    at_office = principal and (principal.may("office.review") or principal.may("office.import"))
    return "/office/" if at_office else "/app/"


@get(["/app", "/app/", "/app/{path:path}"])
async def boot(request: Request[Any, Any, Any]) -> Response[str]:
    """The page that installs the worker, the same for every address."""
    page = request.app.state.render.page("app/boot.html")
    page.headers["Cache-Control"] = ASK_FIRST
    return page


@get("/rescue")
async def rescue(request: Request[Any, Any, Any]) -> Response[str]:
    """The page for the day the app does not open; outside the worker's scope, so that none can break it."""
    return request.app.state.render.page("app/rescue.html")


@get("/sw.js")
async def worker(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The worker itself; browsers ask for it again and again, so it is never kept."""
    return built_file(request, "sw.js", ASK_FIRST, {"Service-Worker-Allowed": "/app/"})


@get("/manifest.webmanifest")
async def manifest(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """What the home screen shows."""
    asset = request.app.state.render.assets.url
    content = {
        "id": "/app/",
        "name": _("走访"),
        "short_name": _("走访"),
        "lang": language(),
        "start_url": "/app/",
        "scope": "/app/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "icons": [
            {"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": asset("icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {
                "src": asset("icon-512.png"),
                "sizes": "512x512",
                "type": "image/png",
                "purpose": "any maskable",
            },
        ],
    }
    return Response(content, media_type="application/manifest+json", headers={"Cache-Control": ASK_FIRST})


routes = [front_door, boot, rescue, worker, manifest]
