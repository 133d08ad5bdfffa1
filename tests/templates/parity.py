"""Rendering the same template with both engines, and reading what came out as a browser would."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast
from xml.etree.ElementTree import Element

import html5lib
from jinja2 import Environment

from server.render import Assets, Render

ROOT = Path(__file__).parents[2]


def jinja() -> Environment:
    """The server's environment; assets keep their names, as there may be no bundle."""
    env = Render(Assets(ROOT / "no-bundle")).env
    cast("dict[str, Any]", env.globals)["asset"] = lambda name: f"/static/{name}"
    return env


def by_jinja(cases: list[dict[str, Any]]) -> list[str]:
    env = jinja()
    return [env.from_string(case["source"]).render(**case["context"]) for case in cases]


def by_nunjucks(cases: list[dict[str, Any]]) -> list[str]:
    return run_node("tests/templates/nunjucks_render.mjs", json.dumps(cases))


def app_pages() -> list[dict[str, Any]]:
    """What the phone's pages were rendered from and into: [{template, context, html}]."""
    return run_node("tests/templates/app_pages.mjs")


def run_node(script: str, given: str = "") -> Any:
    """What a script prints as JSON."""
    node = shutil.which("node") or str(ROOT / ".make/bin/node")
    done = subprocess.run([node, script], input=given, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def dom(html: str) -> Any:
    """The page as nested tuples; runs of white space count as one, and none between elements."""
    if "<html" in html:
        return _tuple(html5lib.parse(html, namespaceHTMLElements=False))
    return _tuple(html5lib.parseFragment(html, namespaceHTMLElements=False))


def _tuple(element: Element) -> Any:
    attributes = tuple(sorted((name, " ".join(value.split())) for name, value in element.attrib.items()))
    children: list[Any] = [_text(element.text)]
    for child in element:
        if isinstance(child.tag, str):
            children.append(_tuple(child))
        children.append(_text(child.tail))
    return (element.tag, attributes, [child for child in children if child])


def _text(text: str | None) -> str:
    return " ".join((text or "").split())
