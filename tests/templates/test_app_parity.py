"""The phone's pages, rendered by Jinja from the same view-models, are the pages that the worker made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.templates.parity import ROOT, app_pages, dom, jinja

ON_THE_SERVER_ONLY = {"app/boot.html", "app/rescue.html"}


@pytest.fixture(scope="module")
def pages() -> list[dict[str, Any]]:
    """Every page of a walk over a filled phone and over an empty one."""
    return app_pages()


def test_both_engines_make_the_same_page(pages):
    env = jinja()
    for page in pages:
        html = env.get_template(page["template"]).render(**page["context"])
        assert dom(html) == dom(page["html"]), page["template"]


def test_the_walk_reaches_every_template(pages):
    folder = ROOT / "templates"
    sources = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.html")
    }
    reached = {page["template"] for page in pages}
    while more := {
        name
        for name in sources
        if name not in reached and any(f'"{name}"' in sources[other] for other in reached)
    }:
        reached |= more
    assert {name for name in sources if name.startswith("app/")} - reached - ON_THE_SERVER_ONLY == set()
