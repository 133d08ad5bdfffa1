"""Vectors of sync/vectors/posted.json: what a form body means; pwa/posted.ts passes the same."""

import json
from pathlib import Path

import msgspec
import pytest

from sync.forms import parse_form
from sync.posted import posted

VECTORS = json.loads((Path(__file__).parents[2] / "sync/vectors/posted.json").read_text("utf-8"))
FORM = parse_form(VECTORS["form"])


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_posted(case):
    found = posted(FORM, [tuple(pair) for pair in case["pairs"]])
    assert msgspec.to_builtins(found.changes) == case["changes"]
    assert found.unreadable == case.get("unreadable", [])


def test_a_form_body_nested_too_deep_is_unreadable():
    body = [("base:sign", "0"), ("sign", "[" * 200_000)]
    assert posted(FORM, body).unreadable == ["sign"]
