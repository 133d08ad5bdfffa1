"""Vectors of sync/vectors/filters.json; pwa/filters.ts passes the same."""

import json
from pathlib import Path

import pytest

from server.filters import FILTERS

CASES = json.loads((Path(__file__).parents[2] / "sync/vectors/filters.json").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['filter']} {case['in']}")
def test_filters(case):
    assert FILTERS[case["filter"]](case["in"], **case["with"]) == case["out"]


def test_every_filter_has_a_vector():
    assert {case["filter"] for case in CASES} == set(FILTERS)
