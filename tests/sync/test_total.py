"""Whatever can be decoded gets an answer, and merging texts loses no sentence."""

import json

from hypothesis import given
from hypothesis import strategies as st

from sync.doc import Doc, decode, encode, wire
from sync.forms import Form, load_forms
from sync.merge import Context, merge
from sync.protocol import BadEnvelope, decode_op, decode_request, digest, read_seq
from sync.text import merge_text
from tests.needs import ROOT
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
FORMS = load_forms(ROOT / "templates" / "forms").all()


def nested(depth: int, of: str) -> object:
    """Lists in one another, or objects with this one key."""
    made: object = "x"
    for _ in range(depth):
        made = [made] if of == "list" else {of: made}
    return made


DEEP = st.builds(nested, st.integers(0, 120), st.sampled_from(["list", "add", "covers", "students"]))
ANYTHING = JSON | SETS | DEEP


@st.composite
def ops_of_a_form(draw: st.DrawFn) -> tuple[Form, list[dict[str, object]]]:
    """Ops on a doc of a form that ships: its own paths and choices, and anything else in any place."""
    form = draw(st.sampled_from(FORMS))
    names = st.sampled_from(sorted(form.by_name)) | ODD
    paths = names | st.builds("{}/{}".format, names, st.sampled_from(["x", "", "a/b"]) | ODD)
    words = st.sampled_from(sorted({c.name for q in form.questions for c in q.choices} | {"x"}))
    values = ANYTHING | words | words.map(lambda word: {"add": [word], "remove": ["x"]})
    op = st.fixed_dictionaries(
        {
            "seq": st.integers(1, 99),
            "op": st.sampled_from(["create", "edit", "edit", "settle", "event"]),
            "kind": st.just(form.kind),
            "doc": st.just("d"),
            "form": st.just(form.name),
            "form_version": st.just(form.version),
        },
        optional={
            "base": st.integers(0, 9) | st.sampled_from([2**31, 2**53, 2**63, 2**80]),
            "set": st.dictionaries(paths, values, max_size=4),
            "was": st.dictionaries(paths, ODD | st.none(), max_size=2),
            "sees": st.dictionaries(paths, st.lists(ODD | st.just("c1:1"), max_size=2), max_size=2),
            "event": st.sampled_from(["submit", "return", "approve", "archive", "void", "postpone", "close"]),
            "args": st.dictionaries(st.sampled_from(["reason", "fields", "until", "due"]), ANYTHING),
            "meta": st.dictionaries(st.sampled_from(["students", "household", "night"]), ANYTHING),
            "at": ODD | st.just("2026-11-20T16:40:02+08:00"),
        },
    )
    odd = st.tuples(
        op, st.sampled_from(["set", "sees", "was", "base", "meta", "args", "at", "seq"]), ANYTHING
    )
    wrong = odd.map(lambda one: {**one[0], one[1]: one[2]})
    return form, draw(st.lists(op | wrong, min_size=1, max_size=8))


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


@given(ops_of_a_form())
def test_any_op_on_a_form_that_ships_gets_an_answer(drawn: tuple[Form, list[dict[str, object]]]) -> None:
    form, bodies = drawn
    doc: Doc | None = None
    for rev, body in enumerate(bodies, 1):
        raw = json.dumps(body).encode()
        op = decode_op(raw)
        assert len(digest(raw)) == 64
        if op is None:
            continue
        before = doc
        doc, result = merge(doc, op, form, Context(f"c{rev % 3}", "u", rev, rev - 1))
        assert result.result in RESULTS
        if result.result == "held":
            assert doc is before, "a held op leaves the doc as it was"
        if doc is not None:
            assert decode(encode(doc)) == doc
            assert json.loads(json.dumps(wire(doc)).encode("utf-8"))["id"] == "d"


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
