"""What every request passes before a handler sees it, and what every reply carries."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from server.problems import Problem
from server.settings import Settings
from server.text import use_language

log = logging.getLogger("zoufang")

SESSION_COOKIE = "session"
CSRF_COOKIE = "csrftoken"
CSRF_HEADER = "x-csrftoken"
CSRF_FIELD = "csrf"
IsLive = Callable[[Request[Any, Any, Any]], Awaitable[bool]]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")

# Without require-trusted-types-for: htmx 4 hands replies to Document.parseHTMLUnsafe as plain strings, which
# it then refuses (tried in Chromium). A policy passing every string would protect nothing.
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # what may be kept says so itself
}
HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_HTTP = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_HTTPS = [*_HTTP, *((name.lower().encode(), value.encode()) for name, value in HSTS.items())]


async def add_headers(message: Message, scope: Scope) -> None:
    """Security headers on every reply, errors and static files too."""
    if message["type"] != "http.response.start":
        return
    settings: Settings = scope["litestar_app"].state.settings
    https = scope.get("scheme") == "https" or settings.base_url.startswith("https://")
    given = list(message.get("headers", ()))
    known = {name.lower() for name, _ in given}
    message["headers"] = given + [pair for pair in (_HTTPS if https else _HTTP) if pair[0] not in known]


class Language(ASGIMiddleware):
    """The reader's language, from what the browser says it prefers."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Set the language for everything below."""
        headers = {name: value for name, value in scope["headers"] if name == b"accept-language"}
        use_language(headers.get(b"accept-language", b"").decode("latin-1"))
        await next_app(scope, receive, send)


class Csrf(ASGIMiddleware):
    """What changes something must carry a token, and come from our own pages where its origin is told.

    The token is the session's (derived from the session's secret, so that nothing has to be looked up), or
    before sign-in the signed value of the cookie `csrftoken`. It comes in the header X-CSRFToken or the
    field `csrf`. A phone whose cookie names a session that is over is told that, 401: without a live session
    there is nothing to protect, and a new token would not help it.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, is_live: IsLive) -> None:
        """`is_live` says whether a request's cookie names a session that lives."""
        self._is_live = is_live

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request through or raise 403 `csrf`."""
        request: Request[Any, Any, Any] = Request(scope, receive)
        # Another site can't make a browser send this header without asking us first, which we never answer.
        by_delivery = request.headers.get("authorization", "").startswith("Delivery ")
        if request.method not in SAFE_METHODS and not by_delivery:
            settings: Settings = request.app.state.settings
            if not same_origin(request, settings):
                seen = [request.headers.get(name) for name in ("origin", "host", "sec-fetch-site")]
                log.warning("refused: origin %s, host %s, site %s; behind a proxy set BASE_URL", *seen)
                raise Problem(403, "csrf")
            token = request.headers.get(CSRF_HEADER) or await _field(request)
            if not _is_expected(token, request, settings):
                phone = request.url.path in ("/sync", "/sync/sealed") and SESSION_COOKIE in request.cookies
                if phone and not await self._is_live(request):
                    raise Problem(401, "unauthenticated")
                raise Problem(403, "csrf")
        await next_app(scope, receive, send)


async def _field(request: Request[Any, Any, Any]) -> str:
    """The token in a form; the parsed form is kept for the handler. Visitors upload nothing."""
    kind = request.content_type[0]
    upload = kind == "multipart/form-data" and SESSION_COOKIE in request.cookies
    if not upload and kind != "application/x-www-form-urlencoded":
        return ""
    value = (await request.form()).get(CSRF_FIELD)
    return value if isinstance(value, str) else ""


def _is_expected(token: str, request: Request[Any, Any, Any], settings: Settings) -> bool:
    session = request.cookies.get(SESSION_COOKIE)
    if session and hmac.compare_digest(token.encode(), csrf_of(session, settings).encode()):
        return True
    if session and request.url.path not in ("/session", "/login"):
        return False
    # Signing in with a dead session's cookie still in the browser goes by the token of who is not signed in.
    cookie = request.cookies.get(CSRF_COOKIE, "")
    return hmac.compare_digest(token.encode(), cookie.encode()) and is_signed(token, settings)


def same_origin(request: Request[Any, Any, Any], settings: Settings) -> bool:
    """Whether nothing says that another site made this request. Without any word on it, the token decides."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None or (settings.base_url and origin == settings.base_url):
        return True
    host = request.headers.get("host", "")
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()


def _mac(settings: Settings, purpose: str, value: str) -> str:
    key = hashlib.sha256(f"{purpose}\0{settings.secret_key}".encode()).digest()
    return hmac.digest(key, value.encode(), "sha256").hex()


def csrf_of(session_token: str, settings: Settings) -> str:
    """The CSRF token that belongs to a session."""
    return _mac(settings, "csrf-session", session_token)


def new_csrf(settings: Settings) -> str:
    """A CSRF token for someone who is not signed in."""
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_mac(settings, 'csrf-visitor', nonce)}"


def is_signed(token: str, settings: Settings) -> bool:
    """Whether a visitor's token was made here: a cookie planted by a neighbour site is worth nothing."""
    nonce, _, signature = token.partition(".")
    return bool(nonce) and hmac.compare_digest(
        signature.encode(), _mac(settings, "csrf-visitor", nonce).encode()
    )


def cookie(
    request: Request[Any, Any, Any], key: str, value: str, seconds: int, *, script: bool = False
) -> Cookie:
    """A cookie for the whole site; `script` makes it readable there. `seconds` 0 takes it away.

    Secure except on this machine itself: elsewhere a password must not travel in the clear.
    """
    https = request.url.scheme == "https" or request.app.state.settings.base_url.startswith("https://")
    local = request.url.hostname in ("localhost", "127.0.0.1", "::1")
    return Cookie(
        key=key,
        value=value,
        max_age=seconds,
        path="/",
        httponly=not script,
        secure=https or not local,
        samesite="lax",
    )
