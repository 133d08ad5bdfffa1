"""The cases that the phone must pass are those that the code here makes."""

from __future__ import annotations

import json

import pytest

from sync.vectors import make_forms, make_forms_present

FILES = {**make_forms.vectors(), "forms_present.json": make_forms_present.vectors()}


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_stored_cases_are_what_the_server_does(name: str) -> None:
    stored = (make_forms.HERE / name).read_text(encoding="utf-8")
    assert json.loads(stored) == json.loads(make_forms.as_text(FILES[name])), (
        "run python -m sync.vectors.make_forms and make_forms_present, then the phone's tests"
    )


def test_the_cases_reach_every_sort_of_problem() -> None:
    codes = {p["code"] for case in FILES["forms_rules.json"]["cases"] for p in case["problems"]}
    assert codes >= {
        "required",
        "out_of_range",
        "too_long",
        "unknown_choice",
        "exclusive",
        "ahead",
        "bad_format",
    }


def test_the_cases_hold_values_for_every_reason() -> None:
    held = {case.get("held") for case in FILES["forms_values.json"]["cases"]}
    assert held == {None, "unknown_field", "wrong_type", "not_storable"}
