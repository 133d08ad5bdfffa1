"""Jinja on the server and nunjucks in the worker make the same page of each shared template."""

from __future__ import annotations

import re
from typing import Any

import html5lib
import pytest

from tests.templates.parity import ROOT, by_jinja, by_nunjucks, dom
from tests.templates.views import BARE_FILL, ENTRY, FILL, NASTY, QUESTIONS

SHARED = ROOT / "templates/shared"


def case(name: str, template: str, call: str, **context: Any) -> dict[str, Any]:
    source = f'{{% import "shared/{template}.html" as t %}}{{{{ t.{call} }}}}'
    return {"name": f"{template} {name}", "source": source, "context": context}


def cases() -> list[dict[str, Any]]:
    """One for each thing that each macro can show."""
    found = [
        case(call, "ui", call)
        for call in (
            "icon('back')",
            "icon('go', 'cell-go')",
            "bar('家访')",
            "saved_line('')",
            "saved_line('x', 'warn')",
            "bar('家访', '已存', 'device', '/app/', 'last', '上次', '/app/x', true)",
            "bar('家访', '注意', 'warn', right='more', right_url='/app/x')",
            "verdict('warn', 'a', 'b', 'ask')",
            "verdict('ok', 'a')",
            "tab('/', 'home', 'x', true, true)",
        )
    ]
    states = ("draft", "phone", "sent", "submitted", "returned", "approved", "archived", "void", "held", "?")
    found += [case(kind, "ui", f"state('{kind}')") for kind in states]
    stops = FILL["stops"]
    found += [
        case("trail", "ui", call, s=stops) for call in ("trail(s)", "trail(s, 'in-card', '2/4')", "trail([])")
    ]
    for n, q in enumerate(QUESTIONS):
        kinds = ("field.field", "value.fact", "value.value", "claims.claims")
        for template, macro in (kind.split(".") for kind in kinds):
            found.append(case(f"{macro} {n} {q['type']}", template, f"{macro}(q)", q=q))
    found.append(case("without other", "claims", "claims(q, false)", q=QUESTIONS[-1]))
    found += [case(name, "fill", f"{name}(f)", f=f) for name in ("form", "part") for f in (FILL, BARE_FILL)]
    found.append(case("with a token", "fill", "form(f, c)", f=FILL, c=NASTY))
    found.append(case("sheet", "keypad", "keypad()"))
    sections = [
        {"name": "meet", "title": NASTY, "questions": QUESTIONS},
        {"name": "x", "title": "", "questions": []},
    ]
    found.append(case("record", "record", "record(v)", v={"sections": sections}))
    measured = {**ENTRY, "columns": ENTRY["columns"][1:2], "value_json": '{"dish":"米饭"}'}
    found.append(case("a measured item", "field", "item(q, it, 1)", q=QUESTIONS[0], it=measured))
    found.append(case("a line of its own", "ui", "saved_line('x', 'device', true)"))
    found.append(case("a removable item", "field", "item(q, it, 2)", q=QUESTIONS[0], it=ENTRY))
    return found


CASES = cases()


@pytest.fixture(scope="module")
def pairs() -> dict[str, tuple[str, str]]:
    """Name → the HTML of both engines."""
    names = [case["name"] + str(n) for n, case in enumerate(CASES)]
    return dict(zip(names, zip(by_jinja(CASES), by_nunjucks(CASES), strict=True), strict=True))


@pytest.mark.parametrize("name", [case["name"] + str(n) for n, case in enumerate(CASES)])
def test_both_engines_make_the_same_page(pairs, name):
    jinja, nunjucks = pairs[name]
    assert dom(jinja) == dom(nunjucks)


def test_what_people_type_is_shown_as_typed(pairs):
    for name, both in pairs.items():
        for html in both:
            words = "".join(html5lib.parseFragment(html).itertext())
            assert "&lt;" not in words and "&#" not in words and "&quot;" not in words, name
    text_field = next(both for name, both in pairs.items() if name.startswith("field field 0 text"))
    assert NASTY in "".join(html5lib.parseFragment(text_field[0]).itertext())


def test_every_shared_template_is_rendered():
    told = {name for case in CASES for name in re.findall(r"shared/(\w+)\.html", case["source"])[:1]}
    assert told == {path.stem for path in SHARED.glob("*.html")}


def test_every_macro_is_reached(pairs):
    """By its own name or through another: no macro is left to differ unseen."""
    sources = {path.stem: path.read_text("utf-8") for path in SHARED.glob("*.html")}
    text = "".join(sources.values()) + "".join(case["source"] for case in CASES)
    for stem, source in sources.items():
        for macro in re.findall(r"macro (\w+)\(", source):
            assert len(re.findall(rf"\b{macro}\(", text)) > 1, f"{stem}.{macro}"
