"""What a signature made online vouches for: the answers that were shown, with hashes (pwa/signing.ts)."""

from __future__ import annotations

from typing import Any

import msgspec

from sync.events import cover
from sync.forms import Form
from sync.posted import Change


def signed(form: Form, values: dict[str, Any], changes: list[Change], now: str) -> list[Change]:
    """The changes; each new signature among them says what it covers and when it was made."""
    if not any(_is_signature(form, change) for change in changes):
        return changes
    plain = {c.path: c.value for c in changes if not (isinstance(c.value, dict) and "add" in c.value)}
    covers = {path: cover(value) for path, value in covered(form, {**values, **plain})}
    return [
        msgspec.structs.replace(change, value={**change.value, "covers": covers, "at": now})
        if _is_signature(form, change)
        else change
        for change in changes
    ]


def covered(form: Form, values: dict[str, Any]) -> list[tuple[str, Any]]:
    """Answers that whoever signs was shown: never what only the visitors see, never the sealed question."""
    found = []
    for path, value in values.items():
        question = form.question_for(path)
        if question is None or value is None or question.auto or question.sealed or question.sees == "T":
            continue
        if question.type not in ("sign", "photos"):
            found.append((path, value))
    return found


def _is_signature(form: Form, change: Change) -> bool:
    question = form.question_for(change.path)
    return question is not None and question.type == "sign" and change.value is not None
