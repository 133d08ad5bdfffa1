"""What a record said before: each value that was superseded or settled away, who entered it, how it went.

Nothing is kept for this but the log of ops: taken again in the same order they lead to the same doc, and on
the way each value is seen to come and go.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from sync.doc import Doc, SetRegister, Stamp
from sync.fields import Field, same
from sync.merge import Context, merge
from sync.protocol import Op
from sync.text import normalise

Json = Any
FormOf = Callable[[str | None, int | None], Any]


class Logged(NamedTuple):
    """An op that took effect: whose, by which client, with which rev, and when the server got it."""

    op: Op
    client: str
    user: str
    rev: int
    received: str
    since: int = 0  # as in Stamp


class Past(msgspec.Struct, frozen=True):
    """A value that stands no more as its author's. `how`: it was `changed`, `settled` away, `chosen` (and
    stands as the decider's), or `merged` into a text that stands; `gone_by`, `gone_at`: who did that, and
    when. Times are the phones', else the server's."""

    path: str
    value: Json
    by: str
    at: str
    how: str
    gone_by: str
    gone_at: str


def past(log: Iterable[Logged], form_of: FormOf, now: Doc | None) -> list[Past]:
    """Every value of a doc that stands no more, in the order in which they went.

    `log`: its ops in the order in which they took effect; `form_of`: name and version → form; `now`: the doc
    as it stands, which has the last word about what stands.
    """
    found: list[Past] = []
    doc: Doc | None = None
    for one in log:
        form = form_of(one.op.form, one.op.form_version)
        if form is None and doc is not None:
            form = form_of(doc.form, doc.form_version)
        outcome = merge(doc, one.op, form, Context(one.client, one.user, one.rev, one.rev - 1, one.since))
        amends = any(warn.code == "amendment" for warn in outcome.result.warnings)  # it waits in the notes
        if outcome.doc is not None and outcome.result.result != "held" and not amends:
            found += _gone(doc, outcome.doc, one)
            found += _merged(outcome.doc, one, form)
        doc = outcome.doc
    if doc is not None and now is not None:
        found += _gone(doc, now, None)
    return found


def _gone(before: Doc | None, after: Doc, by: Logged | None) -> Iterator[Past]:
    """The values that one op (None: something that is in no log) took away."""
    for path, field in before.fields.items() if before else ():
        left = after.fields.get(path)
        if left is field:
            continue
        settled = by is not None and by.op.op == "settle"
        for value, stamp in _values(field):
            if not _stands(left, value, stamp):
                yield _entry(path, value, stamp, by, "settled" if settled else "changed")
            elif settled and not isinstance(left, SetRegister) and stamp not in _stamps(left):
                yield _entry(path, value, stamp, by, "chosen")


def _values(field: Field) -> Iterator[tuple[Json, Stamp]]:
    """What a field holds, each with its stamp; nothing for what nobody ever entered."""
    if isinstance(field, SetRegister):
        yield from ((element, stamps[-1]) for element, stamps in field.adds.items() if stamps)
    elif field is not None:
        if field.stamp.seq:
            yield field.value, field.stamp
        yield from ((one.value, one.stamp) for one in field.siblings)


def _stamps(field: Field) -> list[Stamp]:
    return [stamp for _, stamp in _values(field)]


def _stands(field: Field, value: Json, stamp: Stamp) -> bool:
    """Whether this value is there still, as that person's or as what somebody else entered too."""
    if isinstance(field, SetRegister):
        return value in field.adds
    return any(s == stamp or same(v, value) for v, s in _values(field))


def _merged(after: Doc, one: Logged, form: Any) -> Iterator[Past]:
    """Texts of this op that stand only as a part of what was merged from several hands."""
    for path, value in (one.op.set or {}).items():
        question = form.question_for(path)
        text = normalise(value) if isinstance(value, str) else ""
        if not text or question is None or question.merge != "text":
            continue
        if not any(same(v, text) for v, _ in _values(after.fields.get(path))):
            yield Past(path, text, one.user, _time(one), "merged", one.user, _time(one))


def _entry(path: str, value: Json, stamp: Stamp, by: Logged | None, how: str) -> Past:
    if by is None:
        return Past(path, value, stamp.by, stamp.at or "", how, "", "")
    return Past(path, value, stamp.by, stamp.at or "", how, by.user, _time(by))


def _time(one: Logged) -> str:
    return one.op.at or one.received
