"""Which records the office wants to see: the filter of the page `/office/`, kept in its address."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

import msgspec

PAGE = 30
STATES = ("submitted", "returned", "approved", "")
"""The tabs of the page, in their order; the empty one is all records."""


class Filter(msgspec.Struct, frozen=True):
    """What is asked for; empty means any. `since` and `until` are ISO dates of when a visit took place."""

    state: str = "submitted"
    form: str = ""
    class_: str = ""
    person: str = ""
    student: str = ""
    since: str = ""
    until: str = ""
    page: int = 1

    @property
    def offset(self) -> int:
        """How many records come before the page."""
        return (self.page - 1) * PAGE

    def arguments(self) -> dict[str, Any]:
        """The filter as the read API takes it."""
        named = {
            "form": self.form,
            "state": self.state,
            "class_": self.class_,
            "author": self.person,
            "ref": self.student,
            "since": self.since,
            "until": self.until,
        }
        return {"kind": "visit", **{name: value for name, value in named.items() if value}}

    def query(self, **changes: str | int) -> str:
        """The filter as a query string with a leading `?`, after `changes`; "" where nothing differs."""
        wanted = msgspec.structs.replace(self, **changes)
        pairs = [
            (name, value)
            for name, value, usual in (
                ("state", wanted.state or "all", "submitted"),
                ("form", wanted.form, ""),
                ("class", wanted.class_, ""),
                ("person", wanted.person, ""),
                ("student", wanted.student, ""),
                ("since", wanted.since, ""),
                ("until", wanted.until, ""),
                ("page", str(wanted.page), "1"),
            )
            if value != usual
        ]
        return "?" + urlencode(pairs) if pairs else ""


def read_filter(query: Any) -> Filter:
    """The filter that an address carries. What can't be read counts as not given: an old link still opens."""
    state = query.get("state", "submitted")
    state = "" if state == "all" else state
    return Filter(
        state=state if state in STATES else "submitted",
        form=query.get("form", "")[:80],
        class_=query.get("class", "")[:40],
        person=query.get("person", "")[:80],
        student=query.get("student", "")[:80],
        since=_date(query.get("since", "")),
        until=_date(query.get("until", "")),
        page=read_page(query.get("page", "")),
    )


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def read_page(text: str) -> int:
    """The number of a page; 1 for what is none."""
    return min(max(int(text), 1), 100_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1
