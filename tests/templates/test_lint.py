"""The linter of templates catches each fault that was planted, and only where it matters."""

from pathlib import Path

import pytest

from scripts.template_lint import TEMPLATES, lint

FAULTS = {
    "safe": "{{ a|safe }}",
    "unknown filter": "{{ a|truncate(3) }}",
    "unknown test": "{% if a is even %}x{% endif %}",
    "if on a list": "{% if rows %}{% for r in rows %}{{ r }}{% endfor %}{% endif %}",
    "not on a list": "{% if not q.rows %}x{% endif %}{% for r in q.rows %}{{ r }}{% endfor %}",
    "and with a list": "{% if a and rows %}x{% endif %}{% for r in rows %}{{ r }}{% endfor %}",
    "set in a loop": "{% for r in rows %}{% set x = r %}{{ x }}{% endfor %}",
    "set deep in a loop": "{% for r in rows %}{% if r %}{% set x = r %}{% endif %}{% endfor %}",
    "for if": "{% for r in rows if r.on %}{{ r }}{% endfor %}",
    "recursive": "{% for r in rows recursive %}{{ r }}{% endfor %}",
    "set block": "{% set x %}<b>{% endset %}{{ x }}",
    "slice": "{{ a[1:3] }}",
    "with": "{% with x = 1 %}{{ x }}{% endwith %}",
    "namespace": "{% set x = namespace(n=1) %}",
    "concat": "{{ a ~ b }}",
    "modulo": "{{ a % 2 }}",
    "range": "{% for n in range(3) %}{{ n }}{% endfor %}",
    "method": "{{ a.upper() }}",
    "key like a method": "{% for i in q.items %}{{ i }}{% endfor %}",
    "filter block": "{% filter fmt %}x{% endfilter %}",
    "autoescape off": "{% autoescape false %}{{ a }}{% endautoescape %}",
    "style attribute": '<p style="color: red">',
    "style element": "<style>p {}</style>",
    "hx-on": '<p hx-on:click="x()">',
    "handler": '<p onclick="x()">',
    "js value": """<p hx-vals='js:{a: 1}'>""",
    "trigger filter": '<p hx-trigger="click[ctrlKey]">',
    "inline script": "<script>x()</script>",
    "Chinese in the text": "<p>今天</p>",
    "Chinese in an attribute": '<p aria-label="返回">',
    "Chinese in a constant": "{{ '今天' }}",
    "syntax": "{% if %}",
}
TWICE_READ_ONLY = {
    "unknown filter", "unknown test", "if on a list", "not on a list", "and with a list", "set in a loop",
    "set deep in a loop", "for if", "recursive", "set block", "slice", "with", "namespace", "concat",
    "modulo", "range", "method", "key like a method", "filter block", "autoescape off",
}  # fmt: skip


def planted(folder: Path, place: str, source: str) -> list[str]:
    file = folder / place / "planted.html"
    file.parent.mkdir(parents=True)
    file.write_text(source, "utf-8")
    return [str(fault) for fault in lint(folder)]


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("place", ["app", "shared"])
def test_a_planted_fault_is_named_with_its_line(tmp_path, name, place):
    found = planted(tmp_path, place, "<p>\n" + FAULTS[name] + "</p>")
    assert any(fault.startswith(f"{place}/planted.html:2: ") for fault in found), found


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_the_offices_templates_may_use_all_of_jinja_but_nothing_inline(tmp_path, name):
    found = planted(tmp_path, "office", FAULTS[name])
    assert bool(found) == (name not in TWICE_READ_ONLY), found


def test_what_the_subset_allows_is_clean(tmp_path):
    fine = """{% import "shared/x.html" as x %}
    {% macro m(a, b='') %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}
    {% set title = _('今天') %}{{ x.bar(title, sub=_('{n}条')|fmt(n=3)) }}{% call m(1) %}x{% endcall %}
    {% if rows|length and a is defined and not (b is none) %}
    {% for r in rows %}{{ loop.index }}{% endfor %}{% endif %}
    {{ 'a' if a == 'b' else 'f-' + a }}"""
    assert planted(tmp_path, "app", fine) == []


def test_our_own_templates_are_clean():
    assert lint(TEMPLATES) == []
