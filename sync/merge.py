"""What happens when one op meets one doc: pure, total, without a clock. The heart of the whole.

Rules and their numbers are those of PROTOCOL.md, "How a field merges". Nothing here reads a time: `at` is
carried along as information. Every path ends in a Result, and each value is then shown, a sibling, superseded
by someone who had seen it, held, or an amendment.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import msgspec

from sync import events
from sync.doc import Doc, Register, SetRegister, Sibling, Stamp
from sync.form_values import BadValue
from sync.outcome import Held, Outcome
from sync.protocol import Op, Result, Warn
from sync.text import merge_text, normalise

Json = Any


class Question(Protocol):
    """The part of a form's question that merging needs."""

    @property
    def merge(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def max_length(self) -> int | None: ...


class Form(Protocol):
    """The part of a form definition that merging needs (sync.forms.Form)."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    def question_for(self, path: str) -> Any: ...
    def check_value(self, path: str, value: Json) -> list[Any]: ...


class Context(NamedTuple):
    """Who sent the op, and the rev that its commit will have."""

    client: str
    user: str
    rev: int
    counter: int  # the school's rev before this push: a base above it counts as 0


Field = Register | SetRegister | None
AMENDING = {"approved", "archived"}


def merge(doc: Doc | None, op: Op, form: Form | None, context: Context) -> Outcome:
    """Apply one op. Never raises for any decodable op: what can't be applied is held."""
    try:
        return _apply(doc, op, form, context)
    except Held as held:
        return Outcome(doc, Result(op.seq, "held", code=held.code, params=held.params))


def _apply(doc: Doc | None, op: Op, form: Form | None, context: Context) -> Outcome:
    if form is None:
        raise Held("unknown_form", form=op.form, version=op.form_version)
    base = op.base if op.base <= context.counter else 0
    if op.op == "create":
        doc, base = _created(doc, op, form, context), 0
    elif doc is None or doc.kind != op.kind:
        raise Held("unknown_doc")
    if doc.form != form.name:
        raise Held("unknown_form", form=form.name)
    stamp = Stamp(context.rev, context.client, op.seq, context.user, op.at)
    if op.op == "event":
        return events.apply_event(doc, op, base, stamp)
    if op.op not in ("create", "edit", "settle"):
        raise Held("bad_op")
    return _write(doc, op, form, base, stamp)


def _created(doc: Doc | None, op: Op, form: Form, context: Context) -> Doc:
    meta = op.meta or {}
    if doc is None:
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


def _write(doc: Doc, op: Op, form: Form, base: int, stamp: Stamp) -> Outcome:
    """An edit, a create or a settle: every named field by its own rules, all or none."""
    if doc.state == "void":
        raise Held("void")
    changes = op.set or {}
    warnings = [w for path, value in changes.items() for w in _checked(form, path, value)]
    if doc.state in AMENDING and changes:
        return _amend(doc, op, stamp, warnings)
    fields, unseen = dict(doc.fields), _has_unseen(doc, base, stamp)
    paths = list(dict.fromkeys([*changes, *((op.sees or {}) if op.op == "settle" else ())]))
    for path in paths:
        question = form.question_for(path)
        if question is None:
            raise Held("bad_value", field=path)
        edit = Edit(question, stamp, base, normalise((op.was or {}).get(path)), op.op == "settle")
        field: Field = fields.get(path)
        if edit.settling:
            field = _without(field, (op.sees or {}).get(path, []), path)
        if path in changes:
            field = _merge_field(field, changes[path], edit)
        if field is not None:
            fields[path] = field
    changed = any(fields[path] is not doc.fields.get(path) for path in paths if path in fields)
    if not changed and doc.rev:
        after = doc
    else:
        version = max(doc.form_version, form.version)
        after = msgspec.structs.replace(doc, fields=fields, form_version=version, rev=stamp.rev)
        after = events.mark_stale(doc, after, changes, base, stamp)
    conflicts = [path for path in paths if _has_siblings(fields.get(path))]
    word = "conflict" if conflicts else "merged" if unseen else "applied"
    return Outcome(after, Result(op.seq, word, rev=after.rev, fields=conflicts, warnings=warnings))


def _checked(form: Form, path: str, value: Json) -> list[Warn]:
    """Type check of one change."""
    try:
        return [Warn(path, w.code) for w in form.check_value(path, value)]
    except BadValue as error:
        raise Held("bad_value", field=path, reason=error.code) from error


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
    return any(s.rev > base and s.client != stamp.client for s in others)


def _stamps(doc: Doc) -> Iterator[Stamp]:
    for field in doc.fields.values():
        if isinstance(field, SetRegister):
            yield from (s for held in field.adds.values() for s in held)
        else:
            yield field.stamp
            yield from (s.stamp for s in field.siblings)


def _has_siblings(field: Field) -> bool:
    return isinstance(field, Register) and bool(field.siblings)


class Edit(NamedTuple):
    """One incoming change of one field."""

    question: Question
    stamp: Stamp
    base: int
    was: str
    settling: bool

    def saw(self, stamp: Stamp) -> bool:
        """Rule 2."""
        return stamp.seen_by(self.base, self.stamp.client, self.stamp.seq)


def _merge_field(field: Field, value: Json, edit: Edit) -> Field:
    kind = edit.question.merge
    if kind == "set":
        return _merge_set(field, value, edit)
    if isinstance(field, SetRegister):
        raise Held("bad_value", reason="merge type changed")
    register = field or Register()
    if kind == "text":
        return _merge_text(register, value, edit)
    if kind == "immutable":
        return _merge_immutable(register, value, edit)
    if not edit.settling:
        register = _without_own(register, edit.stamp)
    return _merge_scalar(register, value, edit)


def _merge_scalar(register: Register, value: Json, edit: Edit) -> Register:
    if edit.saw(register.stamp):
        return msgspec.structs.replace(register, value=value, stamp=edit.stamp)
    if same(value, register.value) or any(same(value, s.value) for s in register.siblings):
        return register
    if edit.question.merge == "list" and register.value is None:
        # a removal and an unseen value: the value stands and the removal waits
        gone = Sibling(None, register.stamp)
        return Register(value, edit.stamp, (*register.siblings, gone))
    return _with_sibling(register, value, edit.stamp)


def _merge_text(register: Register, value: Json, edit: Edit) -> Register:
    shown, new = normalise(register.value), normalise(value)
    if edit.settling:
        return _merge_scalar(register, new or None, edit)
    if shown == edit.was:
        return register if new == shown else _text(register, new, edit.stamp)
    own = next(
        (s for s in register.siblings if _is_own(s, edit.stamp) and normalise(s.value) == edit.was), None
    )
    if own is not None:
        rest = tuple(s for s in register.siblings if s is not own)
        register = msgspec.structs.replace(register, siblings=rest)
        if new == shown or any(normalise(s.value) == new for s in rest):
            return register
        return _with_sibling(register, new or None, edit.stamp)
    if new == shown or any(normalise(s.value) == new for s in register.siblings):
        return register
    merged = merge_text(edit.was, shown, new)
    limit = edit.question.max_length
    if merged is None or (limit and len(merged) > limit):
        return _with_sibling(register, new or None, edit.stamp)
    return register if merged == shown else _text(register, merged, edit.stamp)


def _text(register: Register, text: str, stamp: Stamp) -> Register:
    return msgspec.structs.replace(register, value=text or None, stamp=stamp)


def _merge_immutable(register: Register, value: Json, edit: Edit) -> Register:
    if register.value is None:
        return (
            msgspec.structs.replace(register, value=value, stamp=edit.stamp)
            if value is not None
            else register
        )
    if same(value, register.value):
        return register
    raise Held("signed")


def _merge_set(field: Field, value: Json, edit: Edit) -> SetRegister:
    if edit.settling or not isinstance(value, dict) or isinstance(field, Register):
        raise Held("bad_value")
    adds = dict(field.adds) if field else {}
    for element in value.get("remove") or []:
        left = tuple(s for s in adds.get(element, ()) if not edit.saw(s))
        if left:
            adds[element] = left
        else:
            adds.pop(element, None)
    for element in value.get("add") or []:
        # a client's later add stands for its earlier one: whoever saw the later also saw the earlier
        others = tuple(s for s in adds.get(element, ()) if s.client != edit.stamp.client)
        adds[element] = (*others, edit.stamp)
    if field is not None and adds == field.adds:
        return field
    return SetRegister(adds)


def _is_own(sibling: Sibling, stamp: Stamp) -> bool:
    return sibling.stamp.client == stamp.client and sibling.stamp.seq < stamp.seq


def _filtered(register: Register, keep: Callable[[Sibling], bool]) -> Register:
    left = tuple(s for s in register.siblings if keep(s))
    if len(left) == len(register.siblings):
        return register
    return msgspec.structs.replace(register, siblings=left)


def _without_own(register: Register, stamp: Stamp) -> Register:
    """Rule 1: a client's later value takes the place of its own open sibling."""
    return _filtered(register, lambda s: not _is_own(s, stamp))


def _without(field: Field, names: list[str], path: str) -> Field:
    """Close the siblings that a settle names; a name already closed is ignored."""
    if isinstance(field, SetRegister):
        raise Held("bad_value", field=path)
    return field and _filtered(field, lambda s: s.stamp.name not in names)


def _with_sibling(register: Register, value: Json, stamp: Stamp) -> Register:
    return msgspec.structs.replace(register, siblings=(*register.siblings, Sibling(value, stamp)))


def same(a: Json, b: Json) -> bool:
    """Equality of JSON values: true is not 1, and 1 is 1.0."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b
