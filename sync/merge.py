"""What happens when one op meets one doc: pure, total, without a clock. The heart of the whole.

Rules and their numbers are those of PROTOCOL.md, "How a field merges". Nothing here reads a time: `at` is
carried along as information. Every path ends in a Result, and each value is then shown, a sibling, superseded
by someone who had seen it, held, or an amendment.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import msgspec

from sync import events
from sync.doc import Doc, Register, SetRegister, Stamp
from sync.fields import Edit, Field, merge_field, without
from sync.form_values import BadValue
from sync.outcome import Held, Outcome
from sync.protocol import Op, Result, Warn
from sync.text import normalise

Json = Any


class Form(Protocol):
    """The part of a form definition that merging needs (sync.forms.Form)."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def meta(self) -> dict[str, str]: ...
    def question_for(self, path: str) -> Any: ...
    def check_value(self, path: str, value: Json) -> list[Any]: ...


class Context(NamedTuple):
    """Who sent the op, and the rev that its commit will have."""

    client: str
    user: str
    rev: int
    counter: int  # the school's rev before this push: a base above it counts as 0
    since: int = 0  # as in Stamp
    strange: range = range(0)  # revs that only lives had which this database does not come from


AMENDING = {"approved", "archived"}
MAX_META = 80  # characters of an id, a night, a part


def merge(doc: Doc | None, op: Op, form: Form | None, context: Context) -> Outcome:
    """Apply one op. Never raises for any decodable op: what can't be applied is held."""
    try:
        return _apply(doc, op, form, context)
    except Held as held:
        return Outcome(doc, Result(op.seq, "held", code=held.code, params=held.params))


def _apply(doc: Doc | None, op: Op, form: Form | None, context: Context) -> Outcome:
    if form is None:
        raise Held("unknown_form", form=op.form, version=op.form_version)
    base = op.base if op.base <= context.counter and op.base not in context.strange else 0
    if op.op == "create":
        doc, base = _created(doc, op, form, context), 0
    elif doc is None or doc.kind != op.kind:
        raise Held("unknown_doc")
    if doc.form != form.name or form.kind != op.kind:
        raise Held("unknown_form", form=form.name)
    stamp = Stamp(context.rev, context.client, op.seq, context.user, op.at, context.since)
    if op.op == "event":
        return events.apply_event(doc, op, base, stamp)
    if op.op not in ("create", "edit", "settle"):
        raise Held("bad_op")
    return _write(doc, op, form, base, stamp, restored=context.strange.stop > 0)


def _created(doc: Doc | None, op: Op, form: Form, context: Context) -> Doc:
    meta = op.meta or {}
    if doc is None:
        _check_meta(form, meta)
        return Doc(
            kind=op.kind,
            id=op.doc,
            rev=0,
            form=form.name,
            form_version=form.version,
            state=events.first_state(op.kind),
            meta=meta,
            author=context.user,
            created_at=op.at,
        )
    if (doc.kind, doc.form, doc.meta) != (op.kind, form.name, meta):
        raise Held("duplicate_id")
    return doc


def _check_meta(form: Form, meta: dict[str, Json]) -> None:
    """What a doc is about has the shapes that its form names; lists and titles are made from it."""
    for key, value in meta.items():
        many = key == "students" or form.meta.get(key) == "ids"
        values = (value if many else [value]) if value is not None else []
        if not isinstance(values, list) or not all(isinstance(v, str) and len(v) <= MAX_META for v in values):
            raise Held("bad_value", field=f"meta/{key}")


def _write(doc: Doc, op: Op, form: Form, base: int, stamp: Stamp, restored: bool) -> Outcome:
    """An edit, a create or a settle: every named field by its own rules, all or none."""
    if doc.state == "void":
        raise Held("void")
    changes = op.set or {}
    warnings = _checked(form, changes)
    if doc.state in AMENDING and changes:
        return _amend(doc, op, stamp, warnings)
    fields, unseen = dict(doc.fields), _has_unseen(doc, base, stamp)
    settling, was = op.op == "settle", op.was or {}
    changed = False
    paths = list(dict.fromkeys([*changes, *(op.sees or {})])) if settling else list(changes)
    for path in paths:
        question = form.question_for(path)
        if question is None:
            raise Held("bad_value", field=path)
        edit = Edit(question, stamp, base, normalise(was.get(path)), settling)
        field: Field = fields.get(path)
        if settling:
            field = without(field, (op.sees or {}).get(path, []), path, edit if restored else None)
        if path in changes:
            field = merge_field(field, changes[path], edit)
        if field is not None and field is not fields.get(path):
            fields[path], changed = field, True
    if not changed and doc.rev:
        after = doc
    else:
        version = max(doc.form_version, form.version)
        after = msgspec.structs.replace(doc, fields=fields, form_version=version, rev=stamp.rev)
        after = events.mark_stale(doc, after, changes, base, stamp)
    conflicts = [path for path in paths if _has_siblings(fields.get(path))]
    # what stands already was not merged with anything: an equal value changes nothing, whoever set it
    word = "conflict" if conflicts else "merged" if unseen and after is not doc else "applied"
    return Outcome(after, Result(op.seq, word, rev=after.rev, fields=conflicts, warnings=warnings))


def _checked(form: Form, changes: dict[str, Json]) -> list[Warn]:
    """Type check of each change; what is stored and doubted."""
    doubted: list[Warn] = []
    path = ""
    try:
        for path, value in changes.items():
            if found := form.check_value(path, value):
                doubted += [Warn(path, warning.code) for warning in found]
    except BadValue as error:
        raise Held("bad_value", field=path, reason=error.code) from error
    return doubted


def _amend(doc: Doc, op: Op, stamp: Stamp, warnings: list[Warn]) -> Outcome:
    """After approval the record stands; a change becomes a dated amendment that waits for review."""
    entry = {"id": stamp.name, "by": stamp.by, "at": op.at, "set": op.set, "state": "waiting"}
    notes = {**doc.notes, "amendments": [*doc.notes.get("amendments", []), entry]}
    after = msgspec.structs.replace(doc, notes=notes, rev=stamp.rev)
    warnings = [*warnings, Warn("", "amendment")]
    return Outcome(after, Result(op.seq, "applied", rev=stamp.rev, warnings=warnings))


def _has_unseen(doc: Doc, base: int, stamp: Stamp) -> bool:
    """Whether the doc holds changes by others that the op's author had not seen."""
    others = (*_stamps(doc), doc.event)
    return any(s.rev > base and not stamp.is_of(s) for s in others)


def _stamps(doc: Doc) -> Iterator[Stamp]:
    for field in doc.fields.values():
        if isinstance(field, SetRegister):
            yield from (s for held in field.adds.values() for s in held)
        else:
            yield field.stamp
            yield from (s.stamp for s in field.siblings)


def _has_siblings(field: Field) -> bool:
    return isinstance(field, Register) and bool(field.siblings)
