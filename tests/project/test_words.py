"""The linter of words finds Chinese outside the catalogue in each language, and leaves the rest alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from scripts import catalogue, sources

PYTHON = '''
"""说明"""
from server.text import _, fmt
def f(n):
    """作用"""
    # 注释
    return fmt(_("{n}条"), n=n)
TITLE = N_("标题")
'''
TYPESCRIPT = """
// 注释
/** 说明 */
const a = fmt(_("{n}条"), { n: 1 });
const d = `${when}: ${e.length ? f(_("有")) : _("没有")} {}`;
const b = c ? _(`一行`) : /[a"']/.test(d);
"""
TEMPLATE = """{# 注释 #}
{% macro a(x=_('甲')) %}<b aria-label="{{ _('乙') }}">{{ _('{n}条')|fmt(n=n) }}</b>{% endmacro %}
"""


def marked(words: list[sources.Words]) -> list[str]:
    """The texts that are marked; there must be no bare ones."""
    assert [word for word in words if not word.marked] == []
    return sorted(word.text for word in words)


def test_marked_words_are_read() -> None:
    """What stands in `_('…')` is found in all three languages, comments and docstrings are not."""
    assert marked(list(sources.python("a.py", PYTHON))) == ["{n}条", "标题"]
    assert marked(list(sources.typescript("a.ts", TYPESCRIPT))) == ["{n}条", "一行", "有", "没有"]
    assert marked(list(sources.template("a.html", TEMPLATE))) == ["{n}条", "乙", "甲"]


@pytest.mark.parametrize(
    ("read", "source"),
    [
        (sources.python, "\n\na = '草稿'"),
        (sources.python, "\n\na = f'{n}条'"),
        (sources.python, "\n\na = log('草稿', _('甲'))"),
        (sources.typescript, "\n\nconst a = '草稿';"),
        (sources.typescript, "\n\nconst a = `${n}条`;"),
        (sources.typescript, "\n\nconst a = label('草稿');"),
        (sources.typescript, "\n\nconst a = `${b ? '草稿' : _('甲')}`;"),
        (sources.template, "\n\n<p>草稿</p>"),
        (sources.template, '\n\n<p title="草稿">a</p>'),
        (sources.template, "\n\n{{ '草稿' }}"),
        (sources.template, "\n\n{% if a == '草稿' %}b{% endif %}"),
    ],
)
def test_bare_words_are_found(read: Callable[[str, str], Iterator[sources.Words]], source: str) -> None:
    """Each way to write Chinese past the catalogue is found, with its line."""
    bare = [word for word in read("a", source) if not word.marked]
    assert [word.line for word in bare] == [3]


def test_catalogue_is_the_same_each_time() -> None:
    """Made twice it is byte for byte the same, and sorted."""
    first, second = catalogue.wanted(), catalogue.wanted()
    assert first == second
    texts = [message.id for message in catalogue.catalogue() if message.id]
    assert texts == sorted(texts)
