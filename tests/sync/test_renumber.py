"""An op under another seq is the op that a phone would have made under it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import BadEnvelope, decode_op, digest, read_seq, renumber
from tests.sync.test_digest import KEYS, VALUES


@given(st.dictionaries(KEYS, VALUES, max_size=3), st.integers(1, 2**53 - 1), st.booleans())
def test_nothing_but_the_seq_is_another(body: dict[str, Any], seq: int, escaped: bool) -> None:
    raw = json.dumps({**body, "seq": 3}, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    moved = renumber(raw, seq)
    assert digest(moved) == digest(json.dumps({**body, "seq": seq}).encode())
    assert read_seq(moved) == seq
    assert renumber(raw, seq) == moved, "the same bytes each time"


def test_what_a_phone_wrote_is_read_as_it_was() -> None:
    op = {
        "seq": 41,
        "op": "edit",
        "kind": "visit",
        "doc": "0193",
        "set": {"home_fb": "土豆 😀"},
        "later": [1.5],
    }
    moved = renumber(json.dumps(op).encode(), 2)
    assert json.loads(moved) == {**op, "seq": 2}, "what this release does not know stays too"
    read = decode_op(moved)
    assert read is not None
    assert (read.seq, read.set) == (2, op["set"])


@pytest.mark.parametrize("raw", [b"", b"[1]", b'"a"', b"5", b"null", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_op_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(BadEnvelope):
        renumber(raw, 1)
