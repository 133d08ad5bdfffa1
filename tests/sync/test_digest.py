"""A digest tells bodies apart by what they say, not by how it is written."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import digest

ODD = ("\ud800", "\0", "中", "a")
"""Of these the first can't be written as UTF-8, so a body with it goes another way."""
NUMBERS = st.integers(-3, 3) | st.sampled_from([2**53, 2**63, 2**64, 10**30, 0.5, 1e-7, 1e30, 1.5e300])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(st.sampled_from(ODD), max_size=2)
KEYS = st.text(st.sampled_from(ODD), max_size=1)
VALUES = st.recursive(
    LEAVES,
    lambda v: st.lists(v, max_size=2) | st.dictionaries(KEYS, v, max_size=2),
    max_leaves=4,
)


def _otherwise(value: Any) -> Any:
    """The same, with keys the other way round and whole numbers as floats where that loses nothing."""
    if isinstance(value, dict):
        return {k: _otherwise(v) for k, v in reversed(value.items())}
    if isinstance(value, list):
        return [_otherwise(v) for v in value]
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53
    return float(value) if whole else value


@given(VALUES)
def test_however_it_is_written_it_is_the_same(value: Any) -> None:
    escaped = json.dumps(value).encode()
    raw = json.dumps(_otherwise(value), ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass")
    assert digest(escaped) == digest(raw)


@given(VALUES, VALUES)
def test_different_bodies_differ(one: Any, other: Any) -> None:
    told = [json.dumps(_otherwise(v), sort_keys=True) for v in (one, other)]
    found = [digest(json.dumps(v).encode()) for v in (one, other)]
    assert (found[0] == found[1]) == (told[0] == told[1])


def test_what_is_too_large_for_a_number_is_not_null() -> None:
    assert len({digest(raw) for raw in (b'{"a":1e400}', b'{"a":-1e400}', b'{"a":null}', b'{"a":1')}) == 4
