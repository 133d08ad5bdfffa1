"""What names a pupil, taken out of values that stay: pure, for docs and for logged ops alike."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from sync.doc import Doc, Register, SetRegister

Json = Any
BLANK = "○○"
"""What stands in a text where the name stood."""
GONE: Json = object()
PARTS = ("set", "was", "sees", "args", "meta")


class Names(NamedTuple):
    """What points at the erased: ids, wherever they stand, and words (names, numbers) within texts."""

    ids: frozenset[str]
    words: tuple[str, ...] = ()

    def in_path(self, path: str) -> bool:
        """Whether a path such as `absent/018f…` leads to one of them."""
        return path in self.ids or not self.ids.isdisjoint(path.split("/"))


def cut(value: Json, names: Names, keep_rows: bool = False) -> Json:
    """A value without them; GONE where nothing is left of it.

    A row (an object with one of the ids as a value) goes as a whole, for it is about them: who was absent,
    who was ill. With `keep_rows` it stays without the id: a bed stands when nobody sleeps in it.
    """
    if isinstance(value, str):
        return GONE if names.in_path(value) else blanked(value, names.words)
    if isinstance(value, list):
        return [left for one in value if (left := cut(one, names, keep_rows)) is not GONE]
    if isinstance(value, dict):
        about = any(isinstance(v, str) and v in names.ids for v in value.values())
        return GONE if about and not keep_rows else cut_record(value, names, keep_rows)
    return value


def cut_record(record: Mapping[str, Json], names: Names, keep_rows: bool = False) -> dict[str, Json]:
    """A mapping from paths to values without them; it is never about them as a whole."""
    found = {}
    for path, value in record.items():
        left = GONE if names.in_path(path) else cut(value, names, keep_rows)
        if left is not GONE:
            found[blanked(path, names.words)] = left
    return found


def blanked(text: str, words: Iterable[str]) -> str:
    """A text without these words."""
    for word in words:
        text = text.replace(word, BLANK)
    return text


def cut_doc(doc: Doc, names: Names, rev: int) -> Doc:
    """The doc without them, as of a new rev: phones get it in place of what they have.

    Stamps stay: what a person entered is still theirs, and merges go on as before.
    """
    beds = doc.kind == "building"
    fields: dict[str, Register | SetRegister] = {}
    for path, field in doc.fields.items():
        if names.in_path(path):
            continue
        if isinstance(field, SetRegister):
            adds = {blanked(e, names.words): s for e, s in field.adds.items() if not names.in_path(e)}
            fields[path] = SetRegister(adds)
        elif doc.kind == "held" and isinstance(field.value, dict):
            fields[path] = msgspec.structs.replace(field, value=cut_op(field.value, names))
        else:
            fields[path] = _cut_register(field, names, beds)
    return msgspec.structs.replace(
        doc, fields=fields, meta=cut_record(doc.meta, names), notes=cut_record(doc.notes, names), rev=rev
    )


def _cut_register(field: Register, names: Names, keep_rows: bool) -> Register:
    value = cut(field.value, names, keep_rows)
    siblings = tuple(
        msgspec.structs.replace(one, value=left)
        for one in field.siblings
        if (left := cut(one.value, names, keep_rows)) is not GONE
    )
    return msgspec.structs.replace(field, value=None if value is GONE else value, siblings=siblings)


def cut_op(body: Mapping[str, Json], names: Names) -> dict[str, Json]:
    """An op as parsed JSON without them. Which doc it is for stays, with seq, base and time."""
    beds = body.get("kind") == "building"
    found = dict(body)
    for part in PARTS:
        if isinstance(found.get(part), dict):
            found[part] = cut_record(found[part], names, beds)
    return found


def subjects(doc: Mapping[str, Json]) -> set[str]:
    """The pupils that an op or a doc is about, from its `meta` and its `set` or `fields`."""
    meta, values = doc.get("meta"), doc.get("set") or doc.get("fields")
    named: list[Json] = [meta.get("students")] if isinstance(meta, dict) else []
    if isinstance(values, dict):
        named += [values.get("students"), values.get("student")]
    found: set[str] = set()
    for one in named:
        many = one.get("add") if isinstance(one, dict) else one
        found |= {i for i in (many if isinstance(many, list) else [many]) if isinstance(i, str)}
    return found
