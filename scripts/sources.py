"""Where words for people are written: Python, templates and TypeScript, each by its own grammar."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.jslexer import tokenize, unquote_string
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parent.parent
CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
MARKS = ("_", "N_")


@dataclass(frozen=True)
class Words:
    """A piece of Chinese in the source: where, what, and whether `_('…')` marks it for the catalogue."""

    path: str
    line: int
    text: str
    marked: bool


def every() -> Iterator[Words]:
    """All Chinese in the code that makes what people read, file by file."""
    readers = (("server/**/*.py", python), ("sync/**/*.py", python), ("pwa/**/*.ts", typescript))
    for pattern, read in (*readers, ("templates/**/*.html", template)):
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("pwa/dist/"):
                yield from read(name, path.read_text("utf-8"))


def python(path: str, source: str) -> Iterator[Words]:
    """Chinese in string constants; docstrings and comments are for those who read the code."""
    tree = ast.parse(source)
    marked = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS
        for argument in node.args
    }
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
            continue
        if id(node) in marked or CHINESE.search(node.value):
            yield Words(path, node.lineno, node.value, id(node) in marked)


def template(path: str, source: str) -> Iterator[Words]:
    """Chinese in a template: its text and attributes are bare; constants may stand inside `_(…)`."""
    tree = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True).parse(source)
    marked: set[int] = set()
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in MARKS:
            marked |= {id(argument) for argument in call.args}
    for node in tree.find_all(nodes.Const):
        if isinstance(node.value, str) and (id(node) in marked or CHINESE.search(node.value)):
            yield Words(path, node.lineno, node.value, id(node) in marked)
    for data in tree.find_all(nodes.TemplateData):
        if found := CHINESE.search(data.data):
            line = data.lineno + data.data.count("\n", 0, found.start())
            yield Words(path, line, " ".join(data.data[found.start() :].split())[:40], False)


def typescript(path: str, source: str) -> Iterator[Words]:
    """Chinese in string and template literals of TypeScript; comments don't count."""
    before: list[str] = []
    for token in tokenize(source, jsx=False, template_string=True):
        if token.type in ("string", "template_string"):
            inside: tuple[str, ...] = ()
            if token.type == "template_string":
                text, inside = _template_literal(token.value[1:-1])
            else:
                text = unquote_string(token.value)
            for expression in inside:
                yield from typescript(path, "\n" * (token.lineno - 1) + expression)
            marked = len(before) == 2 and before[0] in MARKS and before[1] == "("
            if marked or CHINESE.search(text):
                yield Words(path, token.lineno, text, marked)
        if token.type not in ("linecomment", "multilinecomment"):
            before = [*before[-1:], token.value]


def _template_literal(inner: str) -> tuple[str, tuple[str, ...]]:
    """The words of a template literal with a blank for each `${…}`, and the expressions in those."""
    words, expressions = "", []
    depth = start = 0
    for at, char in enumerate(inner):
        if depth == 0 and inner.startswith("${", at):
            start = at + 2
        if char == "{" and (depth or at == start - 1):
            depth += 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                expressions.append(inner[start:at])
        elif depth == 0 and at != start - 2:
            words += char
    return words, tuple(expressions)
