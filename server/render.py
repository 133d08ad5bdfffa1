"""Jinja: everything that makes HTML on the server, set up as the worker's engine is (templates/SUBSET.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response

from server import filters
from server.paths import folder
from server.text import _, language

TEMPLATES = folder("templates")
DIST = folder("pwa/dist")


class Assets:
    """What the bundler made: `manifest.json` maps names in the source ("page.js") to hashed file names."""

    def __init__(self, folder: Path = DIST) -> None:
        self.folder = folder
        self._read: tuple[int, dict[str, str]] = (-1, {})

    def names(self) -> dict[str, str]:
        """Source name → built name. Read again when the bundle was built anew; empty while there is none."""
        manifest = self.folder / "manifest.json"
        try:
            stamp = manifest.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        if stamp != self._read[0]:
            self._read = (stamp, json.loads(manifest.read_text("utf-8")))
        return self._read[1]

    def url(self, name: str) -> str:
        """Address of a built file; an unknown name gets one that answers 404 rather than a broken page."""
        return "/static/" + self.names().get(name, name)

    def is_hashed(self, built: str) -> bool:
        """Whether the file's name changes with its content, so that it may be kept for ever."""
        return built in self.names().values()


class Render:
    """`render("office/list.html", records=…)` → HTML. Undefined names are errors, everything is escaped."""

    def __init__(self, assets: Assets, folder: Path = TEMPLATES) -> None:
        self.assets = assets
        self.env = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self.env.filters.update(filters.FILTERS)
        names: dict[str, Any] = {"_": _, "asset": assets.url, "language": language}
        cast("dict[str, Any]", self.env.globals).update(names)

    def __call__(self, template: str, /, **context: Any) -> str:
        """The template with its context, as text."""
        return self.env.get_template(template).render(**context)

    def page(self, template: str, /, *, status: int = 200, **context: Any) -> Response[str]:
        """The template as a reply. Pages carry personal data: nothing on the way may keep them."""
        headers = {"Cache-Control": "private, no-store", "Vary": "Cookie, HX-Request, Accept-Language"}
        body = self(template, **context)
        return Response(body, media_type=MediaType.HTML, status_code=status, headers=headers)
