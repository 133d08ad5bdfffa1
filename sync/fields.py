"""How one field takes one incoming value: the rules of PROTOCOL.md, by merge type."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import msgspec

from sync.doc import Register, SetRegister, Sibling, Stamp
from sync.outcome import Held
from sync.text import merge_text, normalise

Json = Any
Field = Register | SetRegister | None
EMPTY = Register()


class Question(Protocol):
    """The part of a form's question that merging needs."""

    @property
    def merge(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def max_length(self) -> int | None: ...


class Edit(NamedTuple):
    """One incoming change of one field."""

    question: Question
    stamp: Stamp
    base: int
    was: str
    settling: bool

    def saw(self, stamp: Stamp) -> bool:
        """Rule 2."""
        return self.stamp.saw(stamp, self.base)

    def saw_shown(self, register: Register) -> bool:
        """Rule 2 for what is shown. A text woven from several hands is nobody's own: its rev decides."""
        return register.stamp.rev <= self.base if register.woven else self.saw(register.stamp)


def merge_field(field: Field, value: Json, edit: Edit) -> Field:
    """The field after one value. Raises Held `bad_value` or `signed`."""
    kind = edit.question.merge
    if kind == "set":
        return _merge_set(field, value, edit)
    if isinstance(field, SetRegister):
        raise Held("bad_value", reason="merge type changed")
    register = field or EMPTY
    if kind == "text":
        return _merge_text(register, value, edit)
    if kind == "immutable":
        return _merge_immutable(register, value, edit)
    if not edit.settling:
        register = _without_own(register, edit.stamp)
    return _merge_scalar(register, value, edit)


def _merge_scalar(register: Register, value: Json, edit: Edit) -> Register:
    if edit.saw_shown(register):
        return Register(value, edit.stamp, register.siblings)
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
        (s for s in register.siblings if edit.stamp.follows(s.stamp) and normalise(s.value) == edit.was), None
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
    return register if merged == shown else _text(register, merged, edit.stamp, woven=True)


def _text(register: Register, text: str, stamp: Stamp, woven: bool = False) -> Register:
    return Register(text or None, stamp, register.siblings, woven)


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
        others = (s for s in adds.get(element, ()) if s != edit.stamp and not edit.stamp.follows(s))
        adds[element] = (*others, edit.stamp)
    if field is not None and adds == field.adds:
        return field
    return SetRegister(adds)


def _filtered(register: Register, keep: Callable[[Sibling], bool]) -> Register:
    if not register.siblings:
        return register
    left = tuple(s for s in register.siblings if keep(s))
    if len(left) == len(register.siblings):
        return register
    return msgspec.structs.replace(register, siblings=left)


def _without_own(register: Register, stamp: Stamp) -> Register:
    """Rule 1: a client's later value takes the place of its own open sibling."""
    return register if not register.siblings else _filtered(register, lambda s: not stamp.follows(s.stamp))


def without(field: Field, names: list[str], path: str, edit: Edit | None) -> Field:
    """Close the siblings that a settle names; a name already closed is ignored.

    With `edit` only those in its sight: after a restore another op may have the name.
    """
    if isinstance(field, SetRegister):
        raise Held("bad_value", field=path)
    return field and _filtered(
        field, lambda s: s.stamp.name not in names or (edit is not None and not edit.saw(s.stamp))
    )


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
