"""The application: a list of features, and what they all share. A newcomer's map of the server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from server import health, phone, problems, static
from server.accounts import account
from server.accounts import pages as account_pages
from server.accounts import views as accounts
from server.accounts.caller import DEPENDENCIES, is_signed_in
from server.body import BODY_LIMIT, Body
from server.db import Database, utcnow
from server.fill import views as fill
from server.gateway import views as gateway
from server.gateway.work import Env
from server.held import views as held
from server.people import views as people
from server.pupils import views as pupils
from server.reminders import views as reminders
from server.render import TEMPLATES, Assets, Render
from server.reviews import views as reviews
from server.roster import views as roster
from server.security import Csrf, Language, add_headers
from server.settings import Settings
from server.vaults import office as unsent
from server.vaults import views as vaults
from sync.forms import load_forms

FEATURES = [
    health.routes,
    static.routes,
    phone.routes,  # /app/, /sw.js: the phone's own server starts here
    accounts.routes,  # /session
    account_pages.routes,  # /login, /logout
    account.routes,  # /account: one's own devices and schools
    gateway.routes,  # /sync
    vaults.routes,  # /vault, /sync/sealed: for phones that are locked, lost or revoked
    reminders.routes,  # /push/key, /push/subscription
    reviews.routes,  # /office/, /office/records/…, /office/settle
    held.routes,  # /office/held: what could not be taken
    roster.routes,  # /office/import
    people.routes,  # /office/people
    unsent.routes,  # /office/unsent: files of unsent work
    fill.routes,  # /fill/: forms online
    pupils.routes,  # /office/students, /office/duties
]


def create_app(settings: Settings, *, clock: Callable[[], datetime] = utcnow) -> Litestar:
    """The server as these settings want it; `clock` is the only source of time that handlers use.

    `app.state` has `settings`, `clock`, `db`, `forms`, `render`, and `env` for the gateway. Raises FormError
    when a form definition has a fault.
    """
    state = State()
    state.settings = settings
    state.clock = clock
    state.db = Database(settings.database_url)
    state.forms = load_forms(TEMPLATES / "forms")
    state.render = Render(Assets())
    state.env = Env(state.forms, clock)
    return Litestar(
        route_handlers=[route for routes in FEATURES for route in routes],
        state=state,
        dependencies=DEPENDENCIES,
        middleware=[Language(), Body(settings.body_seconds), Csrf(is_signed_in)],
        before_send=[add_headers],
        exception_handlers=problems.HANDLERS,
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=6),
        request_max_body_size=BODY_LIMIT,
        lifespan=[_closing],
        logging_config=None,
        openapi_config=OpenAPIConfig(title="Zoufang", version="1", render_plugins=[JsonRenderPlugin()]),
    )


@asynccontextmanager
async def _closing(app: Litestar) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        await app.state.db.close()
