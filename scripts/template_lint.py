"""Holds templates to what two engines read alike (templates/SUBSET.md), and all of them to the strict CSP.

python -m scripts.template_lint [folder]   one line a fault; 1 when there is any
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, nodes

from scripts import sources
from server.filters import FILTERS

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
TWICE_READ = ("app/", "shared/")
"""Folders whose templates the worker renders too."""

ALLOWED_FILTERS = {*FILTERS, "length", "default"}
ALLOWED_TESTS = {"defined", "none"}
METHODS = {*dir(dict), "length"}
"""What a dict or an array has of its own, so that a key of that name is not reached."""

FORBIDDEN_NODES: dict[type[nodes.Node], str] = {
    nodes.Slice: "slices differ",
    nodes.AssignBlock: "a set block escapes twice",
    nodes.FilterBlock: "filter blocks are missing in nunjucks",
    nodes.With: "`with` is missing in nunjucks",
    nodes.Concat: "`~` with a macro escapes twice: use two outputs or +",
    nodes.Mod: "`%` differs for negative numbers",
    nodes.FloorDiv: "`//` differs",
    nodes.Pow: "`**` differs",
    nodes.ScopedEvalContextModifier: "autoescape stays on",
    nodes.NSRef: "namespace is missing in nunjucks",
}
MARKUP_FAULTS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\sstyle\s*=", re.I), "style attribute (the CSP forbids it)"),
    (re.compile(r"<style\b", re.I), "inline style"),
    (re.compile(r"\shx-on", re.I), "hx-on needs eval"),
    (re.compile(r"\son[a-z]+\s*=", re.I), "inline event handler"),
    (re.compile(r"\bjs:|javascript:", re.I), "js: needs eval"),
    (re.compile(r"hx-trigger\s*=\s*[\"'][^\"']*\[", re.I), "a filter in hx-trigger needs eval"),
    (re.compile(r"<script\b(?![^>]*\ssrc\s*=)", re.I), "inline script"),
]


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong and where."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def lint(folder: Path) -> list[Fault]:
    """All faults of the templates below a folder, in order."""
    env = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)
    trees: dict[str, nodes.Template] = {}
    faults: list[Fault] = []
    for file in sorted(folder.rglob("*.html")):
        name = file.relative_to(folder).as_posix()
        source = file.read_text("utf-8")
        try:
            trees[name] = env.parse(source, name)
        except TemplateSyntaxError as error:
            faults.append(Fault(name, error.lineno, f"syntax: {error.message}"))
            continue
        faults += everywhere(name, trees[name], source)
    twice = {name: tree for name, tree in trees.items() if name.startswith(TWICE_READ)}
    lists = {key for tree in twice.values() for loop in tree.find_all(nodes.For) if (key := _key(loop.iter))}
    for name, tree in twice.items():
        faults += [Fault(name, line, message) for line, message in subset(tree, lists)]
    return sorted(set(faults))


def everywhere(name: str, tree: nodes.Template, source: str) -> Iterator[Fault]:
    """Rules for every template: no `safe`, nothing inline, no words outside the catalogue."""
    for node in tree.find_all(nodes.Filter):
        if node.name in ("safe", "forceescape"):
            yield Fault(name, node.lineno, f"|{node.name}: everything is escaped, once")
    for data in tree.find_all(nodes.TemplateData):
        for pattern, message in MARKUP_FAULTS:
            for found in pattern.finditer(" " + data.data):
                line = data.lineno + data.data.count("\n", 0, max(0, found.start()))
                yield Fault(name, line, message)
    for words in sources.template(name, source):
        if not words.marked:
            yield Fault(name, words.line, f"not through _('…'): {words.text[:40]}")


def subset(tree: nodes.Template, lists: set[str]) -> Iterator[tuple[int, str]]:
    """Rules for what both engines read. ``lists``: names that some template loops over."""
    modules = {node.target for node in tree.find_all(nodes.Import)}
    for node in tree.find_all(nodes.Node):
        for kind, message in FORBIDDEN_NODES.items():
            if isinstance(node, kind):
                yield node.lineno, message
        yield from _names(node, modules)
        if isinstance(node, nodes.For):
            yield from _loop(node)
        for test in _conditions(node):
            if (key := _key(test)) in lists:
                yield node.lineno, f"an empty list is true in nunjucks: {key.lstrip('.')}|length"


def _names(node: nodes.Node, modules: set[str]) -> Iterator[tuple[int, str]]:
    """Filters, tests, attributes and calls that both engines know alike."""
    if isinstance(node, nodes.Filter) and node.name not in ALLOWED_FILTERS:
        yield node.lineno, f"filter {node.name} is not in the subset"
    if isinstance(node, nodes.Test) and node.name not in ALLOWED_TESTS:
        yield node.lineno, f"test {node.name} is not in the subset"
    if isinstance(node, nodes.Getattr) and node.attr in METHODS:
        yield node.lineno, f".{node.attr} is a method somewhere: choose another key"
    if isinstance(node, nodes.Call):
        callee = node.node
        of_module = (
            isinstance(callee, nodes.Getattr)
            and isinstance(callee.node, nodes.Name)
            and callee.node.name in modules
        )
        if isinstance(callee, nodes.Getattr) and not of_module:
            yield node.lineno, f"no methods: .{callee.attr}()"
        if node.dyn_args or node.dyn_kwargs:
            yield node.lineno, "no * or ** in calls"
        if isinstance(callee, nodes.Name) and callee.name in (
            "namespace",
            "range",
            "dict",
            "cycler",
            "joiner",
        ):
            yield node.lineno, f"{callee.name}() is not in the subset"


def _loop(node: nodes.For) -> Iterator[tuple[int, str]]:
    if node.test is not None:
        yield node.lineno, "for … if yields nothing in nunjucks"
    if node.recursive:
        yield node.lineno, "recursive loops are missing in nunjucks"
    for inner in node.body:
        for assign in [inner] if isinstance(inner, nodes.Assign) else inner.find_all(nodes.Assign):
            yield assign.lineno, "set inside a loop leaks in nunjucks"


def _conditions(node: nodes.Node) -> Iterator[nodes.Node]:
    """What a node asks to be true or false."""
    if isinstance(node, nodes.If | nodes.CondExpr):
        yield node.test
    elif isinstance(node, nodes.And | nodes.Or):
        yield from (node.left, node.right)
    elif isinstance(node, nodes.Not):
        yield node.node


def _key(node: nodes.Node) -> str | None:
    """`a` of `a`, `.b` of `a.b`: what stands for the same thing wherever it is read."""
    if isinstance(node, nodes.Name):
        return node.name
    return f".{node.attr}" if isinstance(node, nodes.Getattr) else None


def main(argv: list[str]) -> int:
    """Print each fault of the templates, or of the named folder; 1 when there is any."""
    faults = lint(Path(argv[0]) if argv else TEMPLATES)
    for fault in faults:
        print(f"templates/{fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
