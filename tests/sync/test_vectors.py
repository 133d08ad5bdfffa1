"""What `sync/vectors/` holds is what the code does today; the phone passes the same, and new cases too."""

from __future__ import annotations

import json
import os
import secrets
import time
from typing import Any

import pytest

from sync.vectors import make_forms
from sync.vectors.drawn import Maker
from sync.vectors.make import MAKERS
from tests.vectors import on_the_phone, stored, with_one_wrong

SOAK = float(os.environ.get("SOAK", "0"))
NEW = {"cel.json": 60, "apply.json": 30, "posted_bodies.json": 10}
"""How many new cases of a file; of others one for each form, or path."""


def plain(value: Any) -> Any:
    """As JSON has it."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.name)
def test_the_stored_cases_are_what_the_server_does(maker: Maker) -> None:
    file = stored()[maker.name]
    advice = "run python -m sync.vectors.make, then the phone's tests"
    for case in file["cases"]:
        assert plain(maker.again(file["head"], case)) == case, advice


def test_the_stored_forms_are_those_of_today() -> None:
    assert stored()["forms_definitions.json"]["cases"] == plain(make_forms.definitions()["cases"])


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.name)
def test_drawing_twice_gives_the_same(maker: Maker) -> None:
    assert maker.draw(0, 1) == maker.draw(0, 1)


def test_the_cases_reach_every_sort_of_problem() -> None:
    codes = {p["code"] for case in stored()["forms_rules.json"]["cases"] for p in case["problems"]}
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
    held = {case.get("held") for case in stored()["forms_values.json"]["cases"]}
    assert held == {None, "unknown_field", "wrong_type", "not_storable"}


def test_the_cases_of_conditions_have_every_outcome() -> None:
    """Numbers that are none, infinite ones, texts, yes and no, and errors."""
    results = [r for case in stored()["cel.json"]["cases"] for r in case["results"].values()]
    assert {type(result) for result in results} == {float, str, bool, dict, type(None)}
    assert results.count(None) > 20
    assert {"num": "inf"} in results
    assert {"num": "nan"} in results


def agrees_about_new(start: int, times: int) -> None:
    """Draws from this seed on, so many times NEW, and has the phone's code run it."""
    files = {maker.name: plain(maker.draw(start, NEW.get(maker.name, 1) * times)) for maker in MAKERS}
    verdicts = on_the_phone({**files, "forms_definitions.json": plain(make_forms.definitions())})
    assert [fault for verdict in verdicts.values() for fault in verdict["faults"]] == [], (
        f"seeds from {start}"
    )
    assert {name: verdict["cases"] for name, verdict in verdicts.items()} == {
        name: len(file["cases"]) for name, file in files.items()
    }


def test_the_phone_agrees_about_new_cases() -> None:
    """The same ones at every test; for SOAK minutes more such that nobody has seen."""
    until = time.monotonic() + SOAK * 60
    agrees_about_new(2**40, 1)
    while time.monotonic() < until:
        agrees_about_new(secrets.randbelow(2**40), 4)


def test_a_wrong_case_is_noticed_in_every_file() -> None:
    verdicts = on_the_phone(with_one_wrong(stored()))
    assert {name: len(verdict["faults"]) for name, verdict in verdicts.items()} == dict.fromkeys(verdicts, 1)


def test_a_file_that_nobody_runs_is_noticed() -> None:
    assert on_the_phone({"unknown.json": {"cases": [{}]}})["unknown.json"]["faults"]
