"""The linter of definitions catches each fault that would bite later, on a phone far away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync.forms import FormError, load_forms, main

SHIPPED = Path("templates/forms")

FIRST = {"name": "first", "type": "choice", "label": "一", "choices": [{"name": "a", "label": "甲"}]}
COUNT = {"name": "count", "type": "int", "label": "数"}
DISHES = {
    "name": "dishes",
    "type": "list",
    "label": "菜",
    "columns": [{"name": "grams", "type": "number", "label": "克数"}],
}


def line(**more: Any) -> dict[str, Any]:
    return {"name": "last", "type": "line", "label": "末", **more}


def faults(tmp_path: Path, *questions: dict[str, Any], **form: Any) -> str:
    """The faults of a form with these questions, as one text; empty when it loads."""
    head = {"name": "probe", "version": 1, "kind": "visit", "title": "试"}
    forms = form.pop("forms", [{**head, **form, "questions": list(questions)}])
    for index, each in enumerate(forms):
        (tmp_path / f"{index}.yaml").write_bytes(msgspec.yaml.encode({**head, **each}))
    try:
        load_forms(tmp_path)
    except FormError as error:
        return str(error)
    return ""


def test_the_shipped_definitions_are_sound() -> None:
    assert {form.name for form in load_forms(SHIPPED).all()} >= {
        "home_visit",
        "night_round",
        "student",
        "held",
    }


def test_a_sound_form_has_no_faults(tmp_path: Path) -> None:
    relevant = 'selected(f.first, "a") && f.dishes.exists(d, num(d.grams) < 125.0)'
    assert (
        faults(tmp_path, FIRST, COUNT, DISHES, line(relevant=relevant, required="num(f.count) > 2.0")) == ""
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("has(f.first)", "has() is outside"),
        ('str(f.first).matches("a+")', "matches() is outside"),
        ('timestamp("2026-11-20T00:00:00Z") < timestamp("2026-11-21T00:00:00Z")', "timestamp() is outside"),
        ('duration("1h") == duration("1h")', "duration() is outside"),
        ('double("1.5") > 1.0', "double() is outside"),
        ("num(f.count) > 2", "2.0"),
        ("f.count > 2.0", "num(…)"),
        ("f.count + 1.0 > 2.0", "num(…)"),
        ("num(f.count) % 2.0 == 0.0", "outside the subset"),
        ('f.first.contains("a")', "str(…)"),
        ("f.count", "gives value, not bool"),
        ("f.gone == null", "no question 'gone'"),
        ("first == null", "f.first"),
        ("f.dishes.exists(d, num(d.kilos) > 1.0)", "no part 'kilos'"),
        ("f.dishes[0.0].grams == null", "'[' is not expected"),
        ('f["first"] == null', "expected . before ["),
        ("size(f.dishes) > 0.0", "size() is outside"),
        ("f.first.exists(x, true)", "needs a list"),
        ('{"a": 1.0} == null', "outside the subset"),
        ('f.first == "a', "outside the subset"),
        ("(empty(f.first)", "expected )"),
        ("empty(f.first) empty(f.count)", "not expected"),
        ("str(f.first) == num(f.count)", "same type"),
        ("f.first == f.count", "compares an answer"),
        ("num(f.count)", "not bool"),
        ('strlen(str(f.first) + "x") > 1.0', "takes an answer"),
        ("f.dishes.exists(c, true)", "needs a new name"),
        ("f.dishes.exists(a, f.dishes.exists(b, days(a.grams, b.grams) > 1.0))", "one item at a time"),
        (" && ".join(["empty(f.first)"] * 25), "more than 24 terms"),
        ("(" * 13 + "empty(f.first)" + ")" * 13, "nested deeper"),
        (" || ".join(['str(f.first).contains("' + "a" * 60 + '")'] * 20), "longer than 1000"),
    ],
)
def test_a_condition_outside_the_subset_is_refused(tmp_path: Path, source: str, told: str) -> None:
    found = faults(tmp_path, FIRST, COUNT, DISHES, line(relevant=source))
    assert "last: relevant: " in found and told in found


@pytest.mark.parametrize("key", ["required", "compute"])
def test_other_expressions_are_read_too(tmp_path: Path, key: str) -> None:
    assert "no question 'gone'" in faults(tmp_path, line(**{key: "empty(f.gone)"}))
    assert "no question 'gone'" in faults(
        tmp_path, line(warnings=[{"when": "empty(f.gone)", "message": "!"}])
    )


def test_relevance_looks_back_only(tmp_path: Path) -> None:
    found = faults(tmp_path, line(relevant="empty(f.first)"), FIRST)
    assert "looks at 'first', which is asked later" in found


def test_relevance_in_a_circle_is_named(tmp_path: Path) -> None:
    one = line(name="one", relevant="empty(f.two)")
    two = line(name="two", relevant="empty(f.one)")
    found = faults(tmp_path, one, two)
    assert "one: relevant: its own relevance hangs on itself" in found
    assert "itself" in faults(tmp_path, line(relevant="empty(f.last)"))


def test_relevance_that_never_changes_is_refused(tmp_path: Path) -> None:
    found = faults(tmp_path, FIRST, line(relevant="1.0 > 2.0", required=True))
    assert "always the same" in found and "may never apply" in found


def test_required_only_where_irrelevant_is_refused(tmp_path: Path) -> None:
    found = faults(tmp_path, FIRST, line(relevant="!empty(f.first)", required="empty(f.first)"))
    assert "holds only where the question does not apply" in found


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (line(name="Last"), "lower-case ASCII"),
        (line(name="末"), "lower-case ASCII"),
        (line(label=" "), "no label"),
        (line(type="choice"), "needs choices"),
        (line(type="matrix"), "needs rows"),
        (line(type="list"), "needs columns"),
        (line(type="choices", merge="scalar", choices=FIRST["choices"]), "merges as set, not as scalar"),
        (line(merge="text"), "merges as scalar, not as text"),
        (line(type="choice", choices=[{"name": "否", "label": "否"}]), "not a lower-case ASCII name"),
        (line(type="choice", choices=FIRST["choices"] * 2), "two of its choices"),
        (line(type="int", min=5, max=1), "range is empty"),
        (line(type="int", limit={"word": "x"}), "neither min nor max"),
        (line(type="list", columns=[{"name": "a", "type": "text", "label": "甲"}]), "cannot be a text"),
        (line(type="list", columns=[line(relevant="empty(f.last)")]), "a column has no conditions"),
        (line(type="list", columns=[line(), line()]), "two columns"),
        (line(type="colour"), "Invalid enum value"),
        (line(reqired=True), "unknown field `reqired`"),
    ],
)
def test_a_question_of_the_wrong_shape_is_refused(
    tmp_path: Path, question: dict[str, Any], told: str
) -> None:
    assert told in faults(tmp_path, question)


def test_names_are_unique_and_sections_known(tmp_path: Path) -> None:
    assert "two questions are called 'last'" in faults(tmp_path, line(), line())
    sections = [{"name": "meet", "title": "见面"}]
    assert "section 'home' is not among" in faults(tmp_path, line(section="home"), sections=sections)
    moves = {"to": "home", "when": "empty(f.last)"}
    assert "moves to section 'home'" in faults(tmp_path, line(section="meet", moves=moves), sections=sections)
    assert "meta 'students'" in faults(tmp_path, line(), meta={"students": "many"})


@pytest.mark.parametrize(
    ("later", "told"),
    [
        ({"version": 2, "questions": [line(type="text")]}, "merged as scalar in version 1, now as text"),
        ({"version": 2, "kind": "plan", "questions": [line()]}, "its kind changed from visit"),
        ({"version": 1, "questions": [line()]}, "defined twice"),
    ],
)
def test_versions_stay_mergeable(tmp_path: Path, later: dict[str, Any], told: str) -> None:
    assert told in faults(tmp_path, forms=[{"questions": [line()]}, later])


def test_every_fault_is_listed_at_once(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("name: [", encoding="utf-8")
    found = faults(tmp_path, line(label=""), line(type="choice", name="other"))
    assert all(told in found for told in ("broken.yaml", "no label", "needs choices"))


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(SHIPPED)]) == 0
    faults(tmp_path, line(label=""))
    assert main(["lint", str(tmp_path)]) == 1
    assert "probe v1: last: it has no label" in capsys.readouterr().err
    assert main([]) == 2
