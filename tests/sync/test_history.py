"""Whatever anybody entered is shown, waits as a sibling, or is in the history (Hypothesis)."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.doc import Doc, Register
from sync.fields import same
from sync.history import Logged, Past, past
from sync.merge import Context, merge
from sync.protocol import Op
from sync.text import normalise
from tests.sync.engine import FORM

CLIENTS = {"a": "王芳", "b": "李强", "c": "陈主任"}
VALUES: dict[str, Any] = {
    "carer": st.sampled_from(["single", "one_away", "both_away", None]),
    "phone": st.sampled_from(["1", "2", None]),
    "story": st.sampled_from(["先写作业。", "先写作业。再喂鸡。", "早睡。先写作业。", "不回家。", None]),
    "needs": st.fixed_dictionaries(
        {},
        optional={
            "add": st.lists(st.sampled_from(["study", "money", "none"]), max_size=2, unique=True),
            "remove": st.lists(st.sampled_from(["study", "money"]), max_size=2, unique=True),
        },
    ),
}
STEP = st.tuples(
    st.sampled_from(sorted(CLIENTS)),
    st.fixed_dictionaries({}, optional=VALUES),
    st.integers(0, 30),
    st.booleans(),
    st.sampled_from([0, 0, 5]),
)
"""Who, what they set, the rev of what they had in sight, whether they settle what waits, and from which seq
on the client's ops are surely its own."""


def form_of(name: str | None, version: int | None) -> Any:
    """The form of these ops."""
    return FORM if (name, version) == (FORM.name, FORM.version) else None


def make(steps: list[Any]) -> tuple[Doc, list[Logged]]:
    """A doc that these steps lead to, and its log."""
    form: dict[str, Any] = {"form": FORM.name, "form_version": FORM.version}
    log = [Logged(Op(1, "create", "visit", "v", meta={}, **form), "a", CLIENTS["a"], 1, "t1")]
    doc = merge(None, log[0].op, FORM, Context("a", CLIENTS["a"], 1, 0)).doc
    seen: dict[int, Doc] = {}
    for rev, (client, values, base, settles, since) in enumerate(steps, 2):
        assert doc is not None
        seen[rev - 1] = doc
        base = min(base, rev - 1)
        op = Op(rev, "edit", "visit", "v", base=base, set=dict(values), at=f"t{rev}", **form)
        old = seen.get(base)
        text = old.fields.get("story") if old else None
        op.was = {"story": text.value if isinstance(text, Register) else None}
        if settles:
            op.op, op.set = "settle", {k: v for k, v in values.items() if k != "needs"}
            op.sees = {path: [s["sibling"] for s in found] for path, found in doc.siblings().items()}
        outcome = merge(doc, op, FORM, Context(client, CLIENTS[client], rev, rev - 1, since))
        if outcome.result.result != "held" and outcome.doc is not None:
            doc = outcome.doc
            log.append(Logged(op, client, CLIENTS[client], rev, f"t{rev}", since))
    assert doc is not None
    return doc, log


def stands(doc: Doc, path: str, value: Any) -> bool:
    """Whether a value is shown or waits."""
    known = [doc.values().get(path), *(s["value"] for s in doc.siblings().get(path, []))]
    return any(same(value, one) for one in known)


@settings(deadline=None)
@given(st.lists(STEP, max_size=14))
def test_every_value_is_shown_waits_or_is_in_the_history(steps: list[Any]) -> None:
    doc, log = make(steps)
    found = past(log, form_of, doc)
    for one in log:
        for path, value in (one.op.set or {}).items():
            if path == "needs":
                here = doc.values().get(path, [])
                gone = {p.value for p in found if p.path == path}
                assert set(value.get("add", ())) <= gone.union(here)
                continue
            value = normalise(value) if path == "story" else value
            if value in (None, "") or stands(doc, path, value):
                continue
            assert any(p.path == path and same(p.value, value) for p in found), (one, doc)


@settings(deadline=None)
@given(st.lists(STEP, max_size=14))
def test_the_history_has_only_what_somebody_entered(steps: list[Any]) -> None:
    doc, log = make(steps)
    sent = {(one.user, one.op.at) for one in log}
    for one in past(log, form_of, doc):
        assert (one.by, one.at) in sent
        assert (one.gone_by, one.gone_at) in sent
        assert one.how in ("changed", "settled", "chosen", "merged")


def test_a_value_that_was_chosen_says_who_said_it_first() -> None:
    form: dict[str, Any] = {"form": FORM.name, "form_version": FORM.version}
    create = Op(1, "create", "visit", "v", set={"carer": "single"}, meta={}, at="t1", **form)
    other = Op(1, "edit", "visit", "v", set={"carer": "both_away"}, at="t2", **form)
    settle = Op(1, "settle", "visit", "v", base=2, set={"carer": "both_away"}, at="t3", **form)
    settle.sees = {"carer": ["b:1"]}
    log = [
        Logged(create, "a", "王芳", 1, ""),
        Logged(other, "b", "李强", 2, ""),
        Logged(settle, "c", "陈主任", 3, ""),
    ]
    assert past(log, form_of, None) == [
        Past("carer", "single", "王芳", "t1", "settled", "陈主任", "t3"),
        Past("carer", "both_away", "李强", "t2", "chosen", "陈主任", "t3"),
    ]


def test_a_value_says_who_and_when_and_how_it_went() -> None:
    form: dict[str, Any] = {"form": FORM.name, "form_version": FORM.version}
    create = Op(1, "create", "visit", "v", set={"carer": "single"}, meta={}, at="t1", **form)
    other = Op(1, "edit", "visit", "v", set={"carer": "both_away"}, at="t2", **form)
    settle = Op(1, "settle", "visit", "v", base=2, set={"carer": "one_away"}, at="t3", **form)
    settle.sees = {"carer": ["b:1"]}
    late = Op(2, "edit", "visit", "v", base=3, set={"carer": None}, at="t4", **form)
    log = [
        Logged(create, "a", "王芳", 1, ""),
        Logged(other, "b", "李强", 2, ""),
        Logged(settle, "c", "陈主任", 3, ""),
        Logged(late, "a", "王芳", 4, ""),
    ]
    assert past(log, form_of, None) == [
        Past("carer", "single", "王芳", "t1", "settled", "陈主任", "t3"),
        Past("carer", "both_away", "李强", "t2", "settled", "陈主任", "t3"),
        Past("carer", "one_away", "陈主任", "t3", "changed", "王芳", "t4"),
    ]
