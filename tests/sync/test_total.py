"""Whatever can be decoded gets an answer, and merging texts loses no sentence."""

import json

from hypothesis import given
from hypothesis import strategies as st

from sync.doc import Doc, decode, encode
from sync.merge import Context, merge
from sync.protocol import BadEnvelope, decode_op, decode_request, digest, read_seq
from sync.text import merge_text
from tests.sync.engine import FORM

ODD = st.text(st.characters(codec=None), max_size=5) | st.sampled_from(["\ud800", "\0", "submit", "a:1", ""])
PATHS = (
    st.sampled_from(["carer", "needs", "story", "samples/x", "samples", "score/floor", "score", "sign"]) | ODD
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
    max_leaves=6,
)
SETS = st.fixed_dictionaries(
    {}, optional={"add": st.lists(ODD, max_size=2), "remove": st.lists(ODD, max_size=2)}
)
OPS = st.fixed_dictionaries(
    {
        "seq": st.integers(1, 9),
        "op": st.sampled_from(["create", "edit", "settle", "event"]) | ODD,
        "kind": st.sampled_from(["visit", "duty"]) | ODD,
        "doc": st.just("d") | ODD,
    },
    optional={
        "base": st.integers(-1, 2**60),
        "set": st.dictionaries(PATHS, JSON | SETS, max_size=3) | st.none(),
        "was": st.dictionaries(PATHS, ODD | st.none(), max_size=2),
        "sees": st.dictionaries(PATHS, st.lists(ODD, max_size=2), max_size=2),
        "event": st.sampled_from(["submit", "return", "approve", "void"]) | ODD,
        "args": st.dictionaries(ODD, JSON, max_size=2),
        "meta": st.dictionaries(ODD, JSON, max_size=2),
        "at": ODD,
    },
)
RESULTS = {"applied", "merged", "conflict", "held"}


@given(st.lists(OPS, min_size=1, max_size=8), st.booleans())
def test_any_decodable_op_gets_an_answer(bodies: list[dict[str, object]], created: bool) -> None:
    doc = Doc("visit", "d", 0, "note", 1, state="draft") if created else None
    for rev, body in enumerate(bodies, 1):
        op = decode_op(json.dumps(body, ensure_ascii=True).encode())
        if op is None:
            continue
        doc, result = merge(doc, op, FORM, Context(f"c{rev % 3}", "u", rev, rev - 1))
        assert result.result in RESULTS
        assert (result.code is not None) == (result.result == "held")
        if doc is not None:
            assert decode(encode(doc)) == doc


@given(st.binary(max_size=60) | OPS.map(lambda op: json.dumps(op).encode("utf-8", "surrogatepass")))
def test_decoders_never_raise_anything_else(raw: bytes) -> None:
    decode_op(raw)
    assert len(digest(raw)) == 64
    for read in (decode_request, read_seq):
        try:
            read(raw)
        except BadEnvelope as refused:
            assert str(refused)


def test_the_body_is_what_is_parsed_not_how_it_is_written() -> None:
    assert digest(b'{"seq":1,"set":{"a":1.0,"b":2}}') == digest(b'{ "set": {"b":2, "a":1}, "seq": 1 }')
    assert digest(b'{"seq":1,"x":1}') != digest(b'{"seq":1,"x":true}')


SENTENCES = st.lists(st.sampled_from(["一。", "二！", "三？", "四\n", "五；", "六"]), max_size=6).map("".join)


@given(SENTENCES, SENTENCES, SENTENCES)
def test_merging_texts_keeps_every_new_sentence(was: str, ours: str, theirs: str) -> None:
    merged = merge_text(was, ours, theirs)
    assert merge_text(was, was, theirs) == theirs
    assert merge_text(was, ours, was) == ours
    assert merge_text(was, ours, ours) == ours
    if merged is not None:
        for sign in "一二三四五六":
            added = max(ours.count(sign), theirs.count(sign))
            removed = max(was.count(sign) - ours.count(sign), 0) + max(
                was.count(sign) - theirs.count(sign), 0
            )
            assert merged.count(sign) >= added - removed
