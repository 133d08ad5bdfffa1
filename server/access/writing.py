"""Who may begin a doc, change it, settle it and lead it on."""

from typing import Any

from server.access.roles import Principal
from sync.doc import Doc

REVIEWS = {"return", "approve", "archive", "void"}
WRITERS = {  # kind → what a role must have to create or edit it; visits ask by form, see below
    "person": "office.people",
    "student": "write.roster",
    "building": "write.roster",
    "household": "write.household",
    "meal": "write.meal",
    "leave": "write.leave",
    "problem": "write.problem",
    "duty": "write.duty",
}


def may_create(who: Principal, kind: str, form: str, seen: set[str], meta: dict[str, Any]) -> bool:
    """Whether this person may begin such a doc. `meta`: what it is about, with the `student` of a leave;
    `seen`: which of the docs named there they see or ever saw (a visit of a pupil who has since moved is
    still theirs to deliver)."""
    if who.is_server:
        return True
    if kind == "problem" and not _ids(meta.get("students")) <= seen:
        return False
    if kind == "leave" and not seen & _ids(meta.get("student")):
        return False
    if kind != "visit":
        return kind in WRITERS and who.may(WRITERS[kind])
    if not who.may(f"write.{form}"):
        return False
    if form == "home_visit":
        return bool(seen & (_ids(meta.get("students")) | _ids(meta.get("household"))))
    if form == "night_round":
        return bool(seen & _ids(meta.get("building")))
    return bool(seen & _ids(meta.get("meal")))


def _ids(value: Any) -> set[str]:
    values = value if isinstance(value, list) else [value]
    return {v for v in values if isinstance(v, str)}


def may_edit(who: Principal, doc: Doc) -> bool:
    """Whether this person may change the doc's fields, given that they see it."""
    if who.is_server:
        return True
    if doc.kind in ("visit", "plan"):
        return bool(who.roles) and who.user in {doc.author, *doc.values().get("visitors", ())}
    if doc.kind == "problem":
        own = who.user in {doc.author, doc.values().get("owner")}
        return (own and who.may("write.problem")) or who.may("office.review")
    return doc.kind in WRITERS and who.may(WRITERS[doc.kind])


def may_grant(who: Principal, person: str) -> bool:
    """Whether this person may change somebody's roles: nobody their own, and of people only the principal."""
    return who.is_server or (who.may("people.roles") and who.user != person)


def may_settle(who: Principal, doc: Doc) -> bool:
    """Whoever may edit the doc, and its reviewers."""
    return may_edit(who, doc) or who.may("office.settle")


def may_raise(who: Principal, doc: Doc, event: str) -> bool:
    """Whether this person may lead the doc on by this event."""
    if who.is_server:
        return True
    if doc.kind == "visit":
        return who.may("office.review") if event in REVIEWS else may_edit(who, doc)
    if doc.kind == "duty":
        own = doc.values().get("assignee") == who.user and bool(who.roles)
        return event in ("postpone", "exempt") and (own or who.may("office.duties"))
    if doc.kind == "held":
        return event in ("release", "close") and who.may("office.review")
    return who.may("office.review") or may_edit(who, doc)
