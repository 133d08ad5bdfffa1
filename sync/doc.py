"""Docs and their fields. A field is a register of its own; a doc never changes in place.

All structs are frozen: `merge` makes new ones and shares what did not change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

Json = Any


class Stamp(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who set a value and with which op. `at` is the phone's clock: information, never used to merge."""

    rev: int
    client: str
    seq: int
    by: str = ""
    at: str | None = None
    since: int = 0  # not 0: the client's ops before this seq may be those of a copy of its phone

    @property
    def name(self) -> str:
        """The name under which a sibling is known on the wire."""
        return f"{self.client}:{self.seq}"

    def is_of(self, other: Stamp) -> bool:
        """Whether that one is the same phone's op, as far as the server can know."""
        return self.client == other.client and self.since <= other.seq

    def follows(self, other: Stamp) -> bool:
        """Whether this op was made after that one on the same phone."""
        return self.is_of(other) and other.seq < self.seq

    def saw(self, other: Stamp, base: int) -> bool:
        """Rule 2: whether whoever made this op from `base` had that one's value in sight."""
        return other.rev <= base or self.follows(other)


class Sibling(msgspec.Struct, frozen=True):
    """A value entered without sight of the one now shown; it waits for a person."""

    value: Json
    stamp: Stamp


NEVER = Stamp(0, "", 0)


class Register(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="t", tag="r"):
    """A scalar, text, list item, matrix cell or immutable: one shown value and its open siblings."""

    value: Json = None
    stamp: Stamp = NEVER
    siblings: tuple[Sibling, ...] = ()
    woven: bool = False  # a text merged from several hands: more than the client of its stamp has seen


class SetRegister(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="t", tag="s"):
    """A set: each element with the adds that hold it up."""

    adds: dict[str, tuple[Stamp, ...]] = {}


class Doc(msgspec.Struct, frozen=True, omit_defaults=True):
    """One synced thing. `fields` by path: `carer`, `score/floor`, `samples/018f…`."""

    kind: str
    id: str
    rev: int
    form: str
    form_version: int
    state: str | None = None
    fields: dict[str, Register | SetRegister] = {}
    meta: dict[str, Json] = {}
    notes: dict[str, Json] = {}
    author: str | None = None
    created_at: str | None = None
    event: Stamp = NEVER  # the latest event, so that it counts as a change its successors may not have seen

    def values(self) -> dict[str, Json]:
        """The shown values by path, absent where null; a set is a sorted list."""
        return {path: value for path, value in map(_shown, self.fields.items()) if value not in (None, [])}

    def some(self, *paths: str) -> dict[str, Json]:
        """The shown values of these paths alone, as in `values`."""
        found = {path: _shown((path, reg))[1] for path in paths if (reg := self.fields.get(path)) is not None}
        return {path: value for path, value in found.items() if value not in (None, [])}

    def is_disputed(self) -> bool:
        """Whether a sibling is open."""
        return any(isinstance(reg, Register) and reg.siblings for reg in self.fields.values())

    def siblings(self) -> dict[str, list[dict[str, Json]]]:
        """The open siblings by path, as on the wire."""
        return {
            path: [wire_sibling(s) for s in reg.siblings]
            for path, reg in self.fields.items()
            if isinstance(reg, Register) and reg.siblings
        }

    def stamps(self) -> dict[str, Stamp]:
        """Who set each shown value, by path; for a set its latest add."""
        return {path: stamp for path, reg in self.fields.items() if (stamp := _latest(reg)) is not NEVER}


def _shown(item: tuple[str, Register | SetRegister]) -> tuple[str, Json]:
    path, reg = item
    return path, sorted(reg.adds) if isinstance(reg, SetRegister) else reg.value


def _latest(reg: Register | SetRegister) -> Stamp:
    if isinstance(reg, Register):
        return reg.stamp
    stamps: Iterable[Stamp] = (s for held in reg.adds.values() for s in held)
    return max(stamps, key=lambda s: (s.rev, s.seq), default=NEVER)


def wire_sibling(sibling: Sibling) -> dict[str, Json]:
    """A sibling as it travels."""
    stamp = sibling.stamp
    return {"sibling": stamp.name, "value": sibling.value, "by": stamp.by, "at": stamp.at}


def wire(doc: Doc) -> dict[str, Json]:
    """The whole doc as it travels (DOC in PROTOCOL.md), unfiltered."""
    body: dict[str, Json] = {
        "kind": doc.kind,
        "id": doc.id,
        "rev": doc.rev,
        "form": doc.form,
        "form_version": doc.form_version,
        "fields": doc.values(),
        "siblings": doc.siblings(),
        "meta": {**doc.meta, "author": doc.author} if doc.author else dict(doc.meta),
    }
    if doc.state is not None:
        body["state"] = doc.state
    if doc.notes:
        body["notes"] = doc.notes
    return body


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Doc).decode
