"""`/static/…`: what the bundler built. Names with a hash in them may be kept for ever."""

from __future__ import annotations

import hashlib
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from server.problems import not_found
from server.render import Assets

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"


@get("/static/{name:str}")
async def static_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """One built file; folders and other names are not found."""
    assets: Assets = request.app.state.render.assets
    return built_file(request, name, FOR_EVER if assets.is_hashed(name) else ASK_FIRST)


def built_file(
    request: Request[Any, Any, Any], name: str, caching: str, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """A file of the bundle with an ETag. Raises Problem 404 for what is not there or not of a known type."""
    assets: Assets = request.app.state.render.assets
    path = assets.folder / name
    if path.parent != assets.folder or path.suffix not in TYPES or not path.is_file():
        raise not_found()
    content = path.read_bytes()
    tag = f'W/"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"Cache-Control": caching, "ETag": tag, **(headers or {})}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    return Response(content, media_type=TYPES[path.suffix], headers=headers)


routes = [static_file]
