"""A doc as one person may see it: the views of their tags decide which fields are shown."""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from server.access import VIEW_FIELDS, Principal, shows
from sync.doc import Doc, decode, wire
from sync.forms import Form, Forms
from sync.protocol import encode

Json = Any
EVERYTHING = {"all"}


class VisibleDoc(msgspec.Struct):
    """What one person may see of a doc: `fields` path → value, `stamps` path → {"by", "at"}."""

    kind: str
    id: str
    rev: int
    form: str
    form_version: int
    state: str | None
    fields: dict[str, Json]
    siblings: dict[str, list[dict[str, Json]]]
    meta: dict[str, Json]
    notes: dict[str, Json]
    author: str | None
    stamps: dict[str, dict[str, Json]]
    created_at: str | None

    def wire(self) -> dict[str, Json]:
        """The doc as it travels."""
        keys = ("kind", "id", "rev", "form", "form_version", "state", "fields", "siblings", "notes")
        body = {k: v for k in keys if (v := getattr(self, k)) is not None}
        body["meta"] = {**self.meta, "author": self.author} if self.author else self.meta
        disputed = {path: self.stamps[path] for path in self.siblings if path in self.stamps}
        if disputed:  # whoever decides is told of both values who entered them, and when
            body["notes"] = {**self.notes, "shown": disputed}
        if not body["notes"]:
            body.pop("notes")
        return body


def visible(doc: Doc, views: set[str], forms: Forms) -> VisibleDoc:
    """The doc with what these views show of it."""
    form = forms.get(doc.form, doc.form_version)
    sees = seer(form, views)
    paths = {p for p in doc.fields if sees(p)}
    whole = wire(doc)
    fields = {p: v for p, v in whole["fields"].items() if p in paths}
    if doc.kind == "held" and "all" not in views:
        fields = _without_sealed(fields, forms)
    return VisibleDoc(
        kind=doc.kind,
        id=doc.id,
        rev=doc.rev,
        form=doc.form,
        form_version=doc.form_version,
        state=doc.state,
        fields=fields,
        siblings={p: s for p, s in whole["siblings"].items() if p in paths},
        meta=doc.meta if not views <= VIEW_FIELDS.keys() else {},
        notes=_notes(doc.notes, sees),
        author=doc.author,
        stamps={p: {"by": s.by, "at": s.at} for p, s in doc.stamps().items() if p in paths},
        created_at=doc.created_at,
    )


class _Shown(msgspec.Struct, frozen=True, gc=False):
    """A register of either sort in `sync.doc`, without what no reader is shown; `adds` has only a set."""

    value: Json = None
    siblings: tuple[msgspec.Raw, ...] = ()
    adds: dict[str, msgspec.Raw] | None = None


class _Plain(msgspec.Struct, frozen=True, gc=False):
    """A `sync.doc.Doc` likewise: to make no stamps is most of what a long pull saves."""

    kind: str
    id: str
    rev: int
    form: str
    form_version: int
    state: str | msgspec.UnsetType = msgspec.UNSET
    fields: dict[str, _Shown] = {}
    meta: dict[str, Json] = {}
    notes: dict[str, msgspec.Raw] = {}
    author: str | None = None


class _Wire(msgspec.Struct, gc=False):
    """A doc as it travels, nothing of it open or noted."""

    kind: str
    id: str
    rev: int
    form: str
    form_version: int
    state: str | msgspec.UnsetType
    fields: dict[str, Json]
    siblings: dict[str, Json]
    meta: dict[str, Json]


_plain = msgspec.json.Decoder(_Plain).decode


class Sight:
    """Many docs as they travel to one person; what is found out about a form is kept for the next."""

    def __init__(self, forms: Forms) -> None:
        self._forms = forms
        self._seers: dict[tuple[str, int, frozenset[str]], Callable[[str], bool]] = {}

    def wire(self, body: bytes, views: set[str]) -> bytes:
        """What `visible(doc, views, forms).wire()` is, of a stored doc, encoded; by a shorter way where
        nothing is open or noted."""
        doc = _plain(body)
        if doc.kind == "held" or doc.notes:
            return self._whole(body, views)
        sees, fields = self._seer(doc, frozenset(views)), {}
        for path, reg in doc.fields.items():
            if reg.siblings:
                return self._whole(body, views)
            value = reg.value if reg.adds is None else sorted(reg.adds)
            if value is not None and value != [] and sees(path):
                fields[path] = value
        meta = {} if views <= VIEW_FIELDS.keys() else doc.meta
        if doc.author:
            meta = {**meta, "author": doc.author}
        head = (doc.kind, doc.id, doc.rev, doc.form, doc.form_version, doc.state)
        return encode(_Wire(*head, fields, {}, meta))

    def _whole(self, body: bytes, views: set[str]) -> bytes:
        return encode(visible(decode(body), views, self._forms).wire())

    def _seer(self, doc: _Plain, views: frozenset[str]) -> Callable[[str], bool]:
        key = (doc.form, doc.form_version, views)
        if key not in self._seers:
            form = self._forms.get(doc.form, doc.form_version)
            self._seers[key] = (lambda _path: True) if "all" in views else cache(seer(form, {*views}))
        return self._seers[key]


def seer(form: Form | None, views: set[str]) -> Callable[[str], bool]:
    """Whether these views show the field at a path of such a form."""
    return lambda path: any(_shows(view, form, path) for view in views)


def _shows(view: str, form: Form | None, path: str) -> bool:
    if view == "all" or view in VIEW_FIELDS:
        return shows(view, None, path)
    if view == "review" and form is not None and form.kind == "held":
        return True
    return form is not None and shows(view, form.question_for(path), path)


def _notes(notes: dict[str, Json], shown: Callable[[str], bool]) -> dict[str, Json]:
    """The server's notes; an amendment shows only what it changes among fields that are shown."""
    if "amendments" not in notes:
        return notes
    seen = [{**a, "set": {p: v for p, v in a["set"].items() if shown(p)}} for a in notes["amendments"]]
    return {**notes, "amendments": seen}


def _without_sealed(fields: dict[str, Json], forms: Forms) -> dict[str, Json]:
    """A held op as the office may read it: without what is sealed for the circle of its form."""
    op = fields.get("op")
    if not isinstance(op, dict):
        return fields
    form = forms.get(op.get("form"), op.get("form_version"))
    if form is None:
        return {k: v for k, v in fields.items() if k != "op"}
    plain = {k: v for k, v in op.items() if k not in ("set", "was")}
    for part in ("set", "was"):
        if isinstance(op.get(part), dict):
            plain[part] = {p: v for p, v in op[part].items() if not _is_sealed(form, p)}
    return {**fields, "op": plain}


def _is_sealed(form: Form, path: str) -> bool:
    """Whether the office may not read this; a field that the form does not know is sealed by nobody."""
    question = form.question_for(path)
    return question is not None and not shows("review", question, path)


def server_views(who: Principal) -> set[str] | None:
    """The views of the server's own hand, which sees everything; None for people."""
    return EVERYTHING if who.is_server else None
