"""The reader of files of unsent work: whatever comes, it reads a whole file or says why not."""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.vaults.file import Refused, UnsentFile, read_file

GOOD: dict[str, Any] = {
    "format": "zoufang-unsent",
    "version": 1,
    "school": "s",
    "user": "u",
    "client": "c" * 36,
    "key": "0123456789abcdef",
    "proof": "AAAA",
    "made": "2026-11-19T21:05:00+08:00",
    "ops": [{"seq": 7, "sealed": "AAAA"}, {"seq": 8, "sealed": "AAAA"}],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def reads(data: bytes) -> UnsentFile | None:
    """The file, or None with a reason in Chinese."""
    try:
        return read_file(data)
    except Refused as refused:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in refused.text)
        return None


def test_a_good_file_is_read_also_with_members_that_a_later_release_may_add() -> None:
    more = {**GOOD, "note": "x", "ops": [{**op, "size": 5} for op in GOOD["ops"]]}
    for file in (GOOD, more):
        read = reads(json.dumps(file).encode())
        assert read
        assert [op.seq for op in read.ops] == [7, 8]


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert reads(data) is None


@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_any_damage_is_noticed_or_harmless(place: int, patch: bytes) -> None:
    data = json.dumps(GOOD).encode()
    damaged = data[: place % len(data)] + patch + data[place % len(data) + len(patch) :]
    read = reads(damaged)
    assert read is None or len(read.ops) >= 1


@given(st.integers(0, 400))
def test_cut_anywhere_it_is_refused(place: int) -> None:
    data = json.dumps(GOOD).encode()
    assert reads(data[: place % len(data)]) is None


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_any_value_in_any_place(name: str, value: Any) -> None:
    reads(json.dumps({**GOOD, name: value}).encode())


@given(st.lists(st.integers(-3, 9), max_size=5))
def test_only_an_unbroken_row_of_seqs(seqs: list[int]) -> None:
    read = reads(json.dumps({**GOOD, "ops": [{"seq": n, "sealed": ""} for n in seqs]}).encode())
    unbroken = bool(seqs) and seqs[0] > 0 and all(b == a + 1 for a, b in itertools.pairwise(seqs))
    assert (read is not None) == unbroken
